package templates

// Live is what was counted in the hour at hand and in the one before it, of people.
// It is also what the live view is sent.
type Live struct {
	Since  string   `json:"since"` // local time at which the hour began: "14:00"
	At     string   `json:"at"`    // and at which this was read: "14:23:05"
	Hour   LiveHour `json:"hour"`
	Before LiveHour `json:"before"`
}

// LiveHour is one hour's figures.
type LiveHour struct {
	Shown    int64 `json:"shown"`
	Accepted int64 `json:"accepted"`
	Chosen   int64 `json:"chosen"`
	Rejected int64 `json:"rejected"`
	Events   int64 `json:"decisions"` // of every kind
}

// LiveOf is a tally as the live view has it.
func LiveOf(t Tally) LiveHour {
	return LiveHour{Shown: t.Shown, Accepted: t.Accepted, Chosen: t.Chosen, Rejected: t.Rejected, Events: t.Events}
}

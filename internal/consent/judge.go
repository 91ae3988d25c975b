package consent

// Remembered is what a visitor's cookies say about one category.
type Remembered string

const (
	NoAnswer   Remembered = "none"
	IsGranted  Remembered = "granted"
	IsDenied   Remembered = "refused"
	WasGranted Remembered = "granted, then the notice changed"
	WasDenied  Remembered = "refused, then the notice changed"
)

// Case is all that decides about one category.
type Case struct {
	Child    bool // the site is for children
	Regime   Regime
	Exempt   bool // measurement that needs no consent where the visitor is
	CoolDown bool // the law forbids asking again while a refusal is remembered
	Signal   bool // an honoured signal: Global Privacy Control or Do Not Track
	Answer   Remembered
	Despite  bool // the answer was given, or taken back, with the signal in view
	Yields   bool // it gives way to a signal whatever is answered; see Policy.Yields
}

// Show is what a visitor sees who has done nothing on this page.
type Show string

const (
	ShowNothing  Show = "nothing"
	ShowBanner   Show = "the banner"
	ShowSettings Show = "the settings control"
	ShowChoices  Show = "the link Your privacy choices"
)

// Judgement is what follows from a Case.
type Judgement struct {
	Status   Status
	Ask      bool
	Show     Show
	Honoured bool // it is said that the signal was honoured
}

// Judge is the one table of what holds: regime, signal, stored answer, cool-down
// and whether the site is for children. A signal is never a grant, and a refusal
// outlives a change of the notice.
func Judge(c Case) Judgement {
	if c.Child {
		return Judgement{Status: Denied, Show: ShowNothing}
	}
	j := Judgement{Status: Denied, Show: ShowSettings, Honoured: c.Signal}
	if c.Regime == OptOut {
		j.Show = ShowChoices
	}
	open := c.Regime == OptIn && !c.Exempt // nothing holds here until it is answered
	switch c.Answer {
	case IsDenied:
	case IsGranted:
		j.Status = statusOf(!c.Signal || c.Despite && !c.Yields)
	case WasDenied:
		j.Ask = open && !c.CoolDown
	default: // nobody has answered what is asked today
		j.Ask = open
		j.Status = statusOf(!open && !c.Signal)
	}
	if j.Ask {
		j.Show = ShowBanner
	}
	return j
}

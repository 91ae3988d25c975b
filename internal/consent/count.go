package consent

import (
	"strings"
	"time"
)

// CountKey names a counter: what is counted and its dimensions, as
// name;dimension=value;…. Values are ids and enumerated words, never free text.
func CountKey(name string, dimensions ...string) string {
	var b strings.Builder
	b.WriteString(name)
	for i := 0; i+1 < len(dimensions); i += 2 {
		b.WriteString(";" + dimensions[i] + "=" + dimensions[i+1])
	}
	return b.String()
}

// ParseCountKey is the reverse of CountKey.
func ParseCountKey(key string) (name string, dimensions map[string]string) {
	parts := strings.Split(key, ";")
	dimensions = make(map[string]string, len(parts)-1)
	for _, part := range parts[1:] {
		k, v, _ := strings.Cut(part, "=")
		dimensions[k] = v
	}
	return parts[0], dimensions
}

// Impression is one banner shown, as far as it is counted.
type Impression struct {
	Locale, Layout string
	Regime         Regime
	Form           string // of the UAClass
	Again          bool   // asked again after a change or expiry
	Automated      bool
}

// Counts returns the counter that an impression adds to.
func (i Impression) Counts(now time.Time) []Count {
	kind := "new"
	if i.Again {
		kind = "again"
	}
	key := CountKey(ShownCount, "auto", yesNo(i.Automated), "locale", i.Locale, "layout", i.Layout,
		"regime", string(i.Regime), "device", i.Form, "kind", kind)
	return []Count{{Hour: hour(now), Key: key, N: 1}}
}

// Outcomes by which decisions are counted. An automated decision counts apart.
const (
	Accepted     = "accepted"  // everything
	Rejected     = "rejected"  // nothing
	Chosen       = "chosen"    // some
	TookBack     = "withdrawn" // something that was permitted before
	Reconfirmed  = "renewed"
	LoadedOnce   = "once"
	DecidedCount = "decided"
	StatusCount  = "status"
	ShownCount   = "shown"
)

// Counts returns the counters that the record adds to: one for its outcome, and
// one for the status of each optional category that was answered. A decision
// about one service answers none, and says again what was counted before.
func (r *Record) Counts() []Count {
	at, auto := hour(r.Time.Time), r.Automated
	list := []Count{{Hour: at, N: 1, Key: CountKey(DecidedCount, "auto", auto, "outcome", r.Outcome(),
		"surface", r.Action.Surface, "locale", r.Notice.Locale, "device", r.UAClass.Form)}}
	if forOne(r.Action.Control) {
		return list
	}
	for _, d := range r.Decisions {
		if d.Category != Necessary && d.Service == "" && d.Scope == Keep {
			list = append(list, Count{Hour: at, N: 1, Key: CountKey(StatusCount, "auto", auto, "category", d.Category, "status", string(d.Status))})
		}
	}
	return list
}

// Outcome sorts the record's event for the rates.
func (r *Record) Outcome() string {
	switch {
	case r.Action.Control == "load-once":
		return LoadedOnce
	case r.Event == Given:
		return Accepted
	case r.Event == Refused:
		return Rejected
	case r.Event == Withdrawn:
		return TookBack
	case r.Event == Renewed:
		return Reconfirmed
	}
	return Chosen
}

func hour(t time.Time) time.Time { return t.UTC().Truncate(time.Hour) }

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

package consent

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrInvalid is a decision that does not fit the notice it claims to answer.
var ErrInvalid = errors.New("the decision does not fit the notice")

// ErrSuperseded is a decision on a notice that was replaced longer ago than the
// grace: the visitor has to be asked again.
var ErrSuperseded = errors.New("the notice has changed since it was shown")

// Decision is what a client sends: ids only, every one checked against the
// notice. There is no field for free text.
type Decision struct {
	ID         ID                `json:"id"`        // minted by the client, the idempotency key
	Rendering  string            `json:"rendering"` // of the notice that was shown
	Locale     string            `json:"locale"`
	Layout     string            `json:"layout"`
	Surface    string            `json:"surface"`
	Control    string            `json:"control"`
	Layer      int               `json:"layer"` // 1 or 2
	Scope      Scope             `json:"scope"`
	Categories map[string]Status `json:"categories"` // every optional category, save for one service; for a signal those with an answer
	Services   map[string]Status `json:"services,omitempty"`
	GPC        bool              `json:"gpc,omitempty"`       // as navigator.globalPrivacyControl says
	DNT        bool              `json:"dnt,omitempty"`       // as navigator.doNotTrack says, from gates that heed it
	WebDriver  bool              `json:"webdriver,omitempty"` // navigator.webdriver
	Untrusted  bool              `json:"untrusted,omitempty"` // the click came from a script
	AfterMS    *int              `json:"after_ms,omitempty"`  // from shown to clicked, nil when not known
	Sealed     string            `json:"sealed,omitempty"`    // mode C only: the sealed value, which no cookie carries
	Ruling     string            `json:"ruling,omitempty"`    // that the visitor's gate was made for; empty for the one that presumes nothing
}

// Validate checks d against the notice f that it names. Every problem wraps
// ErrInvalid and names ids only, never what the client sent.
func (d *Decision) Validate(f *Frame) error {
	switch {
	case d.ID == ID{}:
		return invalid("id is missing")
	case d.Scope != Keep && d.Scope != Once:
		return invalid("scope must be keep or once")
	case d.Layer != 1 && d.Layer != 2:
		return invalid("layer must be 1 or 2")
	case d.AfterMS != nil && (*d.AfterMS < 0 || *d.AfterMS > 1<<31-1):
		return invalid("after_ms is out of range")
	case !slices.Contains(f.Locales, d.Locale):
		return invalid("locale is not one of the notice")
	case !slices.Contains(layouts[:], d.Layout):
		return invalid("layout is unknown")
	case !slices.Contains(surfaces[:], d.Surface) || ours(d.Surface):
		return invalid("surface is unknown")
	case !slices.Contains(controls[:], d.Control) || ours(d.Control):
		return invalid("control is unknown")
	case (d.Surface == "signal") != (d.Control == "signal"):
		return invalid("a signal has no surface but its own")
	case d.Ruling != "" && !isRulingID(d.Ruling):
		return invalid("ruling is the name of none")
	}
	if err := d.validateCategories(f); err != nil {
		return err
	}
	if err := d.validateServices(f); err != nil {
		return err
	}
	return d.validateControl(f)
}

// ours reports whether a surface or control stands in records that the server
// makes and no client's decision.
func ours(word string) bool {
	return word == "receipt" || word == "object" || word == "correct"
}

// isRulingID reports whether a word looks like what Ruling.ID returns.
func isRulingID(word string) bool {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return len(word) == 8 && strings.Trim(word, digits) == ""
}

func invalid(what string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(what, args...))
}

// forOne reports whether a control concerns a single service, so that the other
// categories stay as they were.
func forOne(control string) bool { return control == "allow-service" || control == "load-once" }

func (d *Decision) validateCategories(f *Frame) error {
	for id, status := range d.Categories {
		switch i := f.category(id); {
		case i < 0:
			return invalid("a category is unknown")
		case i == 0 && status != Granted:
			return invalid("%s cannot be denied", Necessary)
		case status != Granted && status != Denied:
			return invalid("the status of %s must be granted or denied", f.Categories[i].ID)
		}
	}
	if forOne(d.Control) || d.Control == "signal" {
		return nil
	}
	for _, c := range f.Optional() {
		if _, ok := d.Categories[c.ID]; !ok {
			return invalid("%s is not decided", c.ID)
		}
	}
	return nil
}

func (d *Decision) validateServices(f *Frame) error {
	for id, status := range d.Services {
		switch i := f.home(id); {
		case i < 0:
			return invalid("a service is unknown")
		case i == 0 && status != Granted:
			return invalid("%s belongs to %s and cannot be denied", id, Necessary)
		case status != Granted && status != Denied:
			return invalid("the status of %s must be granted or denied", id)
		}
	}
	return nil
}

// validateControl holds the words on the button against what was sent, so that
// no record can say "rejected all" over a grant.
func (d *Decision) validateControl(f *Frame) error {
	grants, denials := d.tally(f)
	switch d.Control {
	case "accept-all":
		if denials > 0 {
			return invalid("accept-all denies something")
		}
	case "reject-all", "withdraw", "signal":
		if grants > 0 {
			return invalid("%s grants something", d.Control)
		}
	case "allow-service", "load-once":
		if len(d.Categories) > 0 || len(d.Services) != 1 || grants != 1 {
			return invalid("%s grants exactly one service", d.Control)
		}
	}
	if (d.Scope == Once) != (d.Control == "load-once") {
		return invalid("scope once belongs to load-once")
	}
	return nil
}

// tally counts what is granted and denied; what is necessary says nothing.
func (d *Decision) tally(f *Frame) (grants, denials int) {
	count := func(home int, s Status) {
		switch {
		case home == 0:
		case s == Granted:
			grants++
		default:
			denials++
		}
	}
	for id, s := range d.Categories {
		count(f.category(id), s)
	}
	for id, s := range d.Services {
		count(f.home(id), s)
	}
	return grants, denials
}

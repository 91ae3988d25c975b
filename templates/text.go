package templates

import (
	"strconv"
	"strings"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// fill puts values into a sentence of consent.Texts: pairs of a place, such as
// {date}, and what stands there.
func fill(text string, pairs ...string) string { return strings.NewReplacer(pairs...).Replace(text) }

func machineTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// seenKind says in words what a sighting is of.
func seenKind(kind string) string {
	switch kind {
	case consent.SeenHost:
		return "address that pages contact"
	case consent.SeenCookie:
		return "cookie"
	}
	return "script storage"
}

// short is enough of a digest to compare by eye.
func short(digest string) string {
	if len(digest) <= 12 {
		return digest
	}
	return digest[:12] + "…"
}

// grouped writes a whole number with thousands separated, in English.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// title returns a category's title in the page's language, its id when the
// texts do not know it any more.
func title(t consent.Texts, category string) string {
	if w, ok := t.Categories[category]; ok && w.Title != "" {
		return w.Title
	}
	return category
}

// serviceName returns a service's name, its id when the policy has dropped it.
func serviceName(p *consent.Policy, id string) string {
	for _, c := range p.Categories {
		for _, s := range c.Services {
			if s.ID == id && s.Name != "" {
				return s.Name
			}
		}
	}
	return id
}

// eventWord is what a visitor reads for an event.
func eventWord(t consent.Texts, e consent.Event) string {
	switch e {
	case consent.Given:
		return t.EventGiven
	case consent.Refused:
		return t.EventRefused
	case consent.Partial:
		return t.EventPartial
	case consent.Withdrawn:
		return t.EventWithdrawn
	case consent.Renewed:
		return t.EventRenewed
	case consent.Signal:
		return t.EventSignal
	case consent.Objected:
		return t.EventObjected
	case consent.Corrected:
		return t.EventCorrected
	case consent.Imported:
		return t.EventImported
	}
	return t.EventErased
}

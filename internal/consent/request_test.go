package consent

import (
	"errors"
	"testing"
	"time"
)

func TestARequestHoldsFixedWordsOnly(t *testing.T) {
	for _, c := range []struct {
		kind, reason string
		ok           bool
	}{
		{Objection, "", true}, {Correction, "not-me", true}, {Correction, "not-chosen", true},
		{Correction, "", false}, {Objection, "not-me", false}, {Correction, "I am Jane Doe", false}, {"access", "", false},
	} {
		if _, err := (VisitorRequest{Site: "shop", Kind: c.kind, Reason: c.reason}).Artefact(); (err == nil) != c.ok || err != nil && !errors.Is(err, ErrRequest) {
			t.Errorf("%s because %q: %v", c.kind, c.reason, err)
		}
	}
	for answer, ok := range map[Settlement]bool{
		{Done: true}: true, {Reason: "law"}: true, {Reason: "record-right"}: true,
		{}: false, {Done: true, Reason: "law"}: false, {Reason: "we do not want to"}: false,
	} {
		if _, err := answer.Artefact(); (err == nil) != ok {
			t.Errorf("answer %+v: %v", answer, err)
		}
	}
	if _, err := (VisitorRequest{Kind: Objection, Entry: -1}).Artefact(); err == nil {
		t.Error("a request about a record that has no place in the log was taken")
	}
}

// A month is counted from the day of the request; what was answered does not count.
func TestABacklogCountsWhatWaits(t *testing.T) {
	at := time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC)
	ask := func(days int, settled *Settlement) Asked {
		return Asked{VisitorRequest: VisitorRequest{At: At(at.AddDate(0, 0, days))}, Settled: settled}
	}
	list := []Asked{ask(0, &Settlement{Done: true}), ask(1, nil), ask(2, nil)}
	due := at.AddDate(0, 0, 31)
	for now, overdue := range map[time.Time]int{due: 0, due.Add(time.Millisecond): 1, due.AddDate(0, 0, 2): 2} {
		if got := BacklogOf("shop", list, now); got != (Backlog{Site: "shop", Waiting: 2, Overdue: overdue, Due: due}) {
			t.Errorf("at %v: %+v", now, got)
		}
	}
	if got := BacklogOf("shop", list[:1], due); got != (Backlog{Site: "shop"}) {
		t.Errorf("of nothing that waits: %+v", got)
	}
}

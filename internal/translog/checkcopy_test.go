package translog

import (
	"bytes"
	"strings"
	"testing"
)

// A store without its checkpoint, or with that of the log before, differs from every
// copy of what was signed; a log that has just been begun, or restarted, from none.
func TestAMissingCheckpointIsFound(t *testing.T) {
	m := newMachine(t)
	_, keys := m.start(), func() []string { return testKeys(t, m.start()) }
	empty := Copy{Where: "own", Raw: m.memory.kept["shop"], Own: true}
	check := func(copies ...Copy) *Difference {
		t.Helper()
		return checked(t, CheckOptions{Site: "shop", Store: m.store, Keys: keys(), Copies: copies}).Difference
	}
	notePurge(t, m.store, 0, 1000)
	if d := check(empty); d != nil {
		t.Errorf("a log that has just been begun: %v", d)
	}
	m.round(m.start(), 52)
	first := Copy{Where: "a copy", Raw: m.store.checkpoint}
	for _, own := range []bool{true, false} {
		first.Own = own
		if d := check(empty, first); d != nil {
			t.Errorf("a whole log: %v", d)
		}
		signed := m.store.checkpoint
		m.store.checkpoint = nil
		if d := check(empty, first); d == nil || !strings.Contains(d.Error(), "checkpoint 53: a copy has one of "+testOrigin+" over 53 entries, and the store has none") {
			t.Errorf("without the checkpoint: %v", d)
		}
		m.store.checkpoint = signed
	}

	m.store.log = m.store.log[:50]
	if _, err := m.start().Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.store.checkpoint = nil // was of the log before, as is one of the copies
	if d := check(Copy{Where: "own", Raw: m.memory.kept["shop"], Own: true}, first); d != nil {
		t.Errorf("a log that has just been restarted: %v", d)
	}
	m.store.checkpoint = first.Raw
	restarted := m.start()
	sign(t, restarted)
	second := Copy{Where: "own", Raw: m.memory.kept["shop"], Own: true}
	if d := check(second, first); d != nil {
		t.Errorf("a log that was restarted: %v", d)
	}
	m.store.checkpoint = first.Raw
	if d := check(second); d == nil || !strings.Contains(d.Error(), "the store has one of "+testOrigin+": it was deleted") {
		t.Errorf("the checkpoint of the log before: %v", d)
	}
}

// Every bit of a copy that must be this log's counts; among those of others, what was
// altered is said to be torn.
func TestEveryFlippedBitOfACopyIsFound(t *testing.T) {
	store, s, l := shopLog(t, 6)
	o := CheckOptions{Site: "shop", Store: store, Keys: testKeys(t, l), Receipt: s.receipt}
	for i := range store.checkpoint {
		raw := bytes.Clone(store.checkpoint)
		raw[i] ^= 1
		o.Copies = []Copy{{Where: "own", Raw: raw, Own: true}}
		if d := checked(t, o).Difference; d == nil && !sameSignature(raw, store.checkpoint) {
			t.Errorf("a bit of byte %d is not found:\n%s", i, raw)
		}
		o.Copies[0].Own = false
		if r := checked(t, o); r.Difference != nil || r.Copies > 0 && !sameSignature(raw, store.checkpoint) {
			t.Errorf("byte %d, among others: %+v", i, r)
		}
	}
}

// sameSignature reports whether all that differs is base64's unused bits.
func sameSignature(a, b []byte) bool {
	return len(a) == len(b) && bytes.Equal(a[:len(a)-4], b[:len(b)-4])
}

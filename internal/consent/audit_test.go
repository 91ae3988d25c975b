package consent

import (
	"errors"
	"testing"
	"time"
)

func TestAnAuditEntryIsReadBackAsItWasWritten(t *testing.T) {
	at := time.Date(2026, 11, 22, 12, 0, 0, 123456789, time.UTC)
	index := int64(4711)
	in := AuditEntry{Site: "shop", ID: ID{1}, At: At(at), Actor: "account:mira", Action: AuditRecordRead, Entry: &index}
	a, err := in.Artefact()
	if err != nil {
		t.Fatal(err)
	}
	out, err := ReadAudit("shop", a)
	if err != nil || out.Actor != in.Actor || out.Action != in.Action || *out.Entry != index || !out.At.Equal(in.At.Time) {
		t.Errorf("%+v, %v", out, err)
	}
	other := in
	other.ID = ID{2}
	if b, err := other.Artefact(); err != nil || b.Digest == a.Digest {
		t.Errorf("two entries that are alike are one: %v", err)
	}
	for name, change := range map[string]func(*Artefact){
		"body": func(a *Artefact) { a.Body[30] ^= 1 }, "digest": func(a *Artefact) { a.Digest = Digest([]byte("x")) },
		"time": func(a *Artefact) { a.Time = a.Time.Add(time.Second) }, "kind": func(a *Artefact) { a.Kind = PurgeKind }, "leaf": func(a *Artefact) { a.Leaf[0] ^= 1 },
	} {
		b := a
		b.Body = append([]byte(nil), a.Body...)
		change(&b)
		if _, err := ReadAudit("shop", b); !errors.Is(err, ErrAudit) {
			t.Errorf("another %s: %v", name, err)
		}
	}
	if _, err := ReadAudit("journal", a); !errors.Is(err, ErrAudit) {
		t.Errorf("another site: %v", err)
	}
	for _, wrong := range []AuditEntry{{Site: "shop", ID: ID{1}, Action: "looked"}, {ID: ID{1}, Action: AuditReset}, {Site: "shop", Action: AuditReset}} {
		if _, err := wrong.Artefact(); !errors.Is(err, ErrAudit) {
			t.Errorf("%+v: %v", wrong, err)
		}
	}
}

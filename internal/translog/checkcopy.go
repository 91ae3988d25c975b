package translog

import (
	"crypto/ed25519"
	"encoding/base64"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// SameLog reports whether two names are of one log, as it was begun and as it was
// restarted.
func SameLog(a, b string) bool {
	one, _ := splitName(a)
	other, _ := splitName(b)
	return one == other
}

// origin is the log's name, which its keys carry.
func (c *check) origin() string {
	if len(c.Keys) == 0 {
		return ""
	}
	name, _, _ := strings.Cut(c.Keys[0], "+")
	return name
}

// collectCopy opens one of the copies and adds what it claims of this log.
func (c *check) collectCopy(kept Copy) error {
	of, err := ReadCheckpoint(kept.Raw)
	if err == nil && !SameLog(of.Origin, c.origin()) {
		if kept.Own {
			return differ(-1, "checkpoint", "%s is of %q, and this log is %q: its name was altered, or it is not this log's", kept.Where, of.Origin, c.origin())
		}
		return nil // another site's in the same file
	}
	if err == nil {
		_, _, err = openForAnyone(kept.Raw, renamed(c.Keys, of.Origin))
	}
	switch {
	case err != nil && kept.Own:
		return differ(-1, "checkpoint", "%s is not what this log's key signed (%v): it was altered, or broke off", kept.Where, err)
	case err != nil:
		c.Report.Torn = append(c.Report.Torn, kept.Where)
	case restartOf(c.origin(), of.Origin): // of the log that this one replaced
	case of.Size > 0 && (c.Report.Signed == nil || of.Origin != c.origin()):
		return c.differMissing(of, kept.Where)
	case of.Origin == c.origin():
		c.claims = append(c.claims, claim{of, kept.Where})
	}
	return nil
}

// differMissing is a store without what a copy says that it had.
func (c *check) differMissing(of Checkpoint, where string) error {
	has := "none"
	if c.Report.Signed != nil {
		has = "one of " + c.Report.Signed.Origin
	}
	return differ(of.Size, "checkpoint", "%s has one of %s over %d entries, and the store has %s: it was deleted, the store was emptied, or an older state was restored. "+
		"(A server that was killed when it had signed for the first time leaves that until it runs again.)", where, of.Origin, of.Size, has)
}

// underItsNames adds to keys those of the log that a checkpoint is of, under the name
// that it carries: what was signed before a restart is held against a key of today.
func underItsNames(raw []byte, keys []string) (list []string) {
	of, err := ReadCheckpoint(raw)
	if err != nil {
		return keys // whoever opens it says so
	}
	for _, text := range keys {
		if name, _, _ := strings.Cut(text, "+"); SameLog(name, of.Origin) {
			list = append(list, renamed([]string{text}, of.Origin)...)
		} else {
			list = append(list, text)
		}
	}
	return list
}

// renamed is a log's keys under another of its names; those of witnesses stay.
func renamed(keys []string, origin string) (list []string) {
	for _, text := range keys {
		list = append(list, text)
		if _, err := newCosigner(text); err == nil {
			continue
		}
		parts := strings.SplitN(text, "+", 3)
		public, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
		if err != nil || len(public) != 1+ed25519.PublicKeySize {
			continue // whoever opens with it says so
		}
		if other, err := note.NewEd25519VerifierKey(origin, public[1:]); err == nil && other != text {
			list = append(list, other)
		}
	}
	return list
}

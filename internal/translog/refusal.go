package translog

import (
	"errors"
	"fmt"
)

// ErrRefused is a log that must not be signed as it is. Records are kept and
// everything else is served meanwhile.
var ErrRefused = errors.New("the log is not signed")

// RefusedError says why, and what to do about it.
type RefusedError struct{ Site, Why, Next string }

func (e *RefusedError) Error() string {
	return fmt.Sprintf("site %s: %v: %s. %s", e.Site, ErrRefused, e.Why, e.Next)
}

func (e *RefusedError) Unwrap() error { return ErrRefused }

// Sources of a checkpoint, in messages.
const (
	fromMemory = "this server's own copy"
	fromStore  = "the store"
)

func (l *Log) refuse(next, why string, args ...any) error {
	return &RefusedError{Site: l.Site, Why: fmt.Sprintf(why, args...), Next: next}
}

func (l *Log) refuseWithoutMemory(size int64, begun string) error {
	if begun != "" {
		return l.refuse("If the store was emptied, restore it. Give this server a checkpoint that was kept elsewhere, such as another server's or what "+
			"the log's public address shows: consentry log adopt FILE. If there is none left anywhere, stop this server and run: consentry log restart "+l.Site,
			"it was begun before under these keys, as %q, and this server keeps no checkpoint of it: over the store's %d entries it could "+
				"sign a second history under one name", begun, size)
	}
	return l.refuse("Give it one that was kept elsewhere, such as another server's or what the log's public address shows: "+
		"consentry log adopt FILE. If no checkpoint of this log was ever signed: consentry log adopt --never-signed "+l.Site,
		"the log has %d entries and this server keeps no checkpoint of it, so that it could not notice a restored backup", size)
}

func (l *Log) refuseShort(c Checkpoint, where string, size int64) error {
	return l.refuse("Restore the newest state of the store: signing goes on by itself then. Do not delete the copy: a log that "+
		"forgets what it signed contradicts itself. If the entries are lost for good, stop this server and run: consentry log restart "+l.Site,
		"the store's log has %d entries, and a checkpoint over %d (root %s, from %s) was signed: an older backup was restored, or entries were lost",
		size, c.Size, c.Root, where)
}

func (l *Log) refuseOther(c Checkpoint, where string, found fmt.Stringer) error {
	return l.refuse("Look with: consentry verify --site "+l.Site+". If a second server writes to another store under the same keys, stop it; "+
		"if the store was exchanged, put back the right one. If what was signed is lost for good, stop this server and run: consentry log restart "+l.Site,
		"over its first %d entries the store's log has root %s, and the checkpoint from %s says %s: what was signed is not what the store holds",
		c.Size, found, where, c.Root)
}

func (l *Log) refuseForeign(where string, err error) error {
	return l.refuse("Make sure that the key file is the one this log was signed with. If the copy in the store was damaged: consentry log adopt --publish FILE",
		"the checkpoint from %s cannot be verified (%v)", where, err)
}

func (l *Log) refuseName(known, published Checkpoint) error {
	return l.refuse("If the log was restarted on purpose, give this server the new checkpoint: consentry log adopt FILE",
		"the store's checkpoint is of %q and this server's own copy of %q", published.Origin, known.Origin)
}

func (l *Log) refuseAnchored(why, where string) error {
	return l.refuse("The copy in "+where+" is newer than this store, whose older state was put back together with this server's own copy, or another "+
		"store was signed under the same keys: put back a newer backup of the store, and signing goes on by itself. Do not delete the copy. "+
		"If the entries are lost for good, stop this server and run: consentry log restart "+l.Site, "%s", why)
}

func (l *Log) refuseRestarted(kept Checkpoint, where, origin string) error {
	return l.refuse("The copy in "+where+" is newer than this store: put back a newer backup of the store and give this server that copy: consentry log adopt FILE. "+
		"If the entries are lost for good, stop this server and run: consentry log restart "+l.Site,
		"the log was restarted as %q, of which %s keeps a checkpoint over %d entries, and this server would go on with %q", kept.Origin, where, kept.Size, origin)
}

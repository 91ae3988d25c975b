package translog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/consentry/consentry/internal/consent"
)

// restartKind is the kind of the artefact that says why a log goes on under
// another name.
const restartKind = "log-restart"

type restart struct {
	Schema string            `json:"schema"` // consentry.log-restart/1
	Site   string            `json:"site"`
	Name   string            `json:"name"`   // from now on
	Broken string            `json:"broken"` // the newest signed checkpoint of the log before, empty when none is left
	Why    string            `json:"why"`
	Time   consent.Timestamp `json:"time"`
}

// Restart begins a new log over the same entries, for a log whose signed entries
// are lost for good: it can never be signed again under its name without
// contradicting what was signed. The new one has that name with a number behind
// it, and holds a leaf that says where the old one broke, so that everybody who
// follows it can see that. It refuses for a log that can go on.
func (l *Log) Restart(ctx context.Context) (name string, err error) {
	why := l.Sign(ctx)
	if why == nil {
		why = l.audit(ctx)
	}
	if !errors.Is(why, ErrRefused) {
		return "", errors.Join(errors.New("the log can go on as it is; it is not restarted"), why)
	}
	remembered, err := l.Memory.Read(l.Site)
	if err != nil {
		return "", err
	}
	known, err := l.broken(ctx, remembered, why)
	if err != nil {
		return "", err
	}
	known = l.newestAnchored(ctx, known)
	name = nextName(known.Origin)
	body, err := consent.Canonical(restart{
		Schema: "consentry.log-restart/1", Site: l.Site, Name: name, Broken: string(known.raw), Why: why.Error(), Time: consent.At(l.Now()),
	})
	if err != nil {
		return "", err
	}
	a := consent.Artefact{Kind: restartKind, Digest: consent.Digest(body), Time: l.Now(), Body: body}
	a.Leaf = consent.ArtefactLeaf(a)
	if err := l.Store.PutArtefact(ctx, l.Site, a); err != nil {
		return "", fmt.Errorf("log the restart: %w", err)
	}
	empty, err := l.Empty(ctx, name)
	if err != nil {
		return "", err
	}
	if err := l.noteBegun(name); err != nil {
		return "", err
	}
	return name, l.remember(empty)
}

// broken opens the checkpoint of the log that cannot go on. Where none is left
// anywhere, the name under which it was begun is all that is known.
func (l *Log) broken(ctx context.Context, remembered []byte, why error) (*signed, error) {
	if remembered != nil {
		return l.open(ctx, remembered)
	}
	published, err := l.Store.Checkpoint(ctx, l.Site)
	if err != nil {
		return nil, err
	}
	begun, err := l.begunAs()
	if err != nil {
		return nil, err
	}
	if published != nil || begun == "" {
		return nil, fmt.Errorf("give this server the newest checkpoint first: %w", why)
	}
	return &signed{Checkpoint: Checkpoint{Origin: begun}}, nil
}

// Adopt gives this server a checkpoint that was kept elsewhere: one that the
// log's key signed, that the store's log continues, and that is not older than
// the one this server has. With publish it takes the place of the store's own,
// for one that cannot be read any more.
func (l *Log) Adopt(ctx context.Context, raw []byte, publish bool) (Checkpoint, error) {
	given, err := l.open(ctx, raw)
	if err != nil {
		return Checkpoint{}, err
	}
	now, err := l.look(ctx)
	if err != nil {
		return Checkpoint{}, err
	}
	if err := l.notOlder(ctx, given, now.remembered); err != nil {
		return Checkpoint{}, err
	}
	if err := l.holds(ctx, given.Checkpoint, "the given copy", now.size); err != nil {
		return Checkpoint{}, err
	}
	if err := l.remember(raw); err != nil {
		return Checkpoint{}, err
	}
	if publish && !bytes.Equal(now.published, raw) {
		if before, err := l.open(ctx, now.published); err == nil && before.Origin == given.Origin {
			return Checkpoint{}, fmt.Errorf("the store's own checkpoint (%s) is good and stays", before)
		}
		err = l.Store.SwapCheckpoint(ctx, l.Site, now.published, raw)
	}
	return given.Checkpoint, err
}

// BeginLate is Begin for a log that has entries and of which its owner says that
// no checkpoint was ever signed.
func (l *Log) BeginLate(ctx context.Context) (Checkpoint, error) {
	now, err := l.look(ctx)
	if err != nil {
		return Checkpoint{}, err
	}
	if now.remembered != nil || now.published != nil {
		return Checkpoint{}, errors.New("a checkpoint of this log was signed before: give this server a copy of it, see consentry log show")
	}
	begun, err := l.begunAs()
	if err != nil {
		return Checkpoint{}, err
	}
	if begun != "" {
		return Checkpoint{}, fmt.Errorf("this log was begun before, as %s, so that checkpoints of it may be out: give this server a copy of one, see consentry log adopt", begun)
	}
	empty, err := l.Empty(ctx, l.Origin)
	if err != nil {
		return Checkpoint{}, err
	}
	if err := l.noteBegun(l.Origin); err != nil && l.Log != nil { // the owner's word is enough
		l.Log.Warn("that the log was begun is not noted beside the keys", "site", l.Site, "error", err)
	}
	if err := l.remember(empty); err != nil {
		return Checkpoint{}, err
	}
	return ReadCheckpoint(empty)
}

// notOlder refuses what would make this server forget.
func (l *Log) notOlder(ctx context.Context, given *signed, remembered []byte) error {
	if remembered == nil {
		return nil
	}
	known, err := l.open(ctx, remembered)
	switch {
	case err != nil:
		return l.cannotOpen(fromMemory, err)
	case restartOf(given.Origin, known.Origin):
		return nil
	case given.Origin != known.Origin:
		return fmt.Errorf("the given checkpoint is of %s and this server's of %s", given.Origin, known.Origin)
	case given.Size < known.Size:
		return fmt.Errorf("the given checkpoint covers %d entries and this server knows one over %d; it is not replaced by an older one", given.Size, known.Size)
	}
	return nil
}

// nextName is the name of the log that follows a broken one.
func nextName(origin string) string {
	base, n := splitName(origin)
	return base + "/" + strconv.Itoa(n+1)
}

// splitName reads a log's name: NAME is the first, NAME/2 the second. Names end
// in /log, see consent.Site.LogOrigin, so that nothing else ends in a number.
func splitName(origin string) (base string, n int) {
	i := strings.LastIndexByte(origin, '/')
	if i < 0 {
		return origin, 1
	}
	if n, err := strconv.Atoi(origin[i+1:]); err == nil && n > 1 && strings.HasSuffix(origin[:i], "/log") {
		return origin[:i], n
	}
	return origin, 1
}

// restartOf reports whether a log is what another was restarted as.
func restartOf(now, before string) bool {
	base, n := splitName(now)
	earlier, m := splitName(before)
	return base == earlier && n > m
}

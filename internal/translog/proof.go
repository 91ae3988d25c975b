package translog

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/consentry/consentry/internal/consent"
)

var (
	// ErrNotSigned is a record that no checkpoint covers yet.
	ErrNotSigned = errors.New("the record is newer than the newest checkpoint; the log is signed a few times a minute, so ask again soon")
	// ErrProof is a proof file that proves nothing.
	ErrProof = errors.New("the proof does not hold")
)

// Proof shows that a record, or an artefact, stands in a signed log. Its text is
// that of C2SP tlog-proof; the record and its salt are the extra data. It is
// verified offline, with public keys alone.
type Proof struct {
	Index      int64
	Hashes     [][32]byte // from the leaf's sibling up
	Checkpoint []byte     // signed

	Record   []byte            // canonical JSON; nil when it is about an artefact
	Salt     [32]byte          // of the record's commitment
	Artefact *consent.Artefact // its kind, digest and time
}

const (
	proofHeader    = "c2sp.org/tlog-proof@v1"
	recordHeader   = "consentry.proof/1 record"
	artefactHeader = "consentry.proof/1 artefact"
	maxProof       = 64 << 10
)

// timeLayout is how a record and an artefact's leaf write a time.
const timeLayout = "2006-01-02T15:04:05.000Z"

// ProveRecord proves a stored entry; r is what it opens to. Errors: ErrNotSigned,
// consent.ErrErased, and consent.ErrNotFound while the log has no checkpoint.
func (l *Log) ProveRecord(ctx context.Context, s consent.Stored, r *consent.Record) (*Proof, error) {
	if s.Erased {
		return nil, consent.ErrErased
	}
	canonical, err := r.Encode()
	if err != nil {
		return nil, err
	}
	_, index := consent.PlaceOf(s.Index)
	p, err := l.prove(ctx, index, s.Leaf)
	if err != nil {
		return nil, err
	}
	p.Record, p.Salt = canonical, s.Secret.Salt()
	return p, nil
}

// ProveArtefact proves an artefact, such as the rendering of a notice.
func (l *Log) ProveArtefact(ctx context.Context, a consent.Artefact) (*Proof, error) {
	p, err := l.prove(ctx, a.Index, consent.ArtefactLeaf(a))
	if err != nil {
		return nil, err
	}
	p.Artefact = &consent.Artefact{Kind: a.Kind, Digest: a.Digest, Time: consent.At(a.Time).Time}
	return p, nil
}

// prove makes the part of a proof that is about the tree, and verifies it.
func (l *Log) prove(ctx context.Context, index int64, leaf [32]byte) (*Proof, error) {
	raw, err := l.Checkpoint(ctx)
	if err != nil {
		return nil, err
	}
	now, err := l.open(ctx, raw)
	if err != nil {
		return nil, err
	}
	if index >= now.Size {
		return nil, ErrNotSigned
	}
	hashes, err := tlog.ProveRecord(now.Size, index, l.tree(ctx, now.Size))
	if err != nil {
		return nil, err
	}
	if err := tlog.CheckRecord(hashes, now.Size, now.Root, index, leaf); err != nil {
		return nil, fmt.Errorf("entry %d is not under the signed root: consentry verify --site %s says where they differ: %w", index, l.Site, err)
	}
	p := &Proof{Index: index, Checkpoint: raw, Hashes: make([][32]byte, len(hashes))}
	for i, h := range hashes {
		p.Hashes[i] = h
	}
	return p, nil
}

// Format writes the proof file, which is named *.tlog-proof.
func (p *Proof) Format() []byte {
	extra := fmt.Appendf(nil, "%s\n%s\n", recordHeader, base64.StdEncoding.EncodeToString(p.Salt[:]))
	extra = append(extra, p.Record...)
	if a := p.Artefact; a != nil {
		extra = fmt.Appendf(nil, "%s\n%s\n%s\n%s\n", artefactHeader, a.Kind, a.Digest, a.Time.UTC().Format(timeLayout))
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\nextra %s\nindex %d\n", proofHeader, base64.StdEncoding.EncodeToString(extra), p.Index)
	for _, h := range p.Hashes {
		fmt.Fprintln(&b, tlog.Hash(h))
	}
	fmt.Fprintf(&b, "\n%s", p.Checkpoint)
	return b.Bytes()
}

// ParseProof reads what Format wrote. Errors: ErrProof.
func ParseProof(file []byte) (*Proof, error) {
	head, checkpoint, ok := strings.Cut(string(file), "\n\n")
	lines := strings.Split(head, "\n")
	if len(file) > maxProof || lines[0] != proofHeader {
		return nil, fmt.Errorf("%w: it is no file that begins with %s", ErrProof, proofHeader)
	}
	if !ok || len(lines) < 3 || !strings.HasSuffix(checkpoint, "\n") || !strings.Contains(checkpoint, "\n\n— ") {
		return nil, fmt.Errorf("%w: it ends too early; fetch it again", ErrProof)
	}
	p := &Proof{Checkpoint: []byte(checkpoint)}
	extra, ok := strings.CutPrefix(lines[1], "extra ")
	decoded, err := base64.StdEncoding.DecodeString(extra)
	if !ok || err != nil {
		return nil, fmt.Errorf("%w: its second line does not hold what is proven", ErrProof)
	}
	if err := p.readExtra(string(decoded)); err != nil {
		return nil, err
	}
	index, ok := strings.CutPrefix(lines[2], "index ")
	if p.Index, err = strconv.ParseInt(index, 10, 64); !ok || err != nil {
		return nil, fmt.Errorf("%w: its third line is no index", ErrProof)
	}
	for _, line := range lines[3:] {
		h, err := tlog.ParseHash(line)
		if err != nil {
			return nil, fmt.Errorf("%w: %q is no hash", ErrProof, line)
		}
		p.Hashes = append(p.Hashes, h)
	}
	if !bytes.Equal(p.Format(), file) {
		return nil, fmt.Errorf("%w: it is not written as this program writes it", ErrProof)
	}
	return p, nil
}

func (p *Proof) readExtra(extra string) error {
	header, rest, _ := strings.Cut(extra, "\n")
	switch header {
	case recordHeader:
		salt, record, ok := strings.Cut(rest, "\n")
		decoded, err := base64.StdEncoding.DecodeString(salt)
		if !ok || err != nil || len(decoded) != len(p.Salt) {
			return fmt.Errorf("%w: it has no salt", ErrProof)
		}
		p.Salt, p.Record = [32]byte(decoded), []byte(record)
		return nil
	case artefactHeader:
		lines := strings.Split(rest, "\n")
		if len(lines) != 4 {
			break
		}
		at, err := time.Parse(timeLayout, lines[2])
		if err != nil {
			break
		}
		p.Artefact = &consent.Artefact{Kind: lines[0], Digest: lines[1], Time: at}
		return nil
	}
	return fmt.Errorf("%w: it does not say what is proven", ErrProof)
}

// Verified is what a proof that holds proves: that the entry stood at Index of
// the log when a tree of Size entries was signed.
type Verified struct {
	Origin    string // the log's name
	Index     int64
	Size      int64
	Record    *consent.Record   // nil when it is about an artefact
	Artefact  *consent.Artefact // kind, digest and time
	Witnesses []string          // of those whose key was given, who signed too
}

// Verify checks a proof against verifier keys of C2SP signed-note, which its
// holder got from elsewhere than the proof: the log's own, of which one must have
// signed, and any witness's. A log's key counts under each name that the log was
// restarted as. Errors: ErrProof.
func Verify(p *Proof, keys ...string) (*Verified, error) {
	now, witnesses, err := openForAnyone(p.Checkpoint, underItsNames(p.Checkpoint, keys))
	if err != nil {
		return nil, err
	}
	v := &Verified{Origin: now.Origin, Index: p.Index, Size: now.Size, Witnesses: witnesses}
	var leaf [32]byte
	if p.Artefact != nil {
		v.Artefact, leaf = p.Artefact, consent.ArtefactLeaf(*p.Artefact)
	} else {
		if v.Record, err = readRecord(p.Record); err != nil {
			return nil, err
		}
		leaf = consent.RecordLeaf(p.Salt, p.Record)
	}
	hashes := make(tlog.RecordProof, len(p.Hashes))
	for i, h := range p.Hashes {
		hashes[i] = h
	}
	if err := tlog.CheckRecord(hashes, now.Size, now.Root, p.Index, leaf); err != nil {
		return nil, fmt.Errorf("%w: what it shows is not in the log that was signed", ErrProof)
	}
	return v, nil
}

// openForAnyone verifies a checkpoint with public keys alone.
func openForAnyone(raw []byte, keys []string) (now *signed, witnesses []string, err error) {
	var logs, others []note.Verifier
	for _, text := range keys {
		if v, err := newCosigner(text); err == nil {
			others = append(others, v)
		} else if v, err := note.NewVerifier(text); err == nil {
			logs = append(logs, v)
		} else {
			return nil, nil, fmt.Errorf("the key %q cannot be read: %w", text, err)
		}
	}
	now, err = openCheckpoint(raw, func(string) ([]note.Verifier, error) { return logs, nil }, others)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrProof, err)
	}
	for _, v := range others {
		if now.by(v.Name(), v.KeyHash()) {
			witnesses = append(witnesses, v.Name())
		}
	}
	return now, witnesses, nil
}

// readRecord reads a record's canonical bytes, and only those.
func readRecord(canonical []byte) (*consent.Record, error) {
	var r consent.Record
	if err := json.Unmarshal(canonical, &r); err != nil {
		return nil, fmt.Errorf("%w: it holds no record: %w", ErrProof, err)
	}
	again, err := r.Encode()
	if err != nil || !bytes.Equal(again, canonical) {
		return nil, fmt.Errorf("%w: its record is not in canonical form", ErrProof)
	}
	return &r, nil
}

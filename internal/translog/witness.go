package translog

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/consentry/consentry/internal/consent"
)

// cosignatureType is the signature type of C2SP tlog-cosignature with Ed25519.
const cosignatureType = 4

// cosigner verifies the cosignatures of one witness.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

// newCosigner reads a witness's verifier key, NAME+HASH+BASE64.
func newCosigner(text string) (*cosigner, error) {
	name, rest, _ := strings.Cut(text, "+")
	hash16, key64, _ := strings.Cut(rest, "+")
	hash, err := strconv.ParseUint(hash16, 16, 32)
	key, keyErr := base64.StdEncoding.DecodeString(key64)
	if name == "" || len(hash16) != 8 || err != nil || keyErr != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != cosignatureType {
		return nil, errors.New("a witness's key is written NAME+HASH+BASE64, of type 4 (Ed25519 cosignature)")
	}
	sum := sha256.Sum256(append([]byte(name+"\n"), key...))
	if binary.BigEndian.Uint32(sum[:]) != uint32(hash) {
		return nil, errors.New("the witness's key does not belong to its name: the hash in the middle differs")
	}
	return &cosigner{name, uint32(hash), key[1:]}, nil
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }

// Verify checks a signature of 8 bytes of time and 64 of Ed25519.
func (c *cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	at := binary.BigEndian.Uint64(sig)
	return ed25519.Verify(c.key, fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", at, msg), sig[8:])
}

// Witness asks somebody else, who remembers what a log has shown, to sign its
// checkpoints too (C2SP tlog-witness). The signature is published with the
// checkpoint.
type Witness struct {
	url      string
	verifier *cosigner
	interval time.Duration
	client   *http.Client

	mu    sync.Mutex
	sizes map[string]int64 // by site: what the witness saw last, as far as known
}

// NewWitness names a witness by its submission prefix and its verifier key.
func NewWitness(url, key string, every time.Duration) (*Witness, error) {
	verifier, err := newCosigner(key)
	if err != nil {
		return nil, err
	}
	return &Witness{
		url: strings.TrimRight(url, "/") + "/add-checkpoint", verifier: verifier, interval: every, sizes: make(map[string]int64),
		client: &http.Client{Timeout: anchorTimeout, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // what a log shows is for the witness alone
		}},
	}, nil
}

// Name names the witness.
func (w *Witness) Name() string         { return "witness " + w.verifier.name }
func (w *Witness) every() time.Duration { return w.interval }

func (w *Witness) put(ctx context.Context, l *Log, now *signed) error {
	if now.by(w.verifier.Name(), w.verifier.KeyHash()) {
		return nil
	}
	w.mu.Lock()
	old := w.sizes[l.Site]
	w.mu.Unlock()
	lines, seen, err := w.ask(ctx, l, now, min(old, now.Size))
	if errors.Is(err, errSeen) && seen <= now.Size {
		lines, seen, err = w.ask(ctx, l, now, seen)
	}
	if errors.Is(err, errSeen) {
		return fmt.Errorf("it has signed %d entries of this log, which now shows %d: the log was rolled back, or the witness serves a log that was", seen, now.Size)
	}
	if err != nil {
		return err
	}
	w.mu.Lock()
	w.sizes[l.Site] = now.Size
	w.mu.Unlock()
	return w.publish(ctx, l, now, lines)
}

// errSeen is a witness that has seen another size than it was told.
var errSeen = errors.New("the witness has seen another size")

// ask sends a checkpoint and the proof that it continues the first old entries.
// With errSeen it returns what the witness has seen.
func (w *Witness) ask(ctx context.Context, l *Log, now *signed, old int64) (lines []byte, seen int64, err error) {
	var body bytes.Buffer
	fmt.Fprintf(&body, "old %d\n", old)
	if old > 0 && old < now.Size {
		proof, err := tlog.ProveTree(now.Size, old, l.tree(ctx, now.Size))
		if err != nil {
			return nil, 0, err
		}
		for _, hash := range proof {
			fmt.Fprintln(&body, hash)
		}
	}
	fmt.Fprintf(&body, "\n%s", now.raw)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, &body)
	if err != nil {
		return nil, 0, err
	}
	response, err := w.client.Do(request)
	if err != nil {
		return nil, 0, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err != nil {
		return nil, 0, err
	}
	switch response.StatusCode {
	case http.StatusOK:
		return answer, now.Size, nil
	case http.StatusConflict:
		if seen, err := strconv.ParseInt(strings.TrimSpace(string(answer)), 10, 64); err == nil && seen != old {
			return nil, seen, errSeen
		}
		return nil, 0, fmt.Errorf("it knows another root for %d entries: the log was rewritten, or the witness serves one that was", old)
	case http.StatusNotFound:
		return nil, 0, fmt.Errorf("it does not know the log %s: give its operator what the log's address shows under log/key", now.Origin)
	case http.StatusForbidden:
		return nil, 0, fmt.Errorf("it knows the log %s under another key", now.Origin)
	case http.StatusUnprocessableEntity:
		return nil, 0, fmt.Errorf("it says that %d entries do not continue the %d that it knows: the log was rewritten, or the witness serves one that was", now.Size, old)
	}
	return nil, 0, fmt.Errorf("it answers %s", response.Status)
}

// publish puts the witness's signature beside the log's own.
func (w *Witness) publish(ctx context.Context, l *Log, now *signed, lines []byte) error {
	both, err := note.Open(append(bytes.Clone(now.raw), lines...), note.VerifierList(w.verifier))
	if err != nil {
		return fmt.Errorf("its signature cannot be verified: %w", err)
	}
	merged := *now.note
	merged.Sigs = append(append([]note.Signature(nil), merged.Sigs...), both.Sigs...)
	raw, err := note.Sign(&merged)
	if err != nil {
		return err
	}
	err = l.Store.SwapCheckpoint(ctx, l.Site, now.raw, raw)
	if errors.Is(err, consent.ErrConflict) {
		return nil // a newer checkpoint is there, which it is asked for next
	}
	return err
}

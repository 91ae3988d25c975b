package translog

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Tree is for whoever has all leaves of a log, in order, and no store. Its zero
// value is the empty tree.
type Tree struct{ grown growing }

// Add appends a leaf.
func (t *Tree) Add(leaf [32]byte) {
	_ = t.grown.push(leaf, func(int, int64, []byte) error { return nil }) // nobody who could fail
}

// Size is how many leaves there are.
func (t *Tree) Size() int64 { return t.grown.size }

// Root is the hash over them.
func (t *Tree) Root() [32]byte { return t.grown.root() }

// OpenCheckpoint verifies a checkpoint with public keys alone, and names the
// witnesses among them that signed it too. Errors: ErrProof.
func OpenCheckpoint(raw []byte, keys ...string) (c Checkpoint, witnesses []string, err error) {
	now, witnesses, err := openForAnyone(raw, underItsNames(raw, keys))
	if err != nil {
		return c, nil, err
	}
	return now.Checkpoint, witnesses, nil
}

// Bare is one signature on a checkpoint for programs that know nothing of its
// form: plain Ed25519 over Text.
type Bare struct {
	Key       ed25519.PublicKey
	Text      []byte
	Signature []byte
}

// BareSignature takes the signature of a log's verifier key out of a checkpoint.
func BareSignature(raw []byte, key string) (b Bare, err error) {
	v, err := note.NewVerifier(key)
	if err != nil {
		return b, fmt.Errorf("the key %q cannot be read: %w", key, err)
	}
	n, err := note.Open(raw, note.VerifierList(v))
	if err != nil {
		return b, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	parts := strings.SplitN(key, "+", 3) // name, hash, key
	public, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	if err != nil || len(public) != 1+ed25519.PublicKeySize {
		return b, fmt.Errorf("the key %q is none of Ed25519", key)
	}
	for _, s := range n.Sigs {
		sig, err := base64.StdEncoding.DecodeString(s.Base64)
		if err == nil && len(sig) == 4+ed25519.SignatureSize && binary.BigEndian.Uint32(sig) == v.KeyHash() {
			return Bare{Key: public[1:], Text: []byte(n.Text), Signature: sig[4:]}, nil
		}
	}
	return b, fmt.Errorf("%w: %s did not sign it", ErrCheckpoint, strconv.Quote(key))
}

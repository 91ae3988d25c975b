package consent

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"errors"
	"fmt"
)

// ErrErased is a record whose secret was deleted.
var ErrErased = errors.New("the record was erased")

// envelopeVersion is the first byte of a sealed record.
const envelopeVersion = 1

// frameRefSize is how much of a frame's digest stands in a sealed record.
const frameRefSize = 8

// FrameRef is the part of a frame's digest by which a sealed record names it.
func FrameRef(frameDigest string) (ref [frameRefSize]byte) {
	copy(ref[:], frameDigest)
	return ref
}

// SealRecord encrypts the compact form of r under its own secret and commits to
// its canonical bytes. frameDigest names f in the store.
//
// The cipher is AES-256-GCM with the start of the leaf as its nonce: a client
// may send one decision id with two contents, which then share a secret but no
// nonce. Record id, frame and version are authenticated beside the content.
func SealRecord(r *Record, f *Frame, frameDigest string, secret Secret) (sealed []byte, leaf [32]byte, err error) {
	if len(frameDigest) != digestSize {
		return nil, leaf, fmt.Errorf("seal record: a frame's digest has %d characters, not %d", digestSize, len(frameDigest))
	}
	packed, err := Pack(r, f)
	if err != nil {
		return nil, leaf, err
	}
	canonical, err := r.Encode()
	if err != nil {
		return nil, leaf, err
	}
	key, salt := expand(secret)
	ref := FrameRef(frameDigest)
	sealed = append(append(make([]byte, 0, 1+len(ref)+len(packed)+16), envelopeVersion), ref[:]...)
	aead, err := newAEAD(key)
	if err != nil {
		return nil, leaf, err
	}
	leaf = RecordLeaf(salt, canonical)
	return aead.Seal(sealed, leaf[:aead.NonceSize()], packed, authenticated(sealed, r.ID)), leaf, nil
}

// OpenFrameRef tells which frame a sealed record needs.
func OpenFrameRef(sealed []byte) (ref [frameRefSize]byte, err error) {
	if len(sealed) < 1+frameRefSize || sealed[0] != envelopeVersion {
		return ref, fmt.Errorf("%w: envelope version", errPacked)
	}
	return [frameRefSize]byte(sealed[1:]), nil
}

// OpenRecord regenerates the record of a stored entry. Errors: ErrErased when
// its secret is gone; any other means that bytes were altered.
func OpenRecord(s Stored, f *Frame) (*Record, error) {
	if s.Erased {
		return nil, ErrErased
	}
	if _, err := OpenFrameRef(s.Sealed); err != nil {
		return nil, err
	}
	key, salt := expand(s.Secret)
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	head, body := s.Sealed[:1+frameRefSize], s.Sealed[1+frameRefSize:]
	packed, err := aead.Open(nil, s.Leaf[:aead.NonceSize()], body, authenticated(head, s.Record))
	if err != nil {
		return nil, fmt.Errorf("open record: %w", err)
	}
	r, err := Unpack(packed, s.Record, f)
	if err != nil {
		return nil, err
	}
	canonical, err := r.Encode()
	if err != nil {
		return nil, err
	}
	if RecordLeaf(salt, canonical) != s.Leaf {
		return nil, errors.New("open record: the record does not match its leaf in the log")
	}
	return r, nil
}

// RecordLeaf is the RFC 6962 leaf hash of a salted commitment to a record. The
// salt dies with the record's secret, and the leaf then says nothing.
func RecordLeaf(salt [32]byte, canonical []byte) [32]byte {
	h := sha256.New()
	h.Write(salt[:])
	h.Write(canonical)
	return leafHash("consentry-leaf/1\n", h.Sum(nil))
}

// ArtefactLeaf is the RFC 6962 leaf hash of an artefact's kind, digest and time.
func ArtefactLeaf(a Artefact) [32]byte {
	return leafHash("consentry-artefact/1\n", []byte(a.Kind+"\n"+a.Digest+"\n"+At(a.Time).UTC().Format(timeLayout)+"\n"))
}

func leafHash(domain string, data []byte) (out [32]byte) {
	h := sha256.New()
	h.Write([]byte{0}) // RFC 6962 §2.1: leaves start with 0x00
	h.Write([]byte(domain))
	h.Write(data)
	h.Sum(out[:0])
	return out
}

// expand is HKDF-SHA256 (RFC 5869) of 64 bytes without a salt: what crypto/hkdf
// returns, without its twenty allocations.
func expand(secret Secret) (key, salt [32]byte) {
	const info = "consentry/1/stored record"
	var room [len(key) + len(info) + 1]byte
	master := keyedHash([32]byte{}, secret[:])
	key = keyedHash(master, append(append(room[:0], info...), 1))
	salt = keyedHash(master, append(append(append(room[:0], key[:]...), info...), 2))
	return key, salt
}

// keyedHash is HMAC-SHA256 (RFC 2104) of a message of at most 64 bytes, for a key that
// is used once or twice.
func keyedHash(key [32]byte, message []byte) [32]byte {
	var inner [2 * sha256.BlockSize]byte
	var outer [sha256.BlockSize + sha256.Size]byte
	copy(inner[:], key[:])
	copy(outer[:], key[:])
	for i := range sha256.BlockSize {
		inner[i] ^= 0x36
		outer[i] ^= 0x5c
	}
	hashed := sha256.Sum256(inner[:sha256.BlockSize+copy(inner[sha256.BlockSize:], message)])
	copy(outer[sha256.BlockSize:], hashed[:])
	return sha256.Sum256(outer[:])
}

func newAEAD(key [32]byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func authenticated(head []byte, id ID) []byte {
	return append(append(make([]byte, 0, len(head)+len(id)), head...), id[:]...)
}

// Salt is what the record's commitment in the log is salted with. Whoever has it
// and the record's canonical bytes can verify the leaf.
func (s Secret) Salt() [32]byte {
	_, salt := expand(s)
	return salt
}

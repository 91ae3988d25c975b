package consent

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"hash"
	"sync"
)

// ID is 128 bits that name a record, a subject, a visitor or a decision. Its
// text form is 22 characters of base64url.
type ID [16]byte

// ErrID is a text that is no ID.
var ErrID = errors.New("not an id of 22 base64url characters")

// ParseID reads an ID's text form, and only the one that String writes.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 22 {
		return ID{}, ErrID
	}
	if n, err := base64.RawURLEncoding.Strict().Decode(id[:], []byte(s)); err != nil || n != len(id) {
		return ID{}, ErrID
	}
	return id, nil
}

func (id ID) String() string               { return base64.RawURLEncoding.EncodeToString(id[:]) }
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }
func (id *ID) UnmarshalText(b []byte) (err error) {
	*id, err = ParseID(string(b))
	return err
}

// IdentityKeys turn a decision id into everything that names the decision, so
// that any server gives the same answer to a retry without keeping state. They
// never rotate: a rotated key would record a retry twice and orphan receipts.
// Holding them lets one link a visitor's cookie with the records.
type IdentityKeys struct {
	visitor, record, secret, receipt, subject *mac
}

// DeriveIdentityKeys derives a site's keys from the installation's root secret
// of at least 32 bytes (HKDF-SHA256, RFC 5869).
func DeriveIdentityKeys(root []byte, site string) (IdentityKeys, error) {
	var k IdentityKeys
	for name, into := range map[string]**mac{
		"visitor": &k.visitor, "record": &k.record, "secret": &k.secret, "receipt": &k.receipt, "subject": &k.subject,
	} {
		key, err := DeriveKey(root, name, site)
		if err != nil {
			return IdentityKeys{}, err
		}
		*into = newMAC(key)
	}
	return k, nil
}

// DeriveKey derives a 32-byte key for one purpose of one site. A secret of less
// than 32 bytes is an error.
func DeriveKey(secret []byte, purpose, site string) ([]byte, error) {
	if len(secret) < 32 {
		return nil, errors.New("a key must have at least 32 bytes")
	}
	return hkdf.Key(sha256.New, secret, nil, "consentry/1/"+purpose+"/"+site, 32)
}

// Visitor mints the visitor id of a first decision.
func (k IdentityKeys) Visitor(decision ID) ID { return ID(k.visitor.half(decision)) }

// Record names the record of a decision.
func (k IdentityKeys) Record(decision ID) ID { return ID(k.record.half(decision)) }

// Secret is the key under which the record of a decision is stored.
func (k IdentityKeys) Secret(decision ID) Secret { return Secret(k.secret.half(decision)) }

// Receipt is the 256-bit token that opens the receipt of a record. It follows
// from the record's id and not from the decision's, so that the holder of a
// sealed cookie can be given the link again later.
func (k IdentityKeys) Receipt(record ID) [32]byte { return k.receipt.sum(record) }

// Subject is the reference to a visitor that stands in records.
func (k IdentityKeys) Subject(visitor ID) ID { return ID(k.subject.half(visitor)) }

// mac is HMAC-SHA256 under one key. It keeps what has taken the key in already, which
// takes as long as an id does. Safe for concurrent use.
type mac struct{ states sync.Pool }

// macState has room for what an interface's method would else put on the heap.
type macState struct {
	hash.Hash
	in  ID
	out [sha256.Size]byte
}

func newMAC(key []byte) *mac {
	return &mac{sync.Pool{New: func() any { return &macState{Hash: hmac.New(sha256.New, key)} }}}
}

func (m *mac) sum(message ID) [sha256.Size]byte {
	s := m.states.Get().(*macState)
	defer m.states.Put(s)
	s.in = message
	s.Reset()
	s.Write(s.in[:])
	s.Sum(s.out[:0])
	return s.out
}

func (m *mac) half(message ID) [16]byte {
	whole := m.sum(message)
	return [16]byte(whole[:16])
}

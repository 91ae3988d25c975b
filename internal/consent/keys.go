package consent

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
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
	visitor, record, secret, receipt, subject []byte
}

// DeriveIdentityKeys derives a site's keys from the installation's root secret
// of at least 32 bytes (HKDF-SHA256, RFC 5869).
func DeriveIdentityKeys(root []byte, site string) (IdentityKeys, error) {
	var k IdentityKeys
	for name, into := range map[string]*[]byte{
		"visitor": &k.visitor, "record": &k.record, "secret": &k.secret, "receipt": &k.receipt, "subject": &k.subject,
	} {
		key, err := DeriveKey(root, name, site)
		if err != nil {
			return IdentityKeys{}, err
		}
		*into = key
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
func (k IdentityKeys) Visitor(decision ID) ID { return ID(half(k.visitor, decision)) }

// Record names the record of a decision.
func (k IdentityKeys) Record(decision ID) ID { return ID(half(k.record, decision)) }

// Secret is the key under which the record of a decision is stored.
func (k IdentityKeys) Secret(decision ID) Secret { return Secret(half(k.secret, decision)) }

// Receipt is the 256-bit token that opens the receipt of a record. It follows
// from the record's id and not from the decision's, so that the holder of a
// sealed cookie can be given the link again later.
func (k IdentityKeys) Receipt(record ID) [32]byte { return sum(k.receipt, record[:]) }

// Subject is the reference to a visitor that stands in records.
func (k IdentityKeys) Subject(visitor ID) ID { return ID(half(k.subject, visitor)) }

func half(key []byte, message ID) (out [16]byte) {
	whole := sum(key, message[:])
	copy(out[:], whole[:])
	return out
}

func sum(key, message []byte) (out [32]byte) {
	mac := hmac.New(sha256.New, key)
	mac.Write(message)
	mac.Sum(out[:0])
	return out
}

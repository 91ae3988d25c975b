package consent

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Keyring is an installation's secrets. Root never rotates: it names records
// and opens receipts. Cookie keys rotate: the newest, first in the list, signs,
// and all of them verify.
type Keyring struct {
	V      int         `json:"v"` // 1
	Root   []byte      `json:"root"`
	Cookie []CookieKey `json:"cookie"`
	// Logs are the names under which sites' transparency logs were begun with this
	// root, by site: under one name there must never be a second history.
	Logs map[string]string `json:"logs,omitempty"`
}

// CookieKey signs the sealed cookies of every site, through a key derived for
// each.
type CookieKey struct {
	ID      string    `json:"id"` // 8 characters, stands in records
	Secret  []byte    `json:"secret"`
	Created time.Time `json:"created"`
}

// ErrKeyring is a key file that must not be used.
var ErrKeyring = errors.New("unusable key file")

// NewKeyring draws a root and a first cookie key from random.
func NewKeyring(random io.Reader, now time.Time) (*Keyring, error) {
	k := &Keyring{V: 1, Root: make([]byte, 32)}
	if _, err := io.ReadFull(random, k.Root); err != nil {
		return nil, fmt.Errorf("draw root secret: %w", err)
	}
	return k, k.Rotate(random, now)
}

// Rotate puts a new cookie key first. Older keys go on verifying until they are
// removed from the list.
func (k *Keyring) Rotate(random io.Reader, now time.Time) error {
	key := CookieKey{Secret: make([]byte, 32), Created: now.UTC().Truncate(time.Second)}
	if _, err := io.ReadFull(random, key.Secret); err != nil {
		return fmt.Errorf("draw cookie key: %w", err)
	}
	key.ID = base64.RawURLEncoding.EncodeToString(leafSum(key.Secret))[:8]
	k.Cookie = append([]CookieKey{key}, k.Cookie...)
	return nil
}

// NoteLog puts the name under which a site's log was begun in the place of the one
// before.
func (k *Keyring) NoteLog(site, name string) {
	if k.Logs == nil {
		k.Logs = make(map[string]string)
	}
	k.Logs[site] = name
}

func leafSum(b []byte) []byte { h := leafHash("consentry-key/1\n", b); return h[:] }

// ParseKeyring reads a key file. Errors wrap ErrKeyring: the caller must refuse
// to start and never draw new keys over an existing store.
func ParseKeyring(b []byte) (*Keyring, error) {
	var k Keyring
	if err := json.Unmarshal(b, &k); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeyring, err)
	}
	if k.V != 1 || len(k.Root) != 32 || len(k.Cookie) == 0 {
		return nil, fmt.Errorf("%w: want version 1, a root of 32 bytes and a cookie key", ErrKeyring)
	}
	ids := make(map[string]bool)
	for _, c := range k.Cookie {
		if len(c.Secret) != 32 || c.ID == "" || ids[c.ID] {
			return nil, fmt.Errorf("%w: cookie key %q must have an id of its own and 32 bytes", ErrKeyring, c.ID)
		}
		ids[c.ID] = true
	}
	return &k, nil
}

// Format writes the key file.
func (k *Keyring) Format() ([]byte, error) {
	b, err := json.MarshalIndent(k, "", "  ")
	return append(b, '\n'), err
}

// RootCheck is a fingerprint of the root that may be stored beside records, so
// that a server notices a foreign key file before it answers anybody.
func (k *Keyring) RootCheck() string {
	return base64.RawURLEncoding.EncodeToString(leafSum(k.Root))[:16]
}

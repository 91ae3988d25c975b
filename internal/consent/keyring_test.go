package consent_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

func newKeyring(t *testing.T) *consent.Keyring {
	t.Helper()
	k, err := consent.NewKeyring(rand.NewChaCha8([32]byte{1}), shopTime)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestAKeyringIsReadBackFromItsFile(t *testing.T) {
	k := newKeyring(t)
	if err := k.Rotate(rand.NewChaCha8([32]byte{2}), shopTime.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	b, err := k.Format()
	if err != nil {
		t.Fatal(err)
	}
	again, err := consent.ParseKeyring(b)
	if err != nil || !reflect.DeepEqual(again, k) {
		t.Errorf("%s is read as %+v, %v", b, again, err)
	}
}

func TestRotationPutsANewKeyFirstAndKeepsTheOldOnesAndTheRoot(t *testing.T) {
	k := newKeyring(t)
	before, root, check := k.Cookie[0], bytes.Clone(k.Root), k.RootCheck()
	if err := k.Rotate(rand.NewChaCha8([32]byte{2}), shopTime.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if len(k.Cookie) != 2 || !reflect.DeepEqual(k.Cookie[1], before) || !bytes.Equal(k.Root, root) || k.RootCheck() != check {
		t.Errorf("after the rotation: %+v", k)
	}
	now := k.Cookie[0]
	if now.ID == before.ID || len(now.ID) != 8 || bytes.Equal(now.Secret, before.Secret) || len(now.Secret) != 32 || !now.Created.Equal(shopTime.Add(time.Hour).Truncate(time.Second)) {
		t.Errorf("the new key is %+v", now)
	}
}

func TestAKeyringIsNotMadeFromTooLittleRandomness(t *testing.T) {
	for _, n := range []int{0, 31, 32, 63} {
		if k, err := consent.NewKeyring(bytes.NewReader(make([]byte, n)), shopTime); err == nil {
			t.Errorf("%d random bytes make %+v", n, k)
		}
	}
	k := newKeyring(t)
	if err := k.Rotate(strings.NewReader("short"), shopTime); !errors.Is(err, io.ErrUnexpectedEOF) || len(k.Cookie) != 1 {
		t.Errorf("rotated to %d keys, %v", len(k.Cookie), err)
	}
}

func TestTheFingerprintOfTheRootTellsRootsApartAndStaysWhatItIs(t *testing.T) {
	k, other := newKeyring(t), newKeyring(t)
	other.Root[31] ^= 1
	if k.RootCheck() == other.RootCheck() {
		t.Error("two roots have one fingerprint")
	}
	if got, want := k.RootCheck(), "GskUJkoa4HbIn01s"; got != want {
		t.Errorf("the fingerprint is %s, want %s", got, want)
	}
	if got, want := k.Cookie[0].ID, "d9xPa0Ac"; got != want {
		t.Errorf("the key's id is %s, want %s", got, want)
	}
}

func TestAnUnusableKeyFileIsRefused(t *testing.T) {
	whole, err := newKeyring(t).Format()
	if err != nil {
		t.Fatal(err)
	}
	replace := func(old, by string) string {
		if !strings.Contains(string(whole), old) {
			t.Fatalf("the key file lacks %s", old)
		}
		return strings.Replace(string(whole), old, by, 1)
	}
	id := newKeyring(t).Cookie[0].ID
	for name, file := range map[string]string{
		"empty":                  "",
		"cut short":              string(whole[:len(whole)/2]),
		"something after it":     string(whole) + "{}",
		"another version":        replace(`"v": 1`, `"v": 2`),
		"no version":             replace(`"v": 1,`, ``),
		"no root":                replace(`"root": "`, `"other": "`),
		"a short root":           `{"v":1,"root":"AAAA","cookie":[{"id":"a","secret":"AAAA"}]}`,
		"a root of other text":   replace(`"root": "`, `"root": "%`),
		"no cookie key":          replace(`"cookie":`, `"biscuit":`),
		"an empty list of keys":  `{"v":1,"root":"` + strings.Repeat("A", 43) + `=","cookie":[]}`,
		"a key without an id":    replace(id, ""),
		"a key without a secret": replace(`"secret":`, `"secrecy":`),
	} {
		k, err := consent.ParseKeyring([]byte(file))
		if !errors.Is(err, consent.ErrKeyring) || k != nil {
			t.Errorf("%s: read as %+v, %v", name, k, err)
		}
	}
}

func TestTwoKeysOfOneIDAreRefused(t *testing.T) {
	k := newKeyring(t)
	k.Cookie = append(k.Cookie, k.Cookie[0])
	b, err := k.Format()
	if err != nil {
		t.Fatal(err)
	}
	if k, err := consent.ParseKeyring(b); !errors.Is(err, consent.ErrKeyring) {
		t.Errorf("read as %+v, %v", k, err)
	}
}

package consent_test

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

// Records that are stored already can be opened only as long as this holds.
func TestARecordsSaltIsWhatHKDFDerivesOfItsSecret(t *testing.T) {
	for range 100 {
		var secret consent.Secret
		_, _ = rand.Read(secret[:]) // never fails
		want, err := hkdf.Key(sha256.New, secret[:], nil, "consentry/1/stored record", 64)
		if err != nil {
			t.Fatal(err)
		}
		if salt := secret.Salt(); string(salt[:]) != string(want[32:]) {
			t.Fatalf("salt %x of %x, want %x", salt, secret, want[32:])
		}
	}
}

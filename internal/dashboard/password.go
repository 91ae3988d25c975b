package dashboard

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// errPasswordHash is a stored hash that cannot be read.
var errPasswordHash = errors.New("unreadable password hash")

// argon is the cost of one hash. Memory is in KiB.
type argon struct {
	memory, time uint32
	threads      uint8
}

// owaspArgon is the first of the equal choices for Argon2id in the OWASP
// Password Storage Cheat Sheet: 19 MiB, two passes, one lane.
func owaspArgon() argon { return argon{memory: 19 * 1024, time: 2, threads: 1} }

const (
	saltSize = 16
	hashSize = 32
)

// hashPassword returns the password's hash in PHC string form with a new salt:
// $argon2id$v=19$m=…,t=…,p=…$salt$hash.
func hashPassword(password string) string {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // never fails: it ends the program instead
	a := owaspArgon()
	sum := argon2.IDKey([]byte(password), salt, a.time, a.memory, a.threads, hashSize)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, a.memory, a.time, a.threads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(sum))
}

// checkPassword reports whether password made the PHC string. It takes the
// stored cost, so that raising owaspArgon locks nobody out.
func checkPassword(phc, password string) (bool, error) {
	a, salt, want, err := parseHash(phc)
	if err != nil {
		return false, err
	}
	got := argon2.IDKey([]byte(password), salt, a.time, a.memory, a.threads, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

// nobodysHash costs as much to check as any, and no password makes it.
func nobodysHash() string {
	a := owaspArgon()
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, a.memory, a.time, a.threads,
		base64.RawStdEncoding.EncodeToString(make([]byte, saltSize)), base64.RawStdEncoding.EncodeToString(make([]byte, hashSize)))
}

// parseHash reads a PHC string. Costs beyond one GiB or sixteen passes are
// refused, since a hash that nobody here wrote must not exhaust the server.
func parseHash(phc string) (a argon, salt, sum []byte, err error) {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return a, nil, nil, errPasswordHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &a.memory, &a.time, &a.threads); err != nil {
		return a, nil, nil, fmt.Errorf("%w: cost", errPasswordHash)
	}
	if a.memory > 1<<20 || a.time < 1 || a.time > 16 || a.threads < 1 {
		return a, nil, nil, fmt.Errorf("%w: cost out of bounds", errPasswordHash)
	}
	salt, saltErr := base64.RawStdEncoding.Strict().DecodeString(parts[4])
	sum, sumErr := base64.RawStdEncoding.Strict().DecodeString(parts[5])
	if saltErr != nil || sumErr != nil || len(salt) < 8 || len(sum) < 16 || len(sum) > 64 {
		return a, nil, nil, fmt.Errorf("%w: salt or hash", errPasswordHash)
	}
	return a, salt, sum, nil
}

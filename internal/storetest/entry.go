package storetest

import (
	"crypto/sha256"
	"fmt"
	"strconv"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// Epoch is the time of Entry 0; every further one is a millisecond later.
func Epoch() time.Time { return time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC) }

// Entry returns the n-th entry of a site, the same on every call and different
// for every site and n: 100 sealed bytes, two entries in a row by one subject,
// and the three counters that a decision on two categories adds to.
func Entry(site string, n int) consent.Entry {
	e := consent.Entry{
		Site:    site,
		Record:  consent.ID(bits(site, "record", n)),
		Subject: Subject(site, n/2),
		Secret:  consent.Secret(bits(site, "secret", n)),
		Receipt: bits(site, "receipt", n),
		Leaf:    sha256.Sum256([]byte(site + " leaf " + strconv.Itoa(n))),
		Time:    Epoch().Add(time.Duration(n) * time.Millisecond),
		Sealed:  Bytes(site+" sealed "+strconv.Itoa(n), 100),
	}
	e.Counts = counts(e.Time, n)
	return e
}

// Subject returns the n-th subject of a site; Entry n belongs to Subject n/2.
func Subject(site string, n int) consent.ID { return consent.ID(bits(site, "subject", n)) }

// Artefact returns the n-th artefact of a kind, the same on every call.
func Artefact(kind string, n int) consent.Artefact {
	a := consent.Artefact{
		Kind: kind,
		Time: Epoch().Add(time.Duration(n) * time.Minute),
		Body: Bytes(kind+" body "+strconv.Itoa(n), 3000),
	}
	a.Digest = consent.Digest(a.Body)
	a.Leaf = consent.ArtefactLeaf(a)
	return a
}

// Bytes returns n bytes that follow from the seed and take every value.
func Bytes(seed string, n int) []byte {
	out := make([]byte, 0, n+sha256.Size)
	for i := 0; len(out) < n; i++ {
		block := sha256.Sum256(fmt.Appendf(nil, "%s %d", seed, i))
		out = append(out, block[:]...)
	}
	return out[:n:n]
}

func counts(at time.Time, n int) []consent.Count {
	hour, day := consent.HourOf(at, time.UTC), consent.DateOf(at, time.UTC)
	status := []string{"granted", "denied"}[n%2]
	outcome := []string{"accepted", "rejected", "chosen", "withdrawn"}[n%4]
	locale := []string{"en", "de", "fr"}[n%3]
	return []consent.Count{
		{Hour: hour, Day: day, N: 1, Key: consent.CountKey("decided", "auto", "no", "outcome", outcome, "surface", "banner", "locale", locale, "device", "phone")},
		{Hour: hour, Day: day, N: 1, Key: consent.CountKey("status", "auto", "no", "category", "analytics", "status", status)},
		{Hour: hour, Day: day, N: 1, Key: consent.CountKey("status", "auto", "no", "category", "share", "status", "denied")},
	}
}

func bits(site, what string, n int) [16]byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %d", site, what, n))
	return [16]byte(sum[:16])
}

package api

import (
	"cmp"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

const (
	// networks is how many have to agree before anything is shown: what is in one
	// visitor's browser alone says something about that visitor.
	networks = 5
	// maxSeen bounds what is kept of a site, and maxOwn what a single network may
	// bring in of it that no other has confirmed.
	maxSeen, maxOwn = 500, 60
	// seenFor is how long agreement is waited for. Then the salt changes, and what
	// was not confirmed is forgotten.
	seenFor = 7 * 24 * time.Hour
)

// seenLog keeps in memory what gates in report mode have seen, and of each entry
// which networks said so: as salted hashes, until five have. The zero value is
// ready; safe for concurrent use.
type seenLog struct {
	mu    sync.Mutex
	salt  [32]byte
	since time.Time
	sites map[string]map[seenKey]*seenEntry
}

type seenKey struct{ kind, name string }

type seenEntry struct {
	first, last time.Time
	by          []uint64 // hashes of the first networks; full once it is confirmed
}

func (e *seenEntry) confirmed() bool { return len(e.by) == networks }

// add notes that a network has seen entries of a site.
func (l *seenLog) add(site string, from netip.Addr, keys []seenKey, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.renew(now)
	entries := l.sites[site]
	if entries == nil {
		entries = make(map[seenKey]*seenEntry)
		l.sites[site] = entries
	}
	network := l.network(site, from)
	own := 0
	for _, e := range entries {
		if !e.confirmed() && e.by[0] == network {
			own++
		}
	}
	day := now.Truncate(24 * time.Hour)
	for _, key := range keys {
		e := entries[key]
		if e == nil {
			if own == maxOwn || !makeRoom(entries) {
				continue
			}
			own++
			e = &seenEntry{first: day}
			entries[key] = e
		}
		e.last = day
		if !e.confirmed() && !slices.Contains(e.by, network) {
			e.by = append(e.by, network)
		}
	}
}

// renew forgets, when their time is over, the salt and everything under it.
func (l *seenLog) renew(now time.Time) {
	if l.sites != nil && now.Sub(l.since) < seenFor {
		return
	}
	_, _ = rand.Read(l.salt[:]) // never fails since Go 1.24
	l.since = now
	if l.sites == nil {
		l.sites = make(map[string]map[seenKey]*seenEntry)
	}
	for _, entries := range l.sites {
		for key, e := range entries {
			if !e.confirmed() {
				delete(entries, key)
			}
		}
	}
}

// network hashes the prefix of an address, /24 or /48, which is about what one
// household or company has. Without an address all are one network.
func (l *seenLog) network(site string, from netip.Addr) uint64 {
	bits := 24
	if from.Is6() {
		bits = 48
	}
	prefix, _ := from.Prefix(bits) // the zero prefix when there is no address
	mac := hmac.New(sha256.New, l.salt[:])
	mac.Write([]byte(site + " " + prefix.String()))
	return binary.BigEndian.Uint64(mac.Sum(nil))
}

// makeRoom reports whether another entry fits, for which the unconfirmed one goes
// that was not seen for longest.
func makeRoom(entries map[seenKey]*seenEntry) bool {
	if len(entries) < maxSeen {
		return true
	}
	var oldest seenKey
	found := false
	for key, e := range entries {
		if !e.confirmed() && (!found || e.last.Before(entries[oldest].last)) {
			oldest, found = key, true
		}
	}
	delete(entries, oldest)
	return found
}

// list returns what enough networks have seen, by kind and name.
func (l *seenLog) list(site string) []consent.Sighting {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []consent.Sighting
	for key, e := range l.sites[site] {
		if e.confirmed() {
			list = append(list, consent.Sighting{Kind: key.kind, Name: key.name, First: e.first, Last: e.last})
		}
	}
	slices.SortFunc(list, func(a, b consent.Sighting) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	return list
}

package dashboard

import (
	"hash/maphash"
	"net/netip"
	"strings"
	"sync"
	"time"
)

const (
	freeFailures  = 5                // before the first wait
	firstWait     = 2 * time.Second  // doubles with each further failure
	longestWait   = 15 * time.Minute // and stops here
	forgetAfter   = time.Hour        // without a further failure
	mostPrefixes  = 4096             // remembered at once
	triesAtOnce   = 20               // of all prefixes together
	triesEvery    = time.Second      // one more try of all prefixes together
	hashesAtOnce  = 2                // each takes 19 MiB
	prefixBits4   = 24
	prefixBits6   = 48
	unknownPrefix = "unknown"
)

// accountKey begins a key that is no address but an account's name.
const accountKey = "account "

// attempts slows down guessing: per address prefix, per account, and for all
// together. It keeps no address: keys are hashed under a seed of this process, in
// memory, for at most an hour. A flood from many networks makes the operator wait
// as well; that is the price of a bound that no number of addresses gets around.
// Set-up links are not slowed down, so that a locked-out owner has a way in.
type attempts struct {
	seed maphash.Seed
	mu   sync.Mutex
	by   map[uint64]failures
	left float64 // of triesAtOnce
	at   time.Time
}

type failures struct {
	n     int
	until time.Time // no try before
	last  time.Time
}

func newAttempts() *attempts {
	return &attempts{seed: maphash.MakeSeed(), by: make(map[uint64]failures), left: triesAtOnce}
}

// begin asks for one try and says how long to wait when there is none. Keys are
// addresses and accounts.
func (a *attempts) begin(now time.Time, keys ...string) (wait time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, key := range keys {
		wait = max(wait, a.by[a.key(key)].until.Sub(now))
	}
	if wait > 0 {
		return wait
	}
	a.refill(now)
	if a.left < 1 {
		return triesEvery
	}
	a.left--
	return 0
}

func (a *attempts) refill(now time.Time) {
	if !a.at.IsZero() {
		a.left = min(triesAtOnce, a.left+max(0, now.Sub(a.at).Seconds()/triesEvery.Seconds()))
	}
	a.at = now
}

// failed counts a wrong password.
func (a *attempts) failed(now time.Time, keys ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, text := range keys {
		key := a.key(text)
		f := a.by[key]
		if now.Sub(f.last) > forgetAfter {
			f = failures{}
		}
		f.n, f.last = f.n+1, now
		if over := f.n - freeFailures; over >= 0 {
			f.until = now.Add(min(longestWait, firstWait<<min(over, 12)))
		}
		a.makeRoom(key, now)
		a.by[key] = f
	}
}

// succeeded forgets the failures.
func (a *attempts) succeeded(keys ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, key := range keys {
		delete(a.by, a.key(key))
	}
}

// makeRoom drops what is old, and when that is not enough the one that failed
// least recently.
func (a *attempts) makeRoom(key uint64, now time.Time) {
	if _, known := a.by[key]; known || len(a.by) < mostPrefixes {
		return
	}
	oldest, at := uint64(0), now
	for k, f := range a.by {
		if now.Sub(f.last) > forgetAfter {
			delete(a.by, k)
		} else if !f.last.After(at) {
			oldest, at = k, f.last
		}
	}
	if len(a.by) >= mostPrefixes {
		delete(a.by, oldest)
	}
}

func (a *attempts) key(text string) uint64 {
	if !strings.HasPrefix(text, accountKey) {
		text = prefix(text)
	}
	return maphash.String(a.seed, text)
}

func prefix(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return unknownPrefix
	}
	ip = ip.Unmap().WithZone("")
	bits := prefixBits6
	if ip.Is4() {
		bits = prefixBits4
	}
	p, err := ip.Prefix(bits)
	if err != nil {
		return unknownPrefix
	}
	return p.String()
}

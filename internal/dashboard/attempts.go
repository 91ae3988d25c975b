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
	n       int
	until   time.Time // no try before
	last    time.Time
	running int // tries that have begun, and may fail
}

// count is how many failures there are, were every try that runs to fail.
func (f failures) count(now time.Time) int {
	if now.Sub(f.last) > forgetAfter {
		return f.running
	}
	return f.n + f.running
}

func newAttempts() *attempts {
	return &attempts{seed: maphash.MakeSeed(), by: make(map[uint64]failures), left: triesAtOnce}
}

// begin asks for one try and says how long to wait when there is none. Keys are
// addresses and accounts. Who gets one calls end when it is over, after failed or
// succeeded. After the free failures one try runs at a time.
func (a *attempts) begin(now time.Time, keys ...string) (wait time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, key := range keys {
		f := a.by[a.key(key)]
		wait = max(wait, f.until.Sub(now))
		if f.running > 0 && f.count(now) >= freeFailures {
			wait = max(wait, firstWait)
		}
	}
	if wait > 0 {
		return wait
	}
	a.refill(now)
	if a.left < 1 {
		return triesEvery
	}
	a.left--
	for _, key := range keys {
		a.change(key, now, func(f *failures) { f.running++ })
	}
	return 0
}

// end ends a try that had begun.
func (a *attempts) end(now time.Time, keys ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, key := range keys {
		a.change(key, now, func(f *failures) { f.running-- })
	}
}

// change keeps what is worth it.
func (a *attempts) change(text string, now time.Time, how func(*failures)) {
	key := a.key(text)
	f := a.by[key]
	how(&f)
	if f.n == 0 && f.running == 0 {
		delete(a.by, key)
		return
	}
	a.makeRoom(key, now)
	a.by[key] = f
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
	for _, key := range keys {
		a.change(key, now, func(f *failures) {
			if now.Sub(f.last) > forgetAfter {
				*f = failures{running: f.running}
			}
			f.n, f.last = f.n+1, now
			if over := f.n - freeFailures; over >= 0 {
				f.until = now.Add(min(longestWait, firstWait<<min(over, 12)))
			}
		})
	}
}

// succeeded forgets the failures.
func (a *attempts) succeeded(now time.Time, keys ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, key := range keys {
		a.change(key, now, func(f *failures) { *f = failures{running: f.running} })
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
		if f.running > 0 {
			continue
		}
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

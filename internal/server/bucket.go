package server

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"net/netip"
	"sync"
	"time"
)

// buckets is a power of two: two visitors share one with odds of 1 in 65536.
const buckets = 1 << 16

type bucketTable struct {
	hour int64
	salt [32]byte
	all  [buckets]bucket
}

type bucket struct {
	mu     sync.Mutex
	spent  float32 // tokens taken and not yet refilled
	atMS   uint32  // milliseconds into the hour
	inited bool
}

func newBucketTable(seed [32]byte, hour int64) *bucketTable {
	t := &bucketTable{hour: hour}
	mac := hmac.New(sha256.New, seed[:])
	var h [8]byte
	binary.BigEndian.PutUint64(h[:], uint64(hour))
	mac.Write(h[:])
	mac.Sum(t.salt[:0])
	return t
}

func (t *bucketTable) bucket(addr netip.Addr) *bucket {
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	prefix, err := addr.Prefix(bits)
	if err != nil {
		prefix = netip.PrefixFrom(addr, addr.BitLen())
	}
	mac := hmac.New(sha256.New, t.salt[:])
	b := prefix.Addr().As16()
	mac.Write(b[:])
	var out [32]byte
	mac.Sum(out[:0])
	return &t.all[binary.BigEndian.Uint32(out[:4])%buckets]
}

// take spends one token of burst, which refill at rate a second.
func (b *bucket) take(now time.Time, rate, burst float64) bool {
	ms := uint32(now.UnixMilli() % int64(time.Hour/time.Millisecond))
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.inited && ms > b.atMS {
		b.spent = max(0, b.spent-float32(float64(ms-b.atMS)/1000*rate))
	}
	b.inited, b.atMS = true, ms
	if float64(b.spent)+1 > burst {
		return false
	}
	b.spent++
	return true
}

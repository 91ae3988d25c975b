package experiment

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"time"
)

const day = 24 * time.Hour

// Washout is how much of a block's beginning is left out: counters are hourly, and
// in the first hour pages that were opened in the block before are still answered.
// Caches keep a gate for less, see internal/api.
const Washout = time.Hour

// Schedule says which variant is shown when. Everybody who knows the seed gets the
// same answer; nobody else can foresee it.
type Schedule struct {
	Seed  []byte
	Start time.Time
	Block time.Duration // of at most a day, which it divides
}

// Block is a stretch of time with one variant.
type Block struct {
	From, To time.Time
	Variant  bool // else the site as it is configured
	Pair     int  // from 0
}

// Begin is when counting in the block begins.
func (b Block) Begin() time.Time { return b.From.Add(Washout) }

// At finds the block that an instant belongs to; there is none before the start.
func (s Schedule) At(t time.Time) (Block, bool) {
	if t.Before(s.Start) {
		return Block{}, false
	}
	n := int(t.Sub(s.Start) / s.Block)
	perDay := s.perDay()
	onDay, slot := n/perDay, n%perDay
	return s.Pair(onDay/2*perDay + slot)[onDay%2], true
}

// Pair returns the two blocks of a pair: at the same hours of two days in a row.
// Pairs with higher numbers end later. Those with negative numbers lie before the
// start, where nothing was compared yet.
func (s Schedule) Pair(n int) [2]Block {
	perDay := s.perDay()
	slot := ((n % perDay) + perDay) % perDay
	cycle := (n - slot) / perDay
	from := s.Start.Add(time.Duration(cycle) * 2 * day).Add(time.Duration(slot) * s.Block)
	first := s.coin(n)
	return [2]Block{
		{From: from, To: from.Add(s.Block), Variant: first, Pair: n},
		{From: from.Add(day), To: from.Add(day + s.Block), Variant: !first, Pair: n},
	}
}

// Complete is how many pairs have ended at an instant.
func (s Schedule) Complete(now time.Time) int {
	perDay := s.perDay()
	n := max(0, int(now.Sub(s.Start)/(2*day))) * perDay
	for !s.Pair(n)[1].To.After(now) {
		n++
	}
	return n
}

// Lasts is how long it takes until n pairs are complete.
func (s Schedule) Lasts(n int) time.Duration {
	if n <= 0 {
		return 0
	}
	return s.Pair(n - 1)[1].To.Sub(s.Start)
}

func (s Schedule) perDay() int { return int(day / s.Block) }

func (s Schedule) coin(pair int) bool {
	mac := hmac.New(sha256.New, s.Seed)
	_ = binary.Write(mac, binary.BigEndian, int64(pair)) // a hash takes everything
	return mac.Sum(nil)[0]&1 == 1
}

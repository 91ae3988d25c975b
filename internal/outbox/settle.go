package outbox

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// unsigned is how many times Settle an entry stays without a checkpoint where it
// may leave without one.
const unsigned = 10

// lateAfter is after how many times Settle an entry that still stays is worth a
// complaint.
const lateAfter = 3

// Settled says how many entries of each site's log a checkpoint covers. Entries of
// sites that are not named, as of one that is not served any more, wait for no
// checkpoint.
func (s *Store) Settled(sizes map[string]int64) {
	s.mu.Lock()
	s.settled = maps.Clone(sizes)
	s.mu.Unlock()
	s.complain()
}

// stays reports whether something that the store has just taken is kept here: where
// the store can still lose it.
func (s *Store) stays(ctx context.Context) bool {
	if s.options.First {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, s.options.Patience)
	defer cancel()
	promise, err := s.Store.Health(ctx)
	return err != nil || promise != consent.Durable
}

// settle lets go of what has been in the store for long enough, after asking for
// it once more: what is not there any more is appended again.
func (s *Store) settle(ctx context.Context) {
	for ctx.Err() == nil {
		now := s.options.Now()
		due := s.ledger.due(now.Add(-s.options.Settle), s.covered(now), handSize)
		if len(due) == 0 || !s.confirm(ctx, due) {
			break
		}
	}
	s.writer.nudge()
}

// covered returns a function that reports whether an item has its checkpoint, or
// needs none.
//
// A log that is not signed, because it refuses or its site is not served any more,
// must not fill the outbox until grants are refused: what the store has kept for
// unsigned times Settle leaves without a checkpoint when its site is not served or
// the outbox is half full, and sooner when it is full by three quarters.
func (s *Store) covered(now time.Time) func(*item) bool {
	s.mu.Lock()
	settled := s.settled
	s.mu.Unlock()
	full, old := s.writer.filled(), now.Add(-unsigned*s.options.Settle)
	return func(i *item) bool {
		size, served := settled[i.site]
		switch {
		case !s.options.First || !s.options.Checkpoints || i.kind != recordFrame || i.index < size:
			return true
		case settled == nil: // nothing is known of any log yet
			return false
		}
		return full >= 0.75 || (full >= 0.5 || !served) && i.keptAt.Before(old)
	}
}

func (s *Store) confirm(ctx context.Context, due []*item) bool {
	if s.hold(ctx) != nil {
		return false
	}
	defer s.unhold()
	lost := 0
	err := s.offerAll(ctx, due, func(i *item, stored consent.Stored, dup bool) {
		if i.kind == recordFrame && (!dup || stored.Index != i.index) {
			lost++
			s.ledger.keep(i, stored.Index, s.options.Now(), true)
			return
		}
		s.ledger.withdraw(i)
		if !s.signed(i) {
			s.unsigned.Add(1)
		}
	})
	s.regret(lost)
	if err != nil {
		s.trip(ctx, fmt.Errorf("settle: %w", err))
	}
	return err == nil
}

// signed reports whether a checkpoint covers an item that has to have one.
func (s *Store) signed(i *item) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.options.First || !s.options.Checkpoints || i.kind != recordFrame || i.index < s.settled[i.site]
}

// regret counts and logs what the store had and has lost.
func (s *Store) regret(records int) {
	if records == 0 {
		return
	}
	s.again.Add(int64(records))
	s.options.Log.Warn("the store lacked records that it had acknowledged, as after a failover; they were appended again", "records", records)
}

// complaints are what the log was told of entries that lack a checkpoint.
type complaints struct {
	late     bool
	unsigned int64
	at       time.Time
}

// complain tells the log when entries stay for want of a checkpoint, and how many
// have left without one, at most once a minute.
func (s *Store) complain() {
	st, now := s.Status(), s.options.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &s.complaints
	if st.Late != c.late {
		if c.late = st.Late; st.Late {
			s.options.Log.Error("no checkpoint covers what the outbox keeps: a transparency log is not signed, and the outbox fills",
				"kept", st.Kept, "oldest", st.KeptOldest.Round(time.Second).String(), "bytes", st.Bytes, "limit", st.Limit)
		} else {
			s.options.Log.Info("checkpoints cover what the outbox keeps again")
		}
	}
	if n := st.Unsigned - c.unsigned; n > 0 && now.Sub(c.at) >= time.Minute {
		s.options.Log.Error("records left the outbox without a checkpoint, to make room or because their site is not served here: "+
			"the store has them, and a failover that loses them would go unnoticed until the log is signed again", "records", n)
		c.unsigned, c.at = st.Unsigned, now
	}
}

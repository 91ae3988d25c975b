package outbox

import (
	"errors"
	"fmt"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// loader fills a ledger from the files.
type loader struct {
	ledger   *ledger
	broken   []*item                 // whose secrets are neither whole nor gone
	erasures map[recordKey]time.Time // what the files say was erased
	damaged  []lost
}

// lost is damage in a file.
type lost struct {
	file string
	damage
}

func (l *loader) damage(s *segment, d damage) {
	l.damaged = append(l.damaged, lost{s.file.Name(), d})
}

// item takes in one frame. A record that is there twice, as after an answer that
// was lost, waits twice; the store tells them apart.
func (l *loader) item(s *segment, at int64, size int, f frame, broken bool) error {
	i := newItem(f)
	close(i.ready)
	i.segment, i.at, i.size, i.stage = s, at, size, waiting
	l.ledger.waiting = append(l.ledger.waiting, i)
	s.live++
	switch f.kind {
	case recordFrame:
		l.ledger.records[recordKey{i.site, i.record}] = i
		l.ledger.belongs(i)
		if f.erased {
			i.erasedAt = f.entry.Time // until an erasure says when
		}
		if broken {
			l.broken = append(l.broken, i)
		}
	case artefactFrame:
		l.ledger.artefacts[artefactKey{i.site, i.digest}] = i
	case erasureFrame:
		if l.erasures == nil {
			l.erasures = make(map[recordKey]time.Time)
		}
		for _, e := range f.erasures {
			l.erasures[recordKey{f.site, e.Record}] = e.Time
		}
	}
	return nil
}

// finish carries out the erasures that a crash has interrupted. A record whose
// secrets are broken without one is lost: it cannot be opened any more, and nobody
// has erased it.
func (l *loader) finish(d disk) error {
	for _, i := range l.ledger.waiting {
		at, erased := l.erasures[recordKey{i.site, i.record}]
		if i.kind != recordFrame || !erased {
			continue
		}
		i.erasedAt = at
		if err := errors.Join(i.segment.blot(i.at, d), d.sync(i.segment.file)); err != nil {
			return err
		}
	}
	for _, i := range l.broken {
		if _, erased := l.erasures[recordKey{i.site, i.record}]; !erased {
			l.damage(i.segment, damage{i.at, int64(i.size)})
			l.ledger.withdraw(i)
		}
	}
	return nil
}

// newItem describes a frame.
func newItem(f frame) *item {
	i := &item{kind: f.kind, site: f.site, index: -1, ready: make(chan struct{})}
	switch f.kind {
	case recordFrame:
		i.record, i.subject, i.made = f.entry.Record, f.entry.Subject, f.entry.Time
	case artefactFrame:
		i.digest, i.made = f.artefact.Digest, f.artefact.Time
	case erasureFrame:
		for _, e := range f.erasures {
			i.made = e.Time
		}
	}
	return i
}

// stored is a record as the outbox holds it.
func (i *item) stored() (consent.Stored, error) {
	f, err := i.segment.read(i.at, i.size)
	if err != nil {
		return consent.Stored{}, fmt.Errorf("%w: %w", consent.ErrUnavailable, err)
	}
	f.entry.Counts = nil
	return consent.Stored{Entry: f.entry, Index: -1, Erased: f.erased}, nil
}

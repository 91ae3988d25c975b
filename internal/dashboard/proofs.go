package dashboard

import (
	"context"
	"fmt"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// promises is what the words of consent.Durability mean for an operator.
var promises = map[consent.Durability]string{
	consent.Durable:  "durable: it was on a disk before the visitor had the answer.",
	consent.EverySec: "everysec: it is on a disk within about a second; a crash of Redis may lose the last one.",
	consent.Volatile: "volatile: it is in memory only, and a restart or a full memory of Redis may lose it.",
	consent.Unstated: "unknown: this Redis does not say what it keeps, and nobody has declared it.",
}

// proofsFor is proofs without what of it is other sites' business.
func (d *Dashboard) proofsFor(c echo.Context) templates.Proofs {
	p := d.proofs(c.Request().Context())
	if p.Trouble != "" && !viewerOf(c).scope.All {
		p.Trouble = "The store or this server’s disk needs looking after; an owner of all sites sees what it is."
	}
	return p
}

// proofs asks the store and the outbox what they can promise now.
func (d *Dashboard) proofs(ctx context.Context) (p templates.Proofs) {
	promise, err := d.Store.Health(ctx)
	p.Promise = promises[promise]
	if err != nil {
		p.Trouble = "Nothing can be granted now: " + err.Error()
	}
	if d.Outbox == nil {
		return p
	}
	s := d.Outbox()
	switch oldest := s.Oldest.Round(time.Second); {
	case s.Failed:
		p.Trouble = "The outbox has failed; restart this server when its disk is mended. " + s.Why
	case err == nil && s.Away:
		p.Trouble = fmt.Sprintf("The store is slow or away. %d items wait on this server’s disk, the oldest for %s; they take %d of %d MB. %s",
			s.Waiting, oldest, s.Bytes>>20, s.Limit>>20, s.Why)
	case err == nil && s.Late:
		p.Trouble = fmt.Sprintf("A transparency log is not signed, so that this server’s disk keeps %d records that the store has, the oldest for %s; they take %d of %d MB. The log and /readyz say why.",
			s.Kept, s.KeptOldest.Round(time.Second), s.Bytes>>20, s.Limit>>20)
	case err == nil && s.Stuck > 0:
		p.Trouble = fmt.Sprintf("The store refuses %d items that wait on this server’s disk, the oldest for %s, although it takes others; the log says why.", s.Stuck, oldest)
	}
	return p
}

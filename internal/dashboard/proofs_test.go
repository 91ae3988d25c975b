package dashboard_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/dashboard"
	"github.com/consentry/consentry/internal/outbox"
)

// promisingStore answers Health as told.
type promisingStore struct {
	consent.Store
	promise consent.Durability
	err     error
}

func (p promisingStore) Health(context.Context) (consent.Durability, error) { return p.promise, p.err }

// The overview says what an acknowledged decision is worth, and what an operator
// has to look at.
func TestTheOverviewSaysWhatIsPromised(t *testing.T) {
	away := outbox.Status{Away: true, Why: "connection refused", Waiting: 12, Oldest: 90 * time.Second, Bytes: 3 << 20, Limit: 256 << 20}
	for _, c := range []struct {
		promise consent.Durability
		err     error
		outbox  func() outbox.Status
		want    []string
	}{
		{consent.Durable, nil, nil, []string{"durable: it was on a disk"}},
		{consent.EverySec, nil, nil, []string{"everysec: it is on a disk within about a second"}},
		{consent.Volatile, nil, nil, []string{"volatile: it is in memory only"}},
		{consent.Unstated, nil, nil, []string{"unknown: this Redis does not say"}},
		{"", consent.ErrUnavailable, nil, []string{"Nothing can be granted now", consent.ErrUnavailable.Error()}},
		{consent.Durable, nil, func() outbox.Status { return outbox.Status{} }, []string{"durable: it was on a disk"}},
		{consent.Durable, nil, func() outbox.Status { return away }, []string{"12 items wait", "for 1m30s", "3 of 256 MB", "connection refused"}},
		{consent.Durable, nil, func() outbox.Status { return outbox.Status{Stuck: 2} }, []string{"refuses 2 items"}},
		{consent.Durable, nil, func() outbox.Status { return outbox.Status{Failed: true, Why: "input/output error"} }, []string{"The outbox has failed", "input/output error"}},
	} {
		d := newDesk(t)
		d.change(func(o *dashboard.Options) {
			o.Store, o.Outbox = promisingStore{d.store, c.promise, c.err}, c.outbox
		})
		d.in()
		page := d.get("/admin/")
		for _, want := range c.want {
			d.want(page, http.StatusOK, want)
		}
	}
}

package redisstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/consentry/consentry/internal/consent"
)

// bounded sets what this package relies on: no hidden retries, which would add
// up to more than the promised time, and no connection that outlives a timeout.
func (s *Store) bounded(u *redis.UniversalOptions) *redis.UniversalOptions {
	u.MaxRetries = -1
	u.DialerRetries = 1
	u.DialTimeout = s.options.DialTimeout
	u.ReadTimeout = s.options.Timeout
	u.WriteTimeout = s.options.Timeout
	u.PoolTimeout = s.options.Timeout
	u.ContextTimeoutEnabled = true
	u.PoolSize = s.options.Flushers + syncFlushers + 16
	u.PipelinePoolSize = -1
	u.DisableIdentity = true
	u.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	u.OnConnect = func(ctx context.Context, conn *redis.Conn) error {
		s.connections.Add(1)
		s.health.expire()
		return s.met.meet(ctx, conn)
	}
	return u
}

// errCut is a stream of which the newest elements were deleted: it gives their ids to no
// others, and goes on behind them.
var errCut = errors.New("the newest entries of the site's log were deleted from redis, which takes others in their places only together: " +
	"what comes waits in the outbox until there are enough. Put back redis' files that still have them, or, if those entries are lost for good, " +
	"set the log's stream back to its newest element: redis-cli XSETID 'l:{SITE}' ID")

// unavailable wraps whatever kept Redis from answering or from writing: all of
// it (lost connections, OOM, READONLY, NOAUTH, LOADING, MISCONF, …) means that
// nothing can be promised now.
func unavailable(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, consent.ErrUnavailable):
		return err
	case strings.Contains(err.Error(), "NEWERSCHEMA"):
		return fmt.Errorf("%w: %w", consent.ErrUnavailable, ErrNewer)
	case strings.Contains(err.Error(), "XADD is equal or smaller"):
		return fmt.Errorf("%w: %w", consent.ErrUnavailable, errCut)
	}
	return fmt.Errorf("%w: redis: %w", consent.ErrUnavailable, err)
}

// refuses tells a Redis that will never serve this program as it is configured
// from one that may come back by itself.
func refuses(err error) bool {
	for _, prefix := range []string{"WRONGPASS", "NOAUTH", "NOPERM", "AUTH", "DB index", "unknown command"} {
		if redis.HasErrorPrefix(err, prefix) {
			return true
		}
	}
	return errors.Is(err, errTooOld)
}

// driverLog keeps the driver from writing to standard error.
type driverLog struct{ log *slog.Logger }

func (l driverLog) Printf(ctx context.Context, format string, v ...any) {
	l.log.DebugContext(ctx, "redis driver", "says", fmt.Sprintf(format, v...))
}

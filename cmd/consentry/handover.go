package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/outbox"
)

// handPatience is for how long a store may take nothing of an outbox before that
// counts as an error.
const handPatience = 15 * time.Second

// handOver brings all that the outbox holds into the store, which no server may use.
// It stays in the outbox as well: the old store can still lose it, and whichever
// store the server is started on next is asked for it once more.
func handOver(ctx context.Context, env environment, config ServerConfig) (err error) {
	dir := outboxDir(config)
	if !outbox.Holds(dir) {
		return nil
	}
	store, err := openBare(ctx, env, config, false)
	if err != nil {
		return err
	}
	front, err := outbox.Open(dir, store, outbox.Options{
		First: true, Checkpoints: true, Limit: int64(config.Outbox.LimitMB) << 20, Now: env.now,
		Log: slog.New(slog.NewTextHandler(env.stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		return errors.Join(err, store.Close())
	}
	defer func() { err = errors.Join(err, front.Close()) }()
	return awaitHandedOver(ctx, front, dir)
}

func awaitHandedOver(ctx context.Context, front *outbox.Store, dir string) error {
	last, since := -1, time.Now()
	for {
		st := front.Status()
		rest := st.Waiting - st.Stuck
		switch {
		case !st.Away && st.Waiting == 0:
			return nil
		case !st.Away && rest == 0:
			return refusedError(dir, front.Refused())
		case rest != last:
			last, since = rest, time.Now()
		case time.Since(since) > handPatience:
			return fmt.Errorf("%s in %s for the store, which takes none: %s. Nothing was copied; see that the store answers, and give the command again",
				counted64(int64(st.Waiting), "item waits", "items wait"), dir, st.Why)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// maxRefused is how many refused items an error names.
const maxRefused = 10

// refusedError names what the store refuses, and why.
func refusedError(dir string, list []outbox.Refused) error {
	var b strings.Builder
	for i, r := range list {
		if i == maxRefused {
			fmt.Fprintf(&b, "\n  and %d more", len(list)-i)
			break
		}
		what := "an erasure"
		if r.Record != (consent.ID{}) {
			what = "record " + r.Record.String()
		} else if r.Artefact != "" {
			what = "artefact " + r.Artefact
		}
		fmt.Fprintf(&b, "\n  site %s, %s: %v", r.Site, what, r.Err)
	}
	return fmt.Errorf("the store refuses %s in %s, which the other store would lack:%s\nNothing was copied. Mend what it says, and give the command again",
		counted64(int64(len(list)), "item", "items"), dir, b.String())
}

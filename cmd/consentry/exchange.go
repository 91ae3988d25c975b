package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/consentry/consentry/internal/sqlitestore"
)

// exchange is the embedded store of a running server giving way to a backup. The
// server ends as on a stop, but for its listeners and its socket, and begins anew on
// the other file, so that nothing it knew of the old one outlives that. Whoever
// connects in between waits for the answer. When anything fails it begins anew on
// the old file.
type exchange struct {
	draft *sqlitestore.Draft
	older bool   // entries that the backup lacks may be lost
	from  string // the backup
	path  string

	begun   bool // on whichever file
	failed  error
	outcome chan exchanged // holds one
}

type exchanged struct {
	bench *workbench // of the server that has begun
	err   error
}

// take puts the backup in the place of the store, which is closed.
func (x *exchange) take(ctx context.Context) error {
	if !x.older {
		if err := lost(ctx, x.from, x.path); err != nil {
			return err
		}
	}
	return x.draft.TakePlace(ctx)
}

// restored reports whether the backup took the place and nothing has begun on it yet.
func (x *exchange) restored() bool { return x != nil && !x.begun && x.failed == nil }

// tell ends the exchange for who asked for it.
func (x *exchange) tell(bench *workbench) {
	x.begun = true
	x.outcome <- exchanged{bench, x.failed}
}

// runner is what of a running server outlives an exchange of its store.
type runner struct {
	env       environment
	config    ServerConfig
	log       *slog.Logger
	hangup    chan os.Signal
	ready     func(running) // called once
	exchanges chan *exchange
	ended     chan struct{}

	public, admin keptListener
	listening     bool
	control       *control
}

// run serves until ctx ends, on one store after the other.
func (r *runner) run(ctx context.Context) error {
	defer r.close()
	var now *exchange
	for {
		next, err := r.serve(ctx, now)
		if ctx.Err() != nil && now != nil && !now.begun {
			return nil // it was stopped, and begins on that file when it is started
		}
		if now.restored() {
			r.log.Error("the server does not start on the restored store; the one before is put back", "error", err)
			now.failed = err
			if err := now.draft.PutBack(); err != nil {
				return errors.Join(now.failed, err)
			}
			continue
		}
		if next == nil || ctx.Err() != nil {
			return err
		}
		if err != nil {
			r.log.Warn("the server did not end in order before its store was exchanged", "error", err)
		}
		now = next
		if now.failed = now.take(context.WithoutCancel(ctx)); now.failed == nil {
			r.log.Info("the store is the restored one from now on", "backup", now.from)
		}
	}
}

// ask has the store exchanged, and returns what the server works with afterwards.
func (r *runner) ask(x *exchange) (*workbench, error) {
	x.outcome = make(chan exchanged, 1)
	select {
	case r.exchanges <- x:
	case <-r.ended:
		return nil, errors.New("the server is being stopped")
	}
	select {
	case out := <-x.outcome:
		if out.err != nil {
			return nil, fmt.Errorf("the server goes on with the store that it had: %w", out.err)
		}
		return out.bench, nil
	case <-r.ended:
		return nil, errors.New("the server is being stopped; when it starts, its log says which store it has")
	}
}

// await returns a context that ends with ctx or when an exchange is asked for. asked
// ends it, too, and returns that exchange, once.
func (r *runner) await(ctx context.Context) (serving context.Context, asked func() *exchange) {
	serving, stop := context.WithCancel(ctx)
	found := make(chan *exchange, 1)
	go func() {
		defer close(found)
		select {
		case x := <-r.exchanges:
			found <- x
			stop()
		case <-serving.Done():
		}
	}()
	return serving, func() *exchange { stop(); return <-found }
}

// listen opens both listeners when they are not open yet.
func (r *runner) listen(ctx context.Context) error {
	if r.listening {
		return nil
	}
	public, admin, err := listen(ctx, r.config)
	if err == nil {
		r.public, r.admin, r.listening = keptListener{public}, keptListener{admin}, true
	}
	return err
}

// takeCommands opens the socket, or has it work with another store from now on. A
// server without it serves all the same: visitors must not suffer for it.
func (r *runner) takeCommands(ctx context.Context, bench workbench) {
	if r.control != nil {
		r.control.use(bench)
		return
	}
	c, err := openControl(ctx, bench, r.log)
	if err != nil {
		r.log.Error("commands that write cannot be taken while this server runs", "error", err)
		return
	}
	r.control = c
}

// endCommands ends those that run and waits for them, while there is a store.
func (r *runner) endCommands() {
	select {
	case <-r.ended:
		return
	default:
	}
	close(r.ended)
	if r.control != nil {
		r.control.close()
	}
}

func (r *runner) close() {
	r.endCommands()
	if r.listening {
		_, _ = r.public.Close(), r.admin.Close()
	}
}

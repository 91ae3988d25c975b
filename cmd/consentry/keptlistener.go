package main

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// keptListener goes on listening when a server that took turns on it has ended: who
// connects then is answered by the next.
type keptListener struct{ *net.TCPListener }

// turn returns it for one server, which may close it. There is one turn at a time.
// The turn that ends with ctx is the last, and whoever connects then is refused.
func (l keptListener) turn(ctx context.Context) net.Listener {
	_ = l.SetDeadline(time.Time{})
	return &listenerTurn{keptListener: l, last: ctx.Done()}
}

type listenerTurn struct {
	keptListener
	last      <-chan struct{}
	over      atomic.Bool
	accepting sync.Mutex
}

func (t *listenerTurn) Accept() (net.Conn, error) {
	t.accepting.Lock()
	defer t.accepting.Unlock()
	if t.over.Load() {
		return nil, net.ErrClosed
	}
	conn, err := t.TCPListener.Accept()
	if err != nil && t.over.Load() {
		err = net.ErrClosed
	}
	return conn, err
}

// Close ends the turn, and returns when nothing is accepted in it any more.
func (t *listenerTurn) Close() error {
	t.over.Store(true)
	_ = t.SetDeadline(time.Now())
	t.accepting.Lock()
	defer t.accepting.Unlock()
	select {
	case <-t.last:
		if err := t.TCPListener.Close(); !errors.Is(err, net.ErrClosed) { // the server closes it, too
			return err
		}
		return nil
	default:
		return nil
	}
}

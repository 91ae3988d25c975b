package server

import (
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// unspoken are connections on which nothing has come yet. The standard library's
// server that is being shut down closes them without an answer, also when a request
// is on its way.
type unspoken struct {
	conns sync.Map
	n     atomic.Int64
}

func (u *unspoken) note(c net.Conn, state http.ConnState) {
	if state == http.StateNew {
		u.conns.Store(c, true)
		u.n.Add(1)
	} else if _, was := u.conns.LoadAndDelete(c); was {
		u.n.Add(-1)
	}
}

// awaitRequests bounds how long requests are waited for on connections that were made
// before the end; browsers also make some ahead of time.
const awaitRequests = time.Second

// end takes no more connections, and waits for the first requests on those it has.
func (s *Server) end(listeners ...net.Listener) {
	for _, l := range listeners {
		_ = l.Close() // what else it could not close, the system does
	}
	s.public.SetKeepAlivesEnabled(false)
	s.admin.SetKeepAlivesEnabled(false)
	const step = 5 * time.Millisecond
	for waited := time.Duration(0); s.unspoken.n.Load() > 0 && waited < awaitRequests; waited += step {
		time.Sleep(step)
	}
}

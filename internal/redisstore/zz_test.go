package redisstore

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

func cpu(t *testing.T, s *Store) (user, sys float64) {
	for _, l := range strings.Split(s.client.Info(t.Context(), "cpu").Val(), "\r\n") {
		if v, ok := strings.CutPrefix(l, "used_cpu_sys:"); ok {
			sys, _ = strconv.ParseFloat(v, 64)
		}
		if v, ok := strings.CutPrefix(l, "used_cpu_user:"); ok {
			user, _ = strconv.ParseFloat(v, 64)
		}
	}
	return
}

func self() float64 {
	var r syscall.Rusage
	syscall.Getrusage(0, &r)
	return float64(r.Utime.Sec+r.Stime.Sec) + float64(r.Utime.Usec+r.Stime.Usec)/1e6
}

func TestZZ(t *testing.T) {
	server := storetest.StartRedis(t, "--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0")
	o := Options{Queue: 64}
	o.Flushers, _ = strconv.Atoi(os.Getenv("F"))
	s := opened(t, server.URL(), o)
	next := atomic.Int64{}
	c := newCeiling(s)
	list := make([]consent.Entry, 200000)
	for i := range list {
		list[i] = single(i)
	}
	work := func() { s.Append(t.Context(), list[next.Add(1)]) }
	inParallel(20000, work)
	const n = 4096 * 4
	var at, ct time.Duration
	var v [6]float64
	for range 8 {
		u, y := cpu(t, s)
		g := self()
		at += inParallel(n, work)
		u2, y2 := cpu(t, s)
		g2 := self()
		ct += inParallel(n, c.add)
		u3, y3 := cpu(t, s)
		g3 := self()
		v[0] += u2 - u
		v[1] += y2 - y
		v[2] += g2 - g
		v[3] += u3 - u2
		v[4] += y3 - y2
		v[5] += g3 - g2
	}
	for i := range v {
		v[i] *= 1e6 / (8 * n)
	}
	fmt.Printf("append %.0f/s: redis user %.1f sys %.1f, go %.1f us; ceil %.0f/s: redis user %.1f sys %.1f, go %.1f us; ratio %.2f\n", 8*n/at.Seconds(), v[0], v[1], v[2], 8*n/ct.Seconds(), v[3], v[4], v[5], ct.Seconds()/at.Seconds())
	c.close()
}

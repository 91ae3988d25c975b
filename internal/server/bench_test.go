package server_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/storetest"
)

const (
	benchClients = 64
	benchCalls   = 12800 // of one kind before the other kind's turn
)

// client is a browser without the browser: it writes a request and reads the
// answer's length, so that the server has the cores.
type client struct {
	conn net.Conn
	in   *bufio.Reader
}

func dial(b *testing.B, address string) *client {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	return &client{conn: conn, in: bufio.NewReaderSize(conn, 16<<10)}
}

// call sends one request and returns the answer's status.
func (c *client) call(request []byte) (status int, err error) {
	if _, err := c.conn.Write(request); err != nil {
		return 0, err
	}
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, err
	}
	length := 0
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		if len(line) <= 2 {
			break
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, err
			}
		}
	}
	_, err = io.CopyN(io.Discard, c.in, int64(length))
	return status, err
}

// fleet is the clients of one server, taken by whoever is free.
type fleet chan *client

func newFleet(b *testing.B, address string) fleet {
	f := make(fleet, benchClients)
	for range benchClients {
		f <- dial(b, address)
	}
	return f
}

func (f fleet) call(request []byte, want int) error {
	c := <-f
	status, err := c.call(request)
	if err != nil {
		return err
	}
	f <- c
	if status != want {
		return fmt.Errorf("status %d, want %d", status, want)
	}
	return nil
}

func rounds(b *testing.B, call func(i int) error) storetest.Load {
	load, err := storetest.RunLoad(benchClients, benchCalls, call)
	if err != nil {
		b.Fatal(err)
	}
	return load
}

// cost is what calls took of this process, their clients included: unlike their rate it
// hardly follows what else the machine does.
type cost struct {
	calls         int
	cpu           time.Duration
	bytes, allocs uint64
}

func (c *cost) of(run func() storetest.Load) storetest.Load {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cpu := storetest.ProcessorTime()
	load := run()
	c.cpu += storetest.ProcessorTime() - cpu
	runtime.ReadMemStats(&after)
	c.calls += load.Calls
	c.bytes += after.TotalAlloc - before.TotalAlloc
	c.allocs += after.Mallocs - before.Mallocs
	return load
}

func (c *cost) microseconds() float64 { return float64(c.cpu.Nanoseconds()) / 1000 / float64(c.calls) }

func (c *cost) report(b *testing.B) {
	b.ReportMetric(c.microseconds(), "cpu-µs")
	b.ReportMetric(float64(c.bytes)/float64(c.calls), "B/decision")
	b.ReportMetric(float64(c.allocs)/float64(c.calls), "allocs/decision")
}

func decisionRequest(b *testing.B, rendering string) []byte {
	body := strings.Replace(decision(newID(b), rendering, "accept-all", "granted"), `"scope":"keep",`,
		`"scope":"keep","gpc":false,"dnt":false,"webdriver":false,"untrusted":false,"after_ms":1200,`, 1)
	return fmt.Appendf(nil, "POST /privacy/decisions HTTP/1.1\r\nHost: shop.example\r\nOrigin: https://shop.example\r\n"+
		"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36\r\n"+
		"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// BenchmarkDecisions reports durable decisions a second through HTTP by 64
// clients, on the embedded store, beside SQLite's own group commit of 64 writers
// without HTTP: rows of 200 bytes that are found by a random id, as a store that
// notices a record sent twice must have them, and bare rows, the most that SQLite
// can do. A handler that reads a POST and answers is the ceiling of HTTP. All
// take turns in one run.
func BenchmarkDecisions(b *testing.B) {
	dir := b.TempDir()
	writeSite(b, dir, "shop.yaml", shopYAML)
	r := newBenchRig(b, dir)
	visitors := newFleet(b, r.public.Listener.Addr().String())
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusCreated)
	}))
	b.Cleanup(bare.Close)
	posters := newFleet(b, bare.Listener.Addr().String())
	keyed, bareRows := openCeiling(b, true), openCeiling(b, false)
	rendering := r.site(b, "shop").Rendering
	var recorded, committed, appended, answered storetest.Load
	var whole, idle cost
	for b.Loop() {
		requests := make([][]byte, benchCalls)
		for i := range requests {
			requests[i] = decisionRequest(b, rendering)
		}
		recorded = recorded.Add(whole.of(func() storetest.Load {
			return rounds(b, func(i int) error { return visitors.call(requests[i], http.StatusCreated) })
		}))
		committed = committed.Add(rounds(b, func(int) error { keyed.Write(); return nil }))
		appended = appended.Add(rounds(b, func(int) error { bareRows.Write(); return nil }))
		answered = answered.Add(idle.of(func() storetest.Load {
			return rounds(b, func(i int) error { return posters.call(requests[i], http.StatusCreated) })
		}))
	}
	whole.report(b)
	b.ReportMetric(idle.microseconds(), "http-cpu-µs")
	b.ReportMetric(recorded.PerSecond(), "decisions/s")
	b.ReportMetric(float64(recorded.Percentile(50).Microseconds()), "p50-µs")
	b.ReportMetric(float64(recorded.Percentile(99).Microseconds()), "p99-µs")
	b.ReportMetric(committed.PerSecond(), "store-ceiling/s")
	b.ReportMetric(appended.PerSecond(), "bare-rows/s")
	b.ReportMetric(answered.PerSecond(), "http-ceiling/s")
	b.ReportMetric(recorded.PerSecond()/committed.PerSecond(), "of-store-ceiling")
	b.ReportMetric(recorded.PerSecond()/appended.PerSecond(), "of-bare-rows")
	b.ReportMetric(0, "ns/op")
}

func openCeiling(b *testing.B, keyed bool) *storetest.Ceiling {
	c, err := storetest.OpenCeiling(b.TempDir(), keyed)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	return c
}

// BenchmarkGate reports GET gate.js beside a bare net/http handler that writes
// the same bytes, brotli and not modified included.
func BenchmarkGate(b *testing.B) {
	dir := b.TempDir()
	writeSite(b, dir, "shop.yaml", shopYAML)
	r := newBenchRig(b, dir)
	visitors := newFleet(b, r.public.Listener.Addr().String())
	body, digest := r.site(b, "shop").GateBytes()
	var sent atomic.Pointer[[]byte]
	sent.Store(&body)
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		w.Header().Set("Content-Length", strconv.Itoa(len(*sent.Load())))
		_, _ = w.Write(*sent.Load())
	}))
	b.Cleanup(bare.Close)
	readers := newFleet(b, bare.Listener.Addr().String())
	get := func(extra string) []byte {
		return []byte("GET /privacy/gate.js HTTP/1.1\r\nHost: shop.example\r\n" + extra + "\r\n")
	}
	for _, test := range []struct {
		name, header string
		status       int
	}{
		{"plain", "", http.StatusOK},
		{"brotli", "Accept-Encoding: gzip, br\r\n", http.StatusOK},
		{"not-modified", `If-None-Match: "` + digest[:16] + "\"\r\n", http.StatusNotModified},
	} {
		b.Run(test.name, func(b *testing.B) {
			request := get(test.header)
			same := r.fetch(b, test.header)
			sent.Store(&same)
			var ours, theirs storetest.Load
			for b.Loop() {
				ours = ours.Add(rounds(b, func(int) error { return visitors.call(request, test.status) }))
				theirs = theirs.Add(rounds(b, func(int) error { return readers.call(request, http.StatusOK) }))
			}
			b.ReportMetric(ours.PerSecond(), "req/s")
			b.ReportMetric(theirs.PerSecond(), "bare-req/s")
			b.ReportMetric(ours.PerSecond()/theirs.PerSecond(), "of-bare")
			b.ReportMetric(float64(len(same)), "bytes")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// fetch returns the body that a request with the header gets.
func (r *rig) fetch(b *testing.B, header string) []byte {
	request, _ := http.NewRequest("GET", r.public.URL+"/privacy/gate.js", nil)
	request.Host = "shop.example"
	if name, value, ok := bytes.Cut(bytes.TrimSpace([]byte(header)), []byte(": ")); ok {
		request.Header.Set(string(name), string(value))
	}
	_, body := r.do(b, request)
	return []byte(body)
}

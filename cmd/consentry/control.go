package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// controlFile is the name in the data folder of the socket on which a running
// server takes writing commands from its own user. One line of JSON comes in, an
// order; lines of JSON go out, reports. The caller closing its side cancels.
const controlFile = "control.sock"

// maxOrder bounds an order: an import brings its entries along.
const maxOrder = 256 << 20

// order is what a command asks of the server.
type order struct {
	Version string          `json:"version"` // of the program that asks
	Task    string          `json:"task"`
	With    json.RawMessage `json:"with"`
}

// controlReport is one thing that the server tells: a line to print, how far something
// is, or that it has ended, and how.
type controlReport struct {
	Say      string `json:"say,omitempty"`
	Progress string `json:"progress,omitempty"` // of what
	Unit     string `json:"unit,omitempty"`
	Done     int64  `json:"done,omitempty"`
	Of       int64  `json:"of,omitempty"`
	Ended    bool   `json:"ended,omitempty"`
	Error    string `json:"error,omitempty"`
	Reported bool   `json:"reported,omitempty"` // it failed, and what was said says why
}

// control is the server's end of the socket.
type control struct {
	bench    workbench
	log      *slog.Logger
	path     string
	listener *net.UnixListener
	stop     context.CancelFunc
	wait     sync.WaitGroup

	mu   sync.Mutex
	busy string // the task that runs, and since when
}

// use has the tasks that come work with another store.
func (c *control) use(bench workbench) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bench = bench
}

// openControl listens. The store's or the outbox's lock is held: a socket that is
// there already is a dead server's.
func openControl(ctx context.Context, bench workbench, log *slog.Logger) (*control, error) {
	ctx, cancel := context.WithCancel(ctx)
	c := &control{bench: bench, log: log, path: filepath.Join(bench.config.DataDir(), controlFile), stop: cancel}
	var err error
	if c.listener, err = listenPrivately(c.path); err != nil {
		cancel()
		return nil, fmt.Errorf("listen for commands on %s: %w", c.path, err)
	}
	c.wait.Go(func() { c.accept(ctx) })
	return c, nil
}

// listenPrivately makes a socket that only its owner can open, from its first
// moment under its name on.
func listenPrivately(path string) (*net.UnixListener, error) {
	draft := path + ".new"
	if err := removeIfThere(draft); err != nil {
		return nil, err
	}
	short, done, err := shortName(draft)
	if err != nil {
		return nil, err
	}
	defer done()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: short, Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false) // it has another name by then
	if err := errors.Join(os.Chmod(draft, secretMode), os.Rename(draft, path)); err != nil {
		return nil, errors.Join(err, l.Close(), removeIfThere(draft))
	}
	return l, nil
}

// longestSocket is how long a socket's name may be on every system.
const longestSocket = 100

// shortName is a name of the same file that the system takes for a socket: of a
// long one, through a descriptor of its folder, where the system has such names.
// done ends it.
func shortName(path string) (short string, done func(), err error) {
	if len(path) <= longestSocket {
		return path, func() {}, nil
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return "", nil, err
	}
	return filepath.Join("/proc/self/fd", strconv.Itoa(int(dir.Fd())), filepath.Base(path)), func() { _ = dir.Close() }, nil
}

func (c *control) accept(ctx context.Context) {
	for {
		conn, err := c.listener.AcceptUnix()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				c.log.Error("commands are not taken any more", "error", err)
			}
			return
		}
		c.wait.Go(func() {
			defer conn.Close()
			c.answer(ctx, conn)
		})
	}
}

// close ends what runs and waits for it.
func (c *control) close() {
	_ = c.listener.Close()
	_ = removeIfThere(c.path)
	c.stop()
	c.wait.Wait()
}

// answer serves one command.
func (c *control) answer(ctx context.Context, conn *net.UnixConn) {
	out := &reporter{conn: conn}
	err := c.obey(ctx, conn, out)
	end := controlReport{Ended: true, Reported: errors.Is(err, errReported)}
	if err != nil {
		end.Error = err.Error()
	}
	out.tell(end)
}

func (c *control) obey(ctx context.Context, conn *net.UnixConn, out *reporter) error {
	_ = conn.SetReadDeadline(time.Now().Add(time.Minute)) // who connects and says nothing
	defer context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Now()) })()
	in := bufio.NewReader(io.LimitReader(conn, maxOrder))
	line, err := in.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("read the command: %w", err)
	}
	_ = conn.SetReadDeadline(time.Time{})
	name, t, err := readOrder(line)
	if err != nil {
		return err
	}
	if err := c.begin(name); err != nil {
		return err
	}
	defer c.begin("") //nolint:errcheck // ending is never refused
	during, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = in.ReadByte() // returns when the caller leaves, or this connection is closed
		cancel()
	}()
	bench := c.with()
	bench.say = func(format string, args ...any) { out.tell(controlReport{Say: fmt.Sprintf(format, args...)}) }
	bench.progress = out.progress
	err = t.run(during, &bench)
	c.log.Info("command", "task", name, "ok", err == nil)
	if err != nil && ctx.Err() != nil {
		return errors.New("the server is being stopped; give the command again")
	}
	return err
}

func (c *control) with() workbench {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bench
}

// begin takes the one place that there is for a command, or gives it back.
func (c *control) begin(name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if name != "" && c.busy != "" {
		return fmt.Errorf("the server is busy with another command, %s; try again when that has ended", c.busy)
	}
	if c.busy = ""; name != "" {
		c.busy = fmt.Sprintf("%s since %s", name, time.Now().UTC().Format(time.TimeOnly+" MST"))
	}
	return nil
}

func readOrder(line []byte) (name string, t task, err error) {
	var o order
	if err := json.Unmarshal(line, &o); err != nil {
		return "", nil, fmt.Errorf("read the command: %w", err)
	}
	if o.Version != programVersion() {
		return "", nil, fmt.Errorf("the running server is version %s and this command is %s; restart the server", programVersion(), o.Version)
	}
	if t = newTask(o.Task); t == nil {
		return "", nil, fmt.Errorf("there is no task %q", o.Task)
	}
	return o.Task, t, json.Unmarshal(o.With, t)
}

// reporter writes reports. What cannot be written is noticed by the reading side.
type reporter struct {
	mu   sync.Mutex
	conn net.Conn
}

func (r *reporter) tell(one controlReport) {
	line, err := json.Marshal(one)
	if err != nil {
		panic(err) // strings and numbers always marshal
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	_ = r.conn.SetWriteDeadline(time.Now().Add(time.Minute)) // a caller that was suspended
	_, _ = r.conn.Write(append(line, '\n'))
}

// progress thins out what is told.
func (r *reporter) progress(what, unit string) func(done, of int64) {
	last := time.Now()
	return func(done, of int64) {
		if time.Since(last) < 100*time.Millisecond {
			return
		}
		last = time.Now()
		r.tell(controlReport{Progress: what, Unit: unit, Done: done, Of: of})
	}
}

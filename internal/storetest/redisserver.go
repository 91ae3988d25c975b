package storetest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Redis is a redis-server of a test's own, on a free port of the loopback, with
// its data in a directory that goes with the test. It is stopped when the test
// ends.
type Redis struct {
	t       testing.TB
	program string
	dir     string
	port    string
	args    []string
	cmd     *exec.Cmd
	gone    chan struct{} // closed when the process has ended

	configure func() []string // the whole command line, for what args cannot say
}

// redisPatience is how long a server may take to start or stop.
const redisPatience = 20 * time.Second

// StartRedis starts redis-server with further arguments, for example
// "--appendonly", "yes". Without any it keeps everything in memory. A machine
// without redis-server skips the test, unless CI=true.
func StartRedis(t testing.TB, args ...string) *Redis {
	t.Helper()
	return startServer(t, "redis-server", args)
}

// StartValkey is StartRedis with valkey-server, which knows WAITAOF.
func StartValkey(t testing.TB, args ...string) *Redis {
	t.Helper()
	return startServer(t, "valkey-server", args)
}

func startServer(t testing.TB, program string, args []string) *Redis {
	t.Helper()
	r := newServer(t, program)
	r.args = args
	r.start()
	return r
}

func newServer(t testing.TB, program string) *Redis {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is not installed", program)
		}
		t.Skipf("%s is not installed", program)
	}
	r := &Redis{t: t, program: program, dir: t.TempDir()}
	t.Cleanup(r.remove)
	return r
}

func (r *Redis) start() {
	r.t.Helper()
	for range 5 { // somebody may take the port before Redis does
		r.port = freePort(r.t)
		if r.launch(r.args) {
			return
		}
	}
	r.t.Fatalf("%s does not start:\n%s", r.program, r.Log())
}

// URL returns where the server is, as redisstore.Open takes it.
func (r *Redis) URL() string { return "redis://" + r.Addr() }

// Addr returns the server's host and port.
func (r *Redis) Addr() string { return net.JoinHostPort("127.0.0.1", r.port) }

// Process returns the running server's process, for signals.
func (r *Redis) Process() *os.Process { return r.cmd.Process }

// Log returns what the server has written about itself.
func (r *Redis) Log() string {
	b, _ := os.ReadFile(r.dir + "/redis.log")
	return string(b)
}

// Stop shuts the server down as an operator would: it keeps what it is
// configured to keep.
func (r *Redis) Stop() {
	r.t.Helper()
	if err := r.cmd.Process.Signal(os.Interrupt); err != nil {
		r.t.Fatalf("stop redis-server: %v", err)
	}
	select {
	case <-r.gone:
	case <-time.After(redisPatience):
		r.t.Fatalf("redis-server does not stop:\n%s", r.Log())
	}
}

// remove ends the server and clears its folder, into which a child of it that
// rewrites the files may go on writing for a moment.
func (r *Redis) remove() {
	r.Kill()
	for range 50 {
		if os.RemoveAll(r.dir) == nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// Kill ends the server with SIGKILL. One that is not running is left alone.
func (r *Redis) Kill() {
	if r.cmd == nil {
		return
	}
	_ = r.cmd.Process.Kill() // fails only when it has ended already
	<-r.gone
}

// Restart starts the stopped or killed server again on the same port and data,
// with its first arguments and further ones, and waits until it has loaded its
// data.
func (r *Redis) Restart(args ...string) {
	r.t.Helper()
	r.StartLoading(args...)
	for end := time.Now().Add(redisPatience); strings.HasPrefix(r.Ask("PING"), "-LOADING"); {
		if time.Now().After(end) {
			r.t.Fatalf("redis-server does not finish loading:\n%s", r.Log())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// StartLoading is Restart without the waiting for the data.
func (r *Redis) StartLoading(args ...string) {
	r.t.Helper()
	if !r.launch(append(append([]string(nil), r.args...), args...)) {
		r.t.Fatalf("redis-server does not start again:\n%s", r.Log())
	}
}

// launch reports whether the server answers, be it with an error.
func (r *Redis) launch(args []string) bool {
	all := append([]string{
		"--port", r.port, "--bind", "127.0.0.1", "--dir", r.dir, "--logfile", r.dir + "/redis.log",
		"--save", "", "--daemonize", "no",
	}, args...)
	if r.configure != nil {
		all = r.configure()
	}
	r.cmd = exec.Command(r.program, all...)
	r.gone = make(chan struct{})
	if err := r.cmd.Start(); err != nil {
		r.t.Fatalf("start redis-server: %v", err)
	}
	go func(cmd *exec.Cmd, gone chan struct{}) {
		_ = cmd.Wait() // how it ended is in its log
		close(gone)
	}(r.cmd, r.gone)
	for end := time.Now().Add(redisPatience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		select {
		case <-r.gone:
			return false
		default:
		}
		if r.Ask("PING") != "" {
			return true
		}
	}
	r.Kill()
	return false
}

// Ask sends one command on a connection of its own and returns a simple or bulk
// answer, of any other its first line; empty when there is none.
func (r *Redis) Ask(command string) string { return r.AskAs("", command) }

// AskAs is Ask under a password.
func (r *Redis) AskAs(password, command string) string {
	conn, err := net.DialTimeout("tcp", r.Addr(), time.Second)
	if err != nil {
		return ""
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(2 * time.Second)) // without it the read would only wait longer
	in := bufio.NewReader(conn)
	if password != "" {
		if _, err := fmt.Fprintf(conn, "AUTH %s\r\n", password); err != nil {
			return ""
		}
		if line, err := in.ReadString('\n'); err != nil || !strings.HasPrefix(line, "+OK") {
			return line
		}
	}
	if _, err := fmt.Fprintf(conn, "%s\r\n", command); err != nil {
		return ""
	}
	line, err := in.ReadString('\n')
	if err != nil {
		return ""
	}
	line = strings.TrimSpace(line)
	size, isBulk := strings.CutPrefix(line, "$")
	if n, err := strconv.Atoi(size); isBulk && err == nil && n >= 0 {
		body := make([]byte, n)
		if _, err := io.ReadFull(in, body); err != nil {
			return ""
		}
		return string(body)
	}
	return line
}

// MustDo sends one command that must be answered with +OK.
func (r *Redis) MustDo(command string) {
	r.t.Helper()
	if got := r.Ask(command); got != "+OK" {
		r.t.Fatalf("%s at %s: %q", command, r.Addr(), got)
	}
}

// until polls, and fails the test when it has waited too long.
func (r *Redis) until(what string, done func() bool) {
	r.t.Helper()
	for end := time.Now().Add(2 * redisPatience); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("waited in vain until %s:\n%s", what, r.Log())
		}
	}
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

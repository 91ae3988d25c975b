package translog

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
)

// testWitness is a witness of C2SP tlog-witness: it remembers what it signed,
// and verifies every proof with an implementation of its own.
type testWitness struct {
	t       testing.TB
	key     string // its verifier key
	server  *httptest.Server
	private ed25519.PrivateKey
	hash    uint32
	logs    []note.Verifier

	mu    sync.Mutex
	size  uint64
	root  []byte
	asked int
	fail  int // status to answer instead
}

const witnessName = "witness.example/w1"

func newTestWitness(t testing.TB, logKeys ...string) *testWitness {
	t.Helper()
	w := &testWitness{t: t, private: ed25519.NewKeyFromSeed(make([]byte, 32))}
	public := append([]byte{4}, w.private.Public().(ed25519.PublicKey)...)
	sum := sha256.Sum256(append([]byte(witnessName+"\n"), public...))
	w.hash = binary.BigEndian.Uint32(sum[:])
	w.key = fmt.Sprintf("%s+%08x+%s", witnessName, w.hash, base64.StdEncoding.EncodeToString(public))
	for _, key := range logKeys {
		v, err := note.NewVerifier(key)
		if err != nil {
			t.Fatal(err)
		}
		w.logs = append(w.logs, v)
	}
	w.server = httptest.NewServer(w)
	t.Cleanup(w.server.Close)
	return w
}

func (w *testWitness) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Method != http.MethodPost || r.URL.Path != "/w/add-checkpoint" {
		rw.WriteHeader(http.StatusBadRequest)
		return
	}
	if w.fail != 0 {
		rw.WriteHeader(w.fail)
		return
	}
	status, answer := w.add(string(body))
	if status == http.StatusConflict {
		rw.Header().Set("Content-Type", "text/x.tlog.size")
	}
	rw.WriteHeader(status)
	_, _ = io.WriteString(rw, answer)
}

func (w *testWitness) add(body string) (int, string) {
	head, checkpoint, ok := strings.Cut(body, "\n\n")
	lines := strings.Split(head, "\n")
	size, isOld := strings.CutPrefix(lines[0], "old ")
	old, err := strconv.ParseUint(size, 10, 64)
	if !ok || !isOld || err != nil {
		return http.StatusBadRequest, ""
	}
	n, err := note.Open([]byte(checkpoint), note.VerifierList(w.logs...))
	if err != nil {
		return http.StatusForbidden, ""
	}
	c := strings.Split(n.Text, "\n")
	now, err := strconv.ParseUint(c[1], 10, 64)
	root, rootErr := base64.StdEncoding.DecodeString(c[2])
	if err != nil || rootErr != nil || old > now {
		return http.StatusBadRequest, ""
	}
	if old != w.size {
		return http.StatusConflict, fmt.Sprintln(w.size)
	}
	var hashes [][]byte
	for _, line := range lines[1:] {
		h, err := base64.StdEncoding.DecodeString(line)
		if err != nil {
			return http.StatusBadRequest, ""
		}
		hashes = append(hashes, h)
	}
	if old > 0 {
		if err := proof.VerifyConsistency(rfc6962.DefaultHasher, old, now, hashes, w.root, root); err != nil {
			return http.StatusUnprocessableEntity, ""
		}
	} else if len(hashes) > 0 {
		return http.StatusUnprocessableEntity, ""
	}
	w.size, w.root = now, root
	at := uint64(testTime.Unix())
	sig := binary.BigEndian.AppendUint32(nil, w.hash)
	sig = binary.BigEndian.AppendUint64(sig, at)
	sig = append(sig, ed25519.Sign(w.private, fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", at, n.Text))...)
	return http.StatusOK, "— unknown.example AAAAAAAA\n— " + witnessName + " " + base64.StdEncoding.EncodeToString(sig) + "\n"
}

func (w *testWitness) anchor() *Witness {
	a, err := NewWitness(w.server.URL+"/w/", w.key, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// problems returns what a log's status says of its anchors.
func problems(l *Log) string {
	var list []string
	for _, a := range l.Status().Anchors {
		list = append(list, a.Problem)
	}
	return strings.Join(list, "\n")
}

// A witness follows the log with proofs, and its signature is published.
func TestAWitnessCosignsWhatItFollowed(t *testing.T) {
	store := newFakeStore()
	plain, memory := begun(t, store)
	w := newTestWitness(t, testKeys(t, plain)...)
	l, _ := newLog(t, store, func(o *Options) { o.Memory, o.Anchors = memory, []Anchor{w.anchor()} })
	for _, more := range []int{1, 1, 300, 70_000, 5} {
		store.grow(more)
		sign(t, l)
		l.PutAnchors(t.Context(), true)
		if p := problems(l); p != "" {
			t.Fatal(p)
		}
		now, witnesses, err := openForAnyone(store.checkpoint, append(testKeys(t, l), w.key))
		if err != nil || len(witnesses) != 1 || now.Size != int64(len(store.log)) {
			t.Fatalf("published %s, %q, %v", store.checkpoint, witnesses, err)
		}
	}
	if w.asked != 5 {
		t.Errorf("the witness was asked %d times", w.asked)
	}
	swaps := store.swaps
	sign(t, l)
	l.PutAnchors(t.Context(), true)
	if w.asked != 5 || store.swaps != swaps {
		t.Error("an idle log asks its witness again")
	}

	// A server that knows nothing of the witness learns where it is.
	store.grow(10)
	restarted, _ := newLog(t, store, func(o *Options) { o.Memory, o.Anchors = memory, []Anchor{w.anchor()} })
	sign(t, restarted)
	restarted.PutAnchors(t.Context(), true)
	if p := problems(restarted); p != "" || w.asked != 7 {
		t.Errorf("asked %d times, %q", w.asked, p)
	}
	if s := restarted.Status().Anchors[0]; s.Size != 70_317 || s.Lag != 0 || s.At.IsZero() {
		t.Errorf("status %+v", s)
	}
}

// What a witness refuses is shown, tried again, and holds nothing up.
func TestAWitnessThatRefusesIsShownAndHoldsNothingUp(t *testing.T) {
	store := newFakeStore()
	plain, memory := begun(t, store)
	keys := testKeys(t, plain)
	w := newTestWitness(t, keys...)
	with := func(o *Options) { o.Memory, o.Anchors = memory, []Anchor{w.anchor()} }
	l, _ := newLog(t, store, with)
	store.grow(100)
	sign(t, l)
	l.PutAnchors(t.Context(), true)
	for status, words := range map[int]string{
		http.StatusNotFound: "does not know the log", http.StatusForbidden: "under another key",
		http.StatusBadGateway: "502", http.StatusUnprocessableEntity: "do not continue the 100",
	} {
		w.fail = status
		store.grow(1)
		sign(t, l)
		l.PutAnchors(t.Context(), true)
		if p := problems(l); !strings.Contains(p, words) || !strings.Contains(p, witnessName) {
			t.Errorf("%d: %q", status, p)
		}
	}
	if s := l.Status(); s.Problem != "" || s.Signed != 104 || s.Anchors[0].Size != 100 || s.Anchors[0].Lag != 4 {
		t.Errorf("status %+v", s)
	}
	w.fail = 0
	w.size = 5000
	l.PutAnchors(t.Context(), true)
	if p := problems(l); !strings.Contains(p, "has signed 5000 entries") {
		t.Errorf("a witness ahead: %q", p)
	}
	w.size, w.root = 104, make([]byte, 32)
	l.PutAnchors(t.Context(), true)
	if p := problems(l); !strings.Contains(p, "another root") && !strings.Contains(p, "do not continue") {
		t.Errorf("a witness that saw another log: %q", p)
	}
	w.server.Close()
	l.PutAnchors(t.Context(), true)
	if p := problems(l); !strings.Contains(p, "refused") && !strings.Contains(p, "connect") {
		t.Errorf("a witness that is away: %q", p)
	}
	store.grow(1)
	sign(t, l)
}

// A witness signs for nobody: a signature that is not over this checkpoint is
// not published.
func TestAForgedCosignatureIsNotPublished(t *testing.T) {
	store := newFakeStore()
	l, memory := begun(t, store)
	w := newTestWitness(t, testKeys(t, l)...)
	w.private = ed25519.NewKeyFromSeed([]byte("another key of thirty-two bytes!"))
	l, _ = newLog(t, store, func(o *Options) { o.Memory, o.Anchors = memory, []Anchor{w.anchor()} })
	store.grow(3)
	sign(t, l)
	l.PutAnchors(t.Context(), true)
	if p := problems(l); !strings.Contains(p, "cannot be verified") || strings.Contains(string(store.checkpoint), witnessName) {
		t.Errorf("%q, published %s", p, store.checkpoint)
	}
}

func TestKeysOfWitnessesAreChecked(t *testing.T) {
	l, _ := begun(t, newFakeStore())
	good := newTestWitness(t).key
	for _, bad := range []string{"", "name", good[:len(good)-2], strings.Replace(good, "witness", "witless", 1), testKeys(t, l)[0]} {
		if _, err := NewWitness("http://localhost", bad, 0); err == nil {
			t.Errorf("%q is taken for a witness's key", bad)
		}
	}
}

// Every checkpoint is appended to the file, once, also over restarts and after a
// torn line.
func TestCheckpointsAreAppendedToAFile(t *testing.T) {
	store := newFakeStore()
	path := filepath.Join(t.TempDir(), "checkpoints.txt")
	_, memory := begun(t, store)
	restarted := func() *Log {
		l, _ := newLog(t, store, func(o *Options) { o.Memory, o.Anchors = memory, []Anchor{&FileAnchor{Path: path}} })
		return l
	}
	l := restarted()
	for range 5 {
		store.grow(3)
		sign(t, l)
		l.PutAnchors(t.Context(), false)
		l.PutAnchors(t.Context(), false)
	}
	l = restarted()
	sign(t, l)
	l.PutAnchors(t.Context(), false)
	if p := problems(l); p != "" {
		t.Fatal(p)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if notes := ReadNotes(file); len(notes) != 5 || string(notes[4]) != string(store.checkpoint) {
		t.Fatalf("the file has %d:\n%s", len(notes), file)
	}
	for cut := len(file) - 3; cut > len(file)-len(store.checkpoint); cut -= 7 {
		if err := os.WriteFile(path, file[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		store.grow(1)
		l = restarted()
		sign(t, l)
		l.PutAnchors(t.Context(), false)
		torn, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		good := 0
		for _, n := range ReadNotes(torn) {
			if _, err := l.open(t.Context(), n); err == nil {
				good++
			}
		}
		if good != 5 || !strings.HasSuffix(string(torn), string(store.checkpoint)) {
			t.Fatalf("cut at %d the file has %d:\n%s", cut, good, torn)
		}
	}
}

func TestCheckpointsAreCommittedToGit(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("git is missing")
		}
		t.Skip("git is missing")
	}
	dir, remote := t.TempDir(), t.TempDir()
	git := func(dir string, args ...string) string {
		t.Helper()
		out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	git(remote, "init", "--quiet", "--bare")
	store := newFakeStore()
	now := testTime
	l, memory := begun(t, store)
	l, _ = newLog(t, store, func(o *Options) {
		o.Memory, o.Now = memory, func() time.Time { return now }
		o.Anchors = []Anchor{&GitAnchor{Dir: dir, Push: "origin", Every: time.Hour}}
	})
	round := func() {
		store.grow(1)
		sign(t, l)
		l.PutAnchors(t.Context(), false)
	}
	round()
	if p := problems(l); !strings.Contains(p, "git init "+dir) {
		t.Fatalf("a folder without repository: %q", p)
	}
	git(dir, "init", "--quiet")
	git(dir, "remote", "add", "origin", remote)
	round() // too soon after a failure
	for range 3 {
		now = now.Add(time.Hour)
		round()
		round()
	}
	if p := problems(l); p != "" {
		t.Fatal(p)
	}
	if commits := strings.Split(git(remote, "log", "--format=%an %s", "--all"), "\n"); len(commits) != 3 || !strings.HasPrefix(commits[0], "Consentry shop: 7 entries, root ") {
		t.Errorf("committed %q", commits)
	}
	file, err := os.ReadFile((&GitAnchor{Dir: dir}).Path("shop"))
	if notes := ReadNotes(file); err != nil || len(notes) != 3 {
		t.Errorf("the file has %d, %v", len(notes), err)
	}
	git(dir, "remote", "remove", "origin")
	now = now.Add(time.Hour)
	round()
	if p := problems(l); !strings.Contains(p, "git push") {
		t.Errorf("no remote: %q", p)
	}
	if status := git(dir, "status", "--porcelain"); status != "" {
		t.Errorf("left over: %s", status)
	}
}

// Run signs and anchors by itself; Finish takes the last entries along.
func TestRunAndFinish(t *testing.T) {
	store := newFakeStore()
	path := filepath.Join(t.TempDir(), "checkpoints.txt")
	l, _ := begun(t, store, func(o *Options) { o.Anchors = []Anchor{&FileAnchor{Path: path, Every: time.Hour}} })
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); l.Run(ctx, 2*time.Millisecond) }()
	for range 20 {
		store.grow(10)
		for deadline := time.Now().Add(10 * time.Second); l.Status().Signed < int64(len(store.log)); {
			if time.Now().After(deadline) {
				t.Fatal("nothing is signed")
			}
			time.Sleep(time.Millisecond)
		}
	}
	stop()
	<-done
	store.grow(1)
	if err := l.Finish(t.Context()); err != nil || l.Status().Signed != 201 || l.Status().Anchors[0].Size != 201 {
		t.Errorf("%+v, %v", l.Status(), err)
	}
}

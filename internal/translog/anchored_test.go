package translog

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// machine is a server with a file for an anchor, that can be put back to a state
// it had.
type machine struct {
	t      *testing.T
	store  *fakeStore
	memory *fakeMemory
	anchor string
	beside *inceptions
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{t: t, store: newFakeStore(), anchor: filepath.Join(t.TempDir(), "anchor.txt"), beside: &inceptions{names: make(map[string]string)}}
	_, m.memory = begun(t, m.store, func(o *Options) { o.Begun = m.beside })
	return m
}

func (m *machine) start(more ...func(*Options)) *Log {
	m.t.Helper()
	l, _ := newLog(m.t, m.store, append(more, func(o *Options) {
		o.Memory, o.Begun = m.memory, m.beside
		o.Anchors = append(o.Anchors, &FileAnchor{Path: m.anchor})
	})...)
	return l
}

func (m *machine) round(l *Log, entries int) Checkpoint {
	m.t.Helper()
	m.store.grow(entries)
	c := sign(m.t, l)
	l.PutAnchors(m.t.Context(), true)
	if p := problems(l); p != "" {
		m.t.Fatal(p)
	}
	return c
}

// copied is the machine as it is now; the anchor is elsewhere, and the same.
func (m *machine) copied() *machine {
	older := *m
	older.store = m.store.copied()
	older.memory = &fakeMemory{kept: map[string][]byte{"shop": m.memory.kept["shop"]}}
	older.beside = &inceptions{names: map[string]string{"shop": m.beside.names["shop"]}}
	return &older
}

func (m *machine) anchored() string {
	b, err := os.ReadFile(m.anchor)
	if err != nil {
		m.t.Fatal(err)
	}
	return string(b)
}

// fork lets others decide than did.
func (m *machine) fork(entries int) {
	for range entries {
		m.store.log = append(m.store.log, entry{leaf: [32]byte{9, byte(len(m.store.log))}})
	}
}

func TestAnAnchorTellsAMachineThatWasPutBack(t *testing.T) {
	m := newMachine(t)
	m.round(m.start(), 55)
	older := m.copied()
	m.round(m.start(), 2)
	before := m.anchored()

	refused(t, older.start(), "has 55 entries", "over 57", m.anchor+" is newer than this store", "log restart shop")
	older.fork(2)
	l := older.start()
	refused(t, l, "over its first 57 entries", m.anchor+" is newer than this store")
	older.fork(10)
	refused(t, l, "over its first 57 entries")
	l.PutAnchors(t.Context(), true)
	if older.anchored() != before {
		t.Errorf("the anchor holds\n%s", older.anchored())
	}

	// A newer backup of the store alone is enough.
	older.store = m.store.copied()
	if c := older.round(older.start(), 1); c.Size != 58 {
		t.Errorf("signed %v", c)
	}
}

// The log that goes on under another name is told from the one before, in the same
// file, and its number is not given again by a machine that does not know of it.
func TestALogThatWasRestartedAndPutBack(t *testing.T) {
	m := newMachine(t)
	m.round(m.start(), 30)
	older := m.copied()
	m.round(m.start(), 10)
	lost := older.copied()
	if name, err := lost.start().Restart(t.Context()); err != nil || name != testOrigin+"/2" {
		t.Fatalf("restarted as %q, %v", name, err)
	}
	if a := lost.store.log[len(lost.store.log)-1].artefact; a == nil || !strings.Contains(string(a.Body), `log\n40\n`) {
		t.Errorf("the new log does not begin with the newest checkpoint of the old one: %+v", a)
	}
	l := lost.start()
	lost.round(l, 5)
	lost.round(l, 5)

	refused(t, older.start(), testOrigin+"/2", m.anchor, "newer than this store", "log restart shop")
	if name, err := older.start().Restart(t.Context()); err != nil || name != testOrigin+"/3" {
		t.Errorf("restarted as %q, %v", name, err)
	}
	older.round(older.start(), 1)
}

// What an anchor is asked for is not what it is put into: without a file, with one
// that cannot be read, or in which others wrote, a log is signed as ever, and what
// is wrong is said when a checkpoint is put there.
func TestAnAnchorThatTellsNothingHoldsNothingUp(t *testing.T) {
	m := newMachine(t)
	m.round(m.start(), 20)
	own := m.anchored()
	elsewhere := newMachine(t)
	elsewhere.anchor = m.anchor
	foreign, memory := begun(t, elsewhere.store, func(o *Options) { o.Root = []byte("thirty-two bytes of another root") })
	elsewhere.store.grow(500)
	sign(t, foreign)
	for name, spoil := range map[string]func(path string) error{
		"gone":     os.Remove,
		"empty":    func(path string) error { return os.Truncate(path, 0) },
		"a folder": func(path string) error { return os.Mkdir(path+"/", 0o700) },
		"foreign":  func(path string) error { return os.WriteFile(path, memory.kept["shop"], 0o600) },
		"torn":     func(path string) error { return os.WriteFile(path, []byte(own[:len(own)-9]), 0o600) },
		"many lines": func(path string) error {
			return os.WriteFile(path, []byte(own+strings.Repeat("line\n", noteWindow)), 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := m.copied()
			m.t, m.anchor = t, filepath.Join(t.TempDir(), "anchor.txt")
			if name != "a folder" {
				if err := os.WriteFile(m.anchor, []byte(own), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := spoil(m.anchor); err != nil {
				t.Fatal(err)
			}
			l := m.start()
			m.store.grow(1)
			sign(t, l)
			l.PutAnchors(t.Context(), true)
			if said := problems(l); (said != "") != (name == "a folder") {
				t.Errorf("it says %q", said)
			} else if said == "" && !strings.HasSuffix(m.anchored(), string(m.store.checkpoint)) {
				t.Errorf("the file ends in\n%s", m.anchored())
			}
		})
	}
}

// An anchor that comes back while the server runs tells as well: nothing is appended,
// and the next round refuses.
func TestAnAnchorThatComesBackTells(t *testing.T) {
	m := newMachine(t)
	m.round(m.start(), 55)
	older := m.copied()
	m.round(m.start(), 2)
	away := m.anchor + ".away"
	if err := os.Rename(m.anchor, away); err != nil {
		t.Fatal(err)
	}
	l := older.start()
	older.fork(1)
	sign(t, l)
	if err := os.Rename(away, m.anchor); err != nil {
		t.Fatal(err)
	}
	before := m.anchored()
	l.PutAnchors(t.Context(), true)
	if said := problems(l); !strings.Contains(said, "newer than this store") || m.anchored() != before {
		t.Errorf("it says %q", said)
	}
	refused(t, l, "newer than this store")
}

// Two servers of one store put checkpoints into one file, in whatever order.
func TestServersOfOneStoreShareAnAnchor(t *testing.T) {
	m := newMachine(t)
	first := m.start()
	m.round(first, 5)
	other := m.copied()
	other.store = m.store
	second := other.start()
	sign(t, second)
	for range 5 {
		m.round(first, 3)
		m.store.grow(300)
		sign(t, second)
		second.PutAnchors(t.Context(), true)
		first.PutAnchors(t.Context(), true)
		if p := problems(first) + problems(second); p != "" {
			t.Fatal(p)
		}
	}
}

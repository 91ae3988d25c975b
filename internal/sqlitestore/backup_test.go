package sqlitestore

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// A backup that is made under load is a store of one moment: all that was
// acknowledged before, no gap, no half of an entry. The load goes on meanwhile.
func TestABackupUnderLoadIsOneMoment(t *testing.T) {
	s := opened(t, testPath(t), 300)
	const before = 9000
	storetest.AppendAll(t, s, 32, shopEntries(0, before))
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for n := before + w; ctx.Err() == nil; n += 16 {
				if _, _, err := s.Append(t.Context(), storetest.Entry("shop", n)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	backup := filepath.Join(t.TempDir(), "backup.db")
	calls, last := 0, int64(0)
	err := s.Backup(t.Context(), backup, func(done, total int64) {
		if calls++; done < last || done > total {
			t.Errorf("progress went from %d to %d of %d", last, done, total)
		}
		last = done
	})
	stop()
	wg.Wait()
	must(t, err)
	if calls < 2 {
		t.Errorf("progress was told %d times", calls)
	}
	if info, err := os.Stat(backup); err != nil || info.Mode().Perm() != 0o600 || info.Size() != last {
		t.Errorf("backup: %v, %v; want %d bytes for its owner", info, err, last)
	}
	copied := opened(t, backup, generationSize)
	log := storetest.ReadLog(t, copied, "shop", 0)
	if len(log) < before {
		t.Errorf("the backup has %d records of at least %d", len(log), before)
	}
	var counted int64
	list, err := copied.Counts(t.Context(), "shop", storetest.Epoch(), storetest.Epoch().AddDate(1, 0, 0))
	must(t, err)
	for _, c := range list {
		counted += c.N
	}
	if counted != 3*int64(len(log)) {
		t.Errorf("counters add up to %d for %d records, want three each", counted, len(log))
	}
	for _, e := range log {
		if got, err := copied.Record(t.Context(), "shop", e.Record.Record); err != nil || got.Index != e.Index {
			t.Fatalf("record at %d: found at %d, %v", e.Index, got.Index, err)
		}
	}
}

func shopEntries(from, to int) (list []consent.Entry) {
	for n := from; n < to; n++ {
		list = append(list, storetest.Entry("shop", n))
	}
	return list
}

// A backup replaces nothing, and one that is broken off leaves nothing.
func TestABackupThatFailsLeavesNothing(t *testing.T) {
	path := testPath(t)
	s := opened(t, path, generationSize)
	storetest.AppendAll(t, s, 32, shopEntries(0, 8000))
	dir := t.TempDir()
	taken := filepath.Join(dir, "taken")
	must(t, os.WriteFile(taken, []byte("mine"), 0o600))
	if err := s.Backup(t.Context(), taken, nil); !errors.Is(err, fs.ErrExist) || string(readFile(t, taken)) != "mine" {
		t.Errorf("backup over another file: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Backup(ctx, filepath.Join(dir, "stopped"), func(int64, int64) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("backup under a context that ended: %v", err)
	}
	if err := s.Backup(t.Context(), filepath.Join(dir, "nowhere", "b"), nil); err == nil {
		t.Error("a backup into no folder succeeded")
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 1 {
		t.Errorf("left behind: %v, %v", list, err)
	}
	reader, err := Open(path, Options{ReadOnly: true})
	must(t, err)
	defer reader.Close()
	must(t, reader.Backup(t.Context(), filepath.Join(dir, "read-only"), nil)) // beside the writing process
}

// Restoring takes the place of the store whole, whatever was in it, and keeps
// that until something is erased.
func TestARestoredBackupIsTheStore(t *testing.T) {
	path, backup := testPath(t), filepath.Join(t.TempDir(), "backup")
	s := opened(t, path, generationSize)
	storetest.AppendAll(t, s, 8, shopEntries(0, 50))
	must(t, s.Backup(t.Context(), backup, nil))
	storetest.AppendAll(t, s, 8, shopEntries(50, 80))
	if err := Restore(t.Context(), backup, path, nil); !errors.Is(err, ErrLocked) {
		t.Errorf("restore under a running store: %v, want ErrLocked", err)
	}
	must(t, s.Close())
	done := int64(0)
	must(t, Restore(t.Context(), backup, path, func(n, total int64) { done = n }))
	if info, err := os.Stat(path); err != nil || info.Size() != done || info.Mode().Perm() != 0o600 {
		t.Errorf("restored: %v, %v; progress ended at %d", info, err, done)
	}
	s = opened(t, path, generationSize)
	if log := storetest.ReadLog(t, s, "shop", 0); len(log) != 50 {
		t.Errorf("the restored store has %d records, want 50", len(log))
	}
	storetest.MustAppend(t, s, storetest.Entry("shop", 50))
	aside, err := Open(path+".before-restore.bak", Options{ReadOnly: true})
	must(t, err)
	if log := storetest.ReadLog(t, aside, "shop", 0); len(log) != 80 {
		t.Errorf("what was there before has %d records, want 80", len(log))
	}
	must(t, aside.Close())
	must(t, s.Erase(t.Context(), "shop", []consent.Erasure{{Record: storetest.Entry("shop", 1).Record}}))
	if found := storetest.Found(t, filepath.Dir(path), shopEntries(1, 2)); found > 0 {
		t.Error("the erased secret is still in a file beside the store")
	}
}

// A store that was killed is replaced with its WAL, and a new installation has
// nothing to set aside.
func TestRestoringOverWhatACrashLeft(t *testing.T) {
	path, backup := testPath(t), filepath.Join(t.TempDir(), "backup")
	s := opened(t, path, generationSize)
	storetest.AppendAll(t, s, 8, shopEntries(0, 50))
	must(t, s.Backup(t.Context(), backup, nil))
	storetest.AppendAll(t, s, 8, shopEntries(50, 80))
	crashed := testPath(t)
	must(t, copyPlain(path, crashed))
	must(t, copyPlain(path+"-wal", crashed+"-wal"))
	for _, path := range []string{crashed, testPath(t)} {
		must(t, Restore(t.Context(), backup, path, nil))
		if log := storetest.ReadLog(t, opened(t, path, generationSize), "shop", 0); len(log) != 50 {
			t.Errorf("the restored store has %d records, want 50", len(log))
		}
	}
	aside := opened(t, crashed+".before-restore.bak", generationSize)
	if log := storetest.ReadLog(t, aside, "shop", 0); len(log) != 80 {
		t.Errorf("the crashed store was kept with %d records, want 80", len(log))
	}
}

func TestABadBackupIsRefused(t *testing.T) {
	path, dir := testPath(t), t.TempDir()
	s := opened(t, path, generationSize)
	storetest.AppendAll(t, s, 8, shopEntries(0, 500))
	good := filepath.Join(dir, "good")
	must(t, s.Backup(t.Context(), good, nil))
	inUse := filepath.Join(dir, "in use")
	must(t, copyPlain(path, inUse))
	must(t, copyPlain(path+"-wal", inUse+"-wal"))
	must(t, s.Close())
	before := readFile(t, path)

	whole := readFile(t, good)
	write := func(name string, content []byte) string {
		name = filepath.Join(dir, name)
		must(t, os.WriteFile(name, content, 0o600))
		return name
	}
	newer := append([]byte(nil), whole...)
	newer[63] = 99 // user_version
	broken := append([]byte(nil), whole...)
	clear(broken[3*pageSize : 4*pageSize])
	for name, want := range map[string]string{
		write("newer", newer):                       "newer version",
		write("truncated", whole[:len(whole)/2]):    "malformed",
		write("zeroed page", broken):                "",
		write("text", []byte("no database at all")): "not a database",
		write("empty", nil):                         "no consent store",
		filepath.Join(dir, "nothing"):               "no such file",
		inUse:                                       "store in use",
	} {
		err := Restore(t.Context(), name, path, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("restore of %s: %v, want %q", filepath.Base(name), err, want)
		}
	}
	if string(readFile(t, path)) != string(before) {
		t.Error("a refused backup has changed the store")
	}
	if list, err := ownBackups(path); err != nil || len(list) != 0 {
		t.Errorf("a refused backup has set the store aside: %v, %v", list, err)
	}
}

package sqlitestore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// After a write that failed for another reason than room, nobody knows what is
// on the disk: nothing more is acknowledged until the store is opened again.
func TestAnIOErrorMakesTheStoreReadOnly(t *testing.T) {
	path := testPath(t)
	s := opened(t, path, generationSize)
	first := storetest.MustAppend(t, s, storetest.Entry("shop", 0))
	mend := breakWrites(t, path+"-wal")
	if _, _, err := s.Append(t.Context(), storetest.Entry("shop", 1)); !errors.Is(err, consent.ErrUnavailable) {
		t.Fatalf("append to a broken file: %v, want ErrUnavailable", err)
	}
	mend()
	if _, _, err := s.Append(t.Context(), storetest.Entry("shop", 2)); !errors.Is(err, consent.ErrUnavailable) {
		t.Errorf("append after a broken write: %v, want ErrUnavailable", err)
	}
	if _, err := s.Health(t.Context()); !errors.Is(err, consent.ErrUnavailable) {
		t.Errorf("health: %v, want ErrUnavailable", err)
	}
	if got, err := s.Record(t.Context(), "shop", first.Record); err != nil || got.Index != first.Index {
		t.Errorf("read after a broken write: %v", err)
	}
	must(t, s.Close())
	s = opened(t, path, generationSize)
	if got, err := s.Record(t.Context(), "shop", first.Record); err != nil || got.Index != 0 {
		t.Errorf("record after opening again: index %d, %v", got.Index, err)
	}
	if _, _, err := s.Append(t.Context(), storetest.Entry("shop", 1)); err != nil {
		t.Errorf("append after opening again: %v", err)
	}
}

// breakWrites puts a descriptor that cannot be written to in the place of every
// one that this process has of a file.
func breakWrites(t *testing.T, name string) (mend func()) {
	t.Helper()
	readOnly, err := os.Open(name)
	must(t, err)
	defer readOnly.Close()
	saved := make(map[int]int)
	links, err := filepath.Glob("/proc/self/fd/*")
	must(t, err)
	for _, link := range links {
		fd, _ := strconv.Atoi(filepath.Base(link))
		if target, err := os.Readlink(link); err != nil || target != name || fd == int(readOnly.Fd()) {
			continue
		}
		copied, err := syscall.Dup(fd)
		must(t, err)
		saved[fd] = copied
		must(t, syscall.Dup3(int(readOnly.Fd()), fd, syscall.O_CLOEXEC))
	}
	if len(saved) == 0 {
		t.Fatal(fmt.Errorf("%s is not open", name))
	}
	return func() {
		for fd, copied := range saved {
			must(t, syscall.Dup3(copied, fd, syscall.O_CLOEXEC))
			must(t, syscall.Close(copied))
		}
	}
}

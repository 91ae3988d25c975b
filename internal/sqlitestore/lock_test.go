package sqlitestore

import (
	"bufio"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// A second process is told who has the store; when that one dies, however it
// does, the store is free. Reading beside it is allowed.
func TestASecondProcessIsRefused(t *testing.T) {
	path := testPath(t)
	cmd, out := startChild(t, "0 "+path)
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("the child wrote nothing")
	}
	go func() { // keep its pipe from filling
		for lines.Scan() {
		}
	}()
	_, err := Open(path, Options{})
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), fmt.Sprintf("process %d;", cmd.Process.Pid)) {
		t.Errorf("open beside another process: %v, want ErrLocked with process %d", err, cmd.Process.Pid)
	}
	reader, err := Open(path, Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if _, err := reader.Record(t.Context(), "shop", storetest.Entry("shop", 0).Record); err != nil && !errors.Is(err, consent.ErrNotFound) {
		t.Errorf("read beside another process: %v", err)
	}
	if len(storetest.ReadLog(t, reader, "shop", 0)) == 0 {
		t.Error("a reader sees nothing of what another process has written")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	opened(t, path, generationSize)
}

func TestASecondStoreInOneProcessIsRefused(t *testing.T) {
	path := testPath(t)
	s := opened(t, path, generationSize)
	if _, err := Open(path, Options{}); !errors.Is(err, ErrLocked) {
		t.Errorf("second open: %v, want ErrLocked", err)
	}
	storetest.MustAppend(t, s, storetest.Entry("shop", 1)) // the refusal has not harmed the first
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	opened(t, path, generationSize)
}

// A reader of its own has no tail and finds records that no table indexes yet.
func TestAReadOnlyStoreReadsEverythingAndWritesNothing(t *testing.T) {
	path := testPath(t)
	s := opened(t, path, 40)
	var entries []consent.Entry
	for n := range 100 {
		entries = append(entries, storetest.Entry("shop", n))
	}
	storetest.AppendAll(t, s, 1, entries)
	reader, err := Open(path, Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	for n, e := range entries {
		got, err := reader.Record(t.Context(), "shop", e.Record)
		if err != nil || got.Index != int64(n) {
			t.Errorf("record %d: index %d, %v", n, got.Index, err)
		}
		list, err := reader.History(t.Context(), "shop", e.Subject)
		if err != nil || len(list) != 2 || list[n%2].Record != e.Record {
			t.Errorf("history of record %d's subject: %d entries, %v", n, len(list), err)
		}
	}
	if _, err := reader.Record(t.Context(), "shop", storetest.Entry("shop", 200).Record); !errors.Is(err, consent.ErrNotFound) {
		t.Errorf("unknown record: %v, want ErrNotFound", err)
	}
	if _, _, err := reader.Append(t.Context(), storetest.Entry("shop", 200)); !errors.Is(err, consent.ErrUnavailable) {
		t.Errorf("append: %v, want ErrUnavailable", err)
	}
	if _, err := reader.Health(t.Context()); !errors.Is(err, consent.ErrUnavailable) {
		t.Errorf("health: %v, want ErrUnavailable", err)
	}
	if _, err := Open(path+"-elsewhere", Options{ReadOnly: true}); err == nil {
		t.Error("a file that does not exist was opened for reading")
	}
}

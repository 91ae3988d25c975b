package sqlitestore

import (
	"bytes"
	"database/sql/driver"
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/consentry/consentry/internal/storetest"
)

const (
	walHeader   = 32 // bytes of a WAL before its first frame
	frameHeader = 24 // of a frame before its page; the page's number comes first
)

// crashed returns the file and the WAL of a store as a power failure would leave
// them: records that are only in the WAL, each in a transaction of its own.
func crashed(t *testing.T, records int) (file, wal []byte) {
	t.Helper()
	path := testPath(t)
	s := opened(t, path, 5)
	for n := range records {
		storetest.MustAppend(t, s, storetest.Entry("shop", n))
	}
	return readFile(t, path), readFile(t, path+"-wal")
}

// reopen opens a copy, and wants a sound file whose log has no gap, whose counters
// fit, and which goes on.
func reopen(t *testing.T, file, wal []byte) (records int) {
	t.Helper()
	path := testPath(t)
	must(t, os.WriteFile(path, file, 0o600))
	must(t, os.WriteFile(path+"-wal", wal, 0o600))
	s := opened(t, path, 5)
	defer s.Close()
	log := storetest.ReadLog(t, s, "shop", 0)
	for n, e := range log {
		if e.Record.Record != storetest.Entry("shop", n).Record {
			t.Fatalf("entry %d is another record", n)
		}
	}
	wantThreeCountsEach(t, s, int64(len(log)))
	must(t, s.queue.put(t.Context(), &request{work: func(c *session) error {
		sound := ""
		err := c.query("PRAGMA integrity_check", func(v []driver.Value) { sound = fmt.Sprint(v[0]) })
		if sound != "ok" {
			t.Errorf("integrity check: %s", sound)
		}
		return err
	}}))
	storetest.MustAppend(t, s, storetest.Entry("shop", len(log)))
	return len(log)
}

// A WAL whose end was torn, at any place, loses the transactions from there on
// and nothing before; a disk that says a sync is done does not tear those.
func TestATornWALKeepsWhatCameBefore(t *testing.T) {
	const records = 12
	file, wal := crashed(t, records)
	if n := reopen(t, file, wal); n != records {
		t.Fatalf("%d records after a crash, want %d", n, records)
	}
	last := records
	for cut := len(wal) - 1; cut > len(wal)/2; cut -= 3001 {
		n := reopen(t, file, wal[:cut])
		if n > last || n < last-2 {
			t.Errorf("cut at %d of %d: %d records, and %d with some more bytes", cut, len(wal), n, last)
		}
		last = n
	}
	if last == records {
		t.Error("no cut has lost a record: the test shows nothing")
	}
	for _, at := range []int{len(wal) - 10, len(wal) - pageSize - 10} {
		garbled := bytes.Clone(wal)
		garbled[at] ^= 0xff
		if n := reopen(t, file, garbled); n != records-1 {
			t.Errorf("with a garbled last transaction %d records, want %d", n, records-1)
		}
	}
}

// A power failure while the WAL is copied into the file leaves half a page of it,
// whichever: the WAL repairs it.
func TestATornPageOfTheFileIsRepaired(t *testing.T) {
	const records = 12
	file, wal := crashed(t, records)
	pages := make(map[uint32]bool)
	for at := walHeader; at+frameHeader <= len(wal); at += frameHeader + pageSize {
		pages[binary.BigEndian.Uint32(wal[at:])] = true
	}
	if len(pages) < 6 {
		t.Fatalf("the WAL has only the pages %v", slices.Sorted(maps.Keys(pages)))
	}
	for page := range pages {
		torn := bytes.Clone(file)
		end := int(page) * pageSize
		if end > len(torn) {
			torn = append(torn, make([]byte, end-len(torn))...)
		}
		copy(torn[end-pageSize/2:end], bytes.Repeat([]byte{0xaa}, pageSize/2))
		if n := reopen(t, torn, wal); n != records {
			t.Errorf("with half of page %d torn %d records, want %d", page, n, records)
		}
	}
}

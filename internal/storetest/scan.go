package storetest

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

// Found counts in how many of the files below a directory each entry's secret or
// receipt stands, byte for byte. Files that go away meanwhile do not count.
func Found(t testing.TB, dir string, entries []consent.Entry) (found int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil && !os.IsNotExist(err) {
			return err
		}
		found += foundIn(content, entries)
		return nil
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatalf("scan %s: %v", dir, err)
	}
	return found
}

// foundIn looks every window of 16 bytes up, for many entries at once.
func foundIn(content []byte, entries []consent.Entry) (found int) {
	if len(entries) < 8 {
		for _, e := range entries {
			if bytes.Contains(content, e.Secret[:]) || bytes.Contains(content, e.Receipt[:]) {
				found++
			}
		}
		return found
	}
	wanted := make(map[[16]byte]int, 2*len(entries))
	for i, e := range entries {
		wanted[e.Secret], wanted[e.Receipt] = i, i
	}
	seen := make(map[int]bool)
	for at := 0; at+16 <= len(content); at++ {
		if i, ok := wanted[[16]byte(content[at:])]; ok {
			seen[i] = true
		}
	}
	return len(seen)
}

// Dir returns where the server keeps its files.
func (r *Redis) Dir() string { return r.dir }

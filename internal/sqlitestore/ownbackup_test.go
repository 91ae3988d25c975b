package sqlitestore

import (
	"os"
	"testing"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// Erasing removes the copies that the store itself has left beside it, and no backup
// that somebody has put there.
func TestErasingLeavesTheOwnersBackupsAlone(t *testing.T) {
	path := testPath(t)
	s := opened(t, path, generationSize)
	defer s.Close()
	storetest.MustAppend(t, s, storetest.Entry("shop", 0))
	theirs := []string{path + ".bak", path + ".monday.bak", path + ".2026-03-01.bak"}
	ours := []string{path + ".schema3.bak", path + ".before-restore.bak", path + ".before-restore.bak-wal"}
	for _, name := range theirs {
		must(t, s.Backup(t.Context(), name, nil))
	}
	for _, name := range ours {
		must(t, os.WriteFile(name, nil, 0o600))
	}
	must(t, s.Erase(t.Context(), "shop", []consent.Erasure{{Record: storetest.Entry("shop", 0).Record, Time: storetest.Epoch()}}))
	for _, name := range theirs {
		if _, err := os.Stat(name); err != nil {
			t.Errorf("a backup of the owner's: %v", err)
		}
	}
	for _, name := range ours {
		if _, err := os.Stat(name); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
}

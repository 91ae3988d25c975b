package sqlitestore

import (
	"path/filepath"
	"testing"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

func TestTheContractHolds(t *testing.T) {
	storetest.Run(t, func(t *testing.T) consent.Store { return opened(t, testPath(t), generationSize) })
	storetest.RunReopened(t, func(t *testing.T) (consent.Store, func(*testing.T) consent.Store) {
		path := testPath(t)
		return opened(t, path, generationSize), func(t *testing.T) consent.Store { return opened(t, path, generationSize) }
	})
}

// The tail is merged all the time when a generation is seven records.
func TestTheContractHoldsWhileTheTailIsMerged(t *testing.T) {
	storetest.Run(t, func(t *testing.T) consent.Store { return opened(t, testPath(t), 7) })
	storetest.RunReopened(t, func(t *testing.T) (consent.Store, func(*testing.T) consent.Store) {
		path := testPath(t)
		return opened(t, path, 7), func(t *testing.T) consent.Store { return opened(t, path, 7) }
	})
}

func testPath(t testing.TB) string { return filepath.Join(t.TempDir(), "a b?c%20#.db") }

func opened(t testing.TB, path string, generation int) *Store {
	t.Helper()
	s, err := open(path, Options{}, generation)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

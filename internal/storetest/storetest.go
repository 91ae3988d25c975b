// Package storetest is the contract of consent.Store as tests: what the
// comments on that interface promise, checked against a real store. Every
// implementation runs it. It never looks behind the interface, and is linked
// into tests only.
package storetest

import (
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

// Reopener returns an empty store and a function that opens the same one again
// after it was closed. The suite closes both.
type Reopener func(t *testing.T) (store consent.Store, reopen func(t *testing.T) consent.Store)

// Run checks that what open returns, an empty store each time, keeps the
// contract of consent.Store. The suite closes the stores.
func Run(t *testing.T, open func(t *testing.T) consent.Store) {
	for _, c := range contract() {
		t.Run(c.says, func(t *testing.T) { c.check(t, opened(t, open(t))) })
	}
}

type promise struct {
	says  string
	check func(*testing.T, consent.Store)
}

func contract() []promise {
	return []promise{
		{"an appended entry is returned byte for byte", entryIsExact},
		{"times are kept to the millisecond in UTC", timesAreMilliseconds},
		{"a record that does not exist is not found", recordNotFound},
		{"a history is one subject's entries, oldest first", historyIsOrdered},
		{"sites share nothing", sitesAreApart},
		{"a record sent twice is one entry with the same answer", sameRecordTwice},
		{"a record sent with other content changes nothing", sameRecordOtherContent},
		{"a record sent ten times in parallel is one entry", sameRecordInParallel},
		{"records and artefacts share indexes without gaps", indexesAreShared},
		{"the log runs from an index to the newest", logRunsFromIndex},
		{"the log stops when it is told to", logStopsEarly},
		{"the log may be read from inside the log", logIsReentrant},
		{"a log read while it grows has no gaps", logWhileWriting},
		{"an artefact is returned byte for byte", artefactIsExact},
		{"an artefact put again keeps its first time and index", artefactIsIdempotent},
		{"an artefact put in parallel is logged once", artefactInParallel},
		{"artefacts are listed by kind and index, without bodies", artefactsAreListed},
		{"an artefact that does not exist is not found", artefactNotFound},
		{"counters of entries are summed, of duplicates they are not", countsAreSummed},
		{"counters of no record show up within a second or so", addedCountsShow},
		{"counters are chosen by hour and ordered by hour and key", countsAreOrdered},
		{"a counter adds to its hour and to its day", daysAreApart},
		{"hundreds of counters of one day keep apart", countersAreMany},
		{"64 writers on several sites lose and repeat nothing", manyWriters},
		{"an erased entry keeps all but its secrets", erasedIsKeptWithoutSecrets},
		{"an entry erased before it comes is stored erased", erasedBeforeItComes},
		{"erasures are listed once, in their order", erasuresAreListed},
		{"entries erased while they come are erased", erasedWhileAppending},
		{"an entry without a subject is in nobody's history", nobodysEntries},
		{"a pruned entry keeps its leaf, id and time", prunedKeepsItsLeaf},
		{"a history goes on past what was pruned", prunedLeaveHistories},
		{"entries are pruned while others come", prunedWhileAppending},
		{"how every entry is found is told, once", filedIsTold},
		{"the head follows the log", headFollowsTheLog},
		{"leaves are the log's", leavesAreTheLogs},
		{"sites are listed in order", sitesAreListed},
		{"a checkpoint is swapped only for the one before", checkpointIsSwapped},
		{"of many who swap a checkpoint one succeeds", checkpointUnderContention},
		{"a tile is returned byte for byte", tilesAreKept},
		{"imported entries keep their indexes", importKeepsIndexes},
		{"an import that does not follow the log changes nothing", importRefusesWhatDoesNotFollow},
		{"a context that has ended ends every call", endedContext},
		{"an append whose context ends is written whole or not", abandonedAppends},
		{"health names what can be promised", healthIsNamed},
		{"a closed store refuses and does not hang", closedStore},
	}
}

// RunReopened checks what must outlive a store's being closed. A store without
// a disk has nothing to promise here and does not run it.
func RunReopened(t *testing.T, open Reopener) {
	for _, c := range []struct {
		says  string
		check func(*testing.T, Reopener)
	}{
		{"everything is there after closing and opening again", reopenKeepsEverything},
		{"closing under load finishes accepted writes", closeUnderLoad},
		{"indexes go on where they ended", reopenGoesOn},
		{"erasures hold for what comes later", erasureOutlivesReopening},
		{"what was pruned stays so", prunedOutlivesReopening},
		{"checkpoints and tiles are there after opening again", proofsOutliveReopening},
	} {
		t.Run(c.says, func(t *testing.T) { c.check(t, open) })
	}
}

// opened closes the store when the test ends. A test that closed it itself does
// no harm: the second error is of no interest.
func opened(t *testing.T, s consent.Store) consent.Store {
	t.Helper()
	t.Cleanup(func() { _ = s.Close() })
	return s
}

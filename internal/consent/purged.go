package consent

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// PurgeKind is the artefacts' kind by which a log tells of purges.
const PurgeKind = "purge"

// purgeNote is the log's note that the retention of records has ended.
type purgeNote struct {
	Schema  string       `json:"schema"` // consentry.purge/1
	Site    string       `json:"site"`
	At      Timestamp    `json:"at"`
	Classes []purgeClass `json:"classes"`
	// Ranges are places in the log, first and last: the records from one to the
	// other. Artefacts between them are not concerned.
	Ranges [][2]int64 `json:"ranges"`
}

type purgeClass struct {
	Class   string `json:"class"`
	Keep    int64  `json:"keep_seconds"`
	Entries int64  `json:"entries"`
}

// add notes one more entry. joined says that no record since the last range is
// kept.
func (n *purgeNote) add(class string, keep time.Duration, index int64, joined bool) {
	i := slices.IndexFunc(n.Classes, func(c purgeClass) bool { return c.Class == class })
	if i < 0 {
		i = len(n.Classes)
		n.Classes = append(n.Classes, purgeClass{Class: class, Keep: int64(keep.Seconds())})
	}
	n.Classes[i].Entries++
	if last := len(n.Ranges) - 1; joined && last >= 0 {
		n.Ranges[last][1] = index
		return
	}
	n.Ranges = append(n.Ranges, [2]int64{index, index})
}

// Purged is the places of a log's purged records.
type Purged struct{ ranges [][2]int64 }

// ReadPurged reads what a site's log tells of its purges.
func ReadPurged(ctx context.Context, s artefactReader, site string) (p Purged, err error) {
	list, err := s.Artefacts(ctx, site, PurgeKind)
	if err != nil {
		return p, fmt.Errorf("list purges: %w", err)
	}
	for _, item := range list {
		a, err := s.Artefact(ctx, site, item.Digest)
		if err != nil {
			return p, fmt.Errorf("read purge: %w", err)
		}
		var note purgeNote
		if json.Unmarshal(a.Body, &note) == nil { // else its own entry says what is wrong with it
			p.ranges = append(p.ranges, note.Ranges...)
		}
	}
	slices.SortFunc(p.ranges, func(a, b [2]int64) int { return int(a[0] - b[0]) })
	return p, nil
}

// Has reports whether the record at a place was purged.
func (p Purged) Has(index int64) bool {
	n, _ := slices.BinarySearchFunc(p.ranges, index, func(r [2]int64, at int64) int {
		if r[0] <= at {
			return -1
		}
		return 1
	})
	for n--; n >= 0; n-- { // ranges of a purge that was broken off may lie in later ones
		if p.ranges[n][1] >= index {
			return true
		}
	}
	return false
}

package consent

import (
	"cmp"
	"slices"
	"strings"
)

// Sheet is daily counters as a store reads them: every key once, so that who adds
// up years looks at each name once and not at that of every day.
type Sheet struct {
	Keys  []string // no order; some may have no cell
	Cells []Cell   // by day
}

// Cell is what one counter came to on one day, never 0.
type Cell struct {
	Day Date
	Key int32 // place in Keys
	N   int64
}

// Names reports whether a counter's key has one of the names; none at all is any.
func Names(key string, names []string) bool {
	name, _, _ := strings.Cut(key, ";")
	return len(names) == 0 || slices.Contains(names, name)
}

// SheetOf is the reverse of Counts. The counters are daily ones, by day.
func SheetOf(list []Count) Sheet {
	s := Sheet{Cells: make([]Cell, 0, len(list))}
	places := make(map[string]int32)
	for _, c := range list {
		at, ok := places[c.Key]
		if !ok {
			at = int32(len(s.Keys))
			places[c.Key] = at
			s.Keys = append(s.Keys, c.Key)
		}
		s.Cells = append(s.Cells, Cell{c.Day, at, c.N})
	}
	return s
}

// Counts lists the cells by day and key.
func (s Sheet) Counts() []Count {
	if len(s.Cells) == 0 {
		return nil
	}
	list := make([]Count, len(s.Cells))
	for i, c := range s.Cells {
		list[i] = Count{Day: c.Day, Key: s.Keys[c.Key], N: c.N}
	}
	slices.SortFunc(list, func(a, b Count) int { return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Key, b.Key)) })
	return list
}

package dashboard

import (
	"cmp"
	"maps"
	"slices"

	"github.com/consentry/consentry/templates"
)

// telling is what the answers of a row say about a category, but for those that accept
// or reject everything, which are no secret: a row shows them.
type telling struct {
	chose  templates.Split // of those who chose some
	told   int64
	silent int64 // answers that do not tell about the category
}

// plain reports whether a row's figures tell nothing about a category that its answers
// do not tell as well.
func (t telling) plain() bool { return t.told == 0 || t.chose.All() == 0 && t.silent == 0 }

// few reports whether those who chose, or those who were not asked about the category,
// could be told by what is shown of the row.
func (t telling) few(smallest int64) bool {
	return small(t.chose.Granted, smallest) || small(t.chose.Denied, smallest) || small(t.told, smallest) ||
		small(t.silent, smallest) && (t.chose.Granted == 0 || t.chose.Denied == 0)
}

// withholdOptIn takes from the rows of a breakdown the opt-in of categories of which too
// little was answered. Of a row accepted, chosen and rejected are shown, so that what
// must not be told is how those decided who chose some:
//
//   - A row is withheld where fewer than smallest of those who chose some, but not none,
//     permit the category, or deny it. So it is where fewer than smallest answers tell
//     about the category and others do not, and where these others are fewer while
//     nobody who chose some permits it, or nobody denies it.
//   - The opt-in of all is known, and so is what is missing in a breakdown. Rows with the
//     fewest choosers are withheld with them until, of all withheld, those who chose some
//     and permit the category are not fewer than smallest, nor those who deny it, nor,
//     beside any row of the first rule, all others who chose. Then nobody can tell how
//     those of a row of the first rule chose but for a range that is as wide as smallest,
//     or as all of them.
//   - So it is when answers given elsewhere, which are in no row, would follow from the
//     opt-in of all less all rows.
//
// What follows from the answers alone is shown: where nobody chose some. Whoever
// subtracts two periods from each other is not kept from it, nor who knows that a row of
// another breakdown is of the same people.
func (out *Figures) withholdOptIn(b *templates.Breakdown, smallest int64) {
	rest := out.elsewhere(b.ID)
	few := false
	for _, s := range rest {
		few = few || small(s.Granted, smallest) || small(s.Denied, smallest)
	}
	for i := range b.Rows {
		b.Rows[i].Status = maps.Clone(b.Rows[i].Status)
	}
	for _, category := range slices.Sorted(maps.Keys(rest)) {
		for _, i := range withheldRows(out.tellings(b, category), few, smallest) {
			row := &b.Rows[i]
			delete(row.Status, category)
			row.Withheld = append(row.Withheld, category)
		}
	}
}

// elsewhere is, of every category, what was decided about it by who is in no row.
func (out *Figures) elsewhere(dimension string) map[string]templates.Split {
	rest := make(map[string]templates.Split)
	maps.Copy(rest, out.decided)
	for _, t := range out.By[dimension] {
		for id, s := range t.Status {
			of := rest[id]
			rest[id] = templates.Split{Granted: of.Granted - s.Granted, Denied: of.Denied - s.Denied}
		}
	}
	return rest
}

// tellings are what each row of a breakdown says about a category. What no row shows by
// itself is in the last one.
func (out *Figures) tellings(b *templates.Breakdown, category string) []telling {
	rows := make([]telling, len(b.Rows))
	place := make(map[string]int, len(b.Rows))
	for i, row := range b.Rows {
		if row.Folded == 0 {
			place[row.Value] = i
		}
	}
	for value, t := range out.By[b.ID] {
		i, ok := place[value]
		if !ok {
			i = len(rows) - 1
		}
		of, told, chose := &rows[i], t.Status[category].All(), out.choosers[b.ID][value][category]
		of.told += told
		of.silent += t.Answers() - told
		of.chose.Granted += chose.Granted
		of.chose.Denied += chose.Denied
	}
	return rows
}

// withheldRows lists the rows whose opt-in is withheld; few says that answers elsewhere
// are too few to follow from all of them.
func withheldRows(of []telling, few bool, smallest int64) (list []int) {
	var all templates.Split // who chose some, of the rows withheld
	var widest int64        // as many as chose some in one of the first rule
	var others []int
	for i, t := range of {
		switch {
		case t.plain():
		case t.few(smallest):
			list = append(list, i)
			all = templates.Split{Granted: all.Granted + t.chose.Granted, Denied: all.Denied + t.chose.Denied}
			widest = max(widest, t.chose.All())
		default:
			others = append(others, i)
		}
	}
	if len(list) == 0 && !few {
		return nil
	}
	slices.SortStableFunc(others, func(a, b int) int { return cmp.Compare(of[a].chose.All(), of[b].chose.All()) })
	for _, i := range others {
		if min(all.Granted, all.Denied, all.All()-widest) >= smallest {
			break
		}
		list = append(list, i)
		all = templates.Split{Granted: all.Granted + of[i].chose.Granted, Denied: all.Denied + of[i].chose.Denied}
	}
	return list
}

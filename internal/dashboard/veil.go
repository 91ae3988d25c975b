package dashboard

import "slices"

// veil is what is counted of some values day by day, and what of it is withheld. A row is
// a value's; where there is more, the last one is of what no value shows by itself, of
// which nothing is told on a day of which anything is withheld.
type veil struct {
	n      [][]int64 // by row and day
	hidden [][]bool
	names  map[string]int // row of a value
	rest   []int64        // by day
	others bool           // is there any of it?
}

// veiled begins with nothing withheld.
func (out *Figures) veiled(values []string) *veil {
	v := &veil{names: make(map[string]int), rest: slices.Clone(out.wider[0])}
	for _, value := range values {
		v.names[value] = len(v.n)
		v.n = append(v.n, out.apart[value])
		for day, n := range out.apart[value] {
			v.rest[day] = max(0, v.rest[day]-n)
		}
	}
	if v.others = sum(v.rest) > 0; v.others {
		v.n = append(v.n, v.rest)
	}
	for range v.n {
		v.hidden = append(v.hidden, make([]bool, len(v.rest)))
	}
	return v
}

// hide withholds values on a day.
func (v *veil) hide(day int, values []string) {
	for _, value := range values {
		v.hidden[v.names[value]][day] = true
		if v.others {
			v.hidden[len(v.n)-1][day] = true
		}
	}
}

// hideWhole withholds all values on the first days of a list that are not yet, so many of
// them, also of a value that has nothing there: who is shown to have nothing hides no
// other day. It returns the days that are left.
func (v *veil) hideWhole(days []int, many int) []int {
	for many > 0 && len(days) > 0 {
		added := false
		for _, row := range v.hidden {
			added = added || !row[days[0]]
			row[days[0]] = true
		}
		if added {
			many--
		}
		days = days[1:]
	}
	return days
}

// keeps reports whether nothing follows from what is shown that is too little to be: as
// whoever subtracts would, it fills in what alone is withheld of a day or of a row, again
// and again, and looks at all that is left. With a day of which nothing is shown nothing
// else follows for certain: every other withheld number then stands in a ring of four.
// Where all banners are of one value, a day of it is all of that day, which is no secret.
func (v *veil) keeps(smallest int64) bool {
	t := v.tally()
	if t.withheld == 0 {
		return true
	}
	if !t.whole {
		return false
	}
	for found := true; found; {
		found = false
		for row := range v.n {
			for day := range v.n[row] {
				if t.hidden[row][day] && (t.rows[row].withheld == 1 || t.days[day].withheld == 1 && len(v.n) > 1) {
					if small(v.n[row][day], smallest) {
						return false
					}
					t.fill(row, day, v.n[row][day])
					found = true
				}
			}
		}
	}
	tells := func(l line) bool { return l.left < l.all && small(l.left, smallest) }
	return !slices.ContainsFunc(t.rows, tells) && !slices.ContainsFunc(t.days, tells)
}

// line is a row or a day: how many of its numbers are withheld, what they come to, and
// what all of it comes to, which is no secret.
type line struct {
	withheld  int
	left, all int64
}

// told is what somebody knows who has filled in some of what is withheld.
type told struct {
	hidden     [][]bool
	rows, days []line
	withheld   int
	whole      bool // is there a day of which nothing is shown?
}

func (v *veil) tally() *told {
	t := &told{rows: make([]line, len(v.n)), days: make([]line, len(v.rest))}
	for row, hidden := range v.hidden {
		t.hidden = append(t.hidden, slices.Clone(hidden))
		for day, n := range v.n[row] {
			t.rows[row].all += n
			t.days[day].all += n
			if hidden[day] {
				t.withheld++
				t.rows[row].withheld++
				t.days[day].withheld++
				t.rows[row].left += n
				t.days[day].left += n
			}
		}
	}
	t.whole = slices.ContainsFunc(t.days, func(l line) bool { return l.withheld == len(v.n) })
	return t
}

// fill is a number that follows.
func (t *told) fill(row, day int, n int64) {
	t.hidden[row][day] = false
	for _, l := range []*line{&t.rows[row], &t.days[day]} {
		l.withheld--
		l.left -= n
	}
}

// byValue says of each value on which days it is withheld.
func (v *veil) byValue(values []string) map[string][]bool {
	days := make(map[string][]bool, len(values))
	for _, value := range values {
		days[value] = v.hidden[v.names[value]]
	}
	return days
}

package consent

import "strings"

// Dimensions of AnsweredBy that list categories, in the notice's order: what the
// answer permits and what it denies. Neither is there when its list is empty. A key
// tells nothing about a category that is in neither list: the notice did not ask about
// it, or the answer is older than these dimensions.
const (
	PermitsList = "permits"
	DeniesList  = "denies"
)

// listSeparator stands between the ids of a list. No id has it.
const listSeparator = "+"

// maxListed is about how many categories a notice may ask for its answers to list
// them. Each of them doubles how many counters a value of a breakdown can have, 32
// with five; answers to longer notices count as accepted, chosen and rejected alone.
const maxListed = 5

// answered is how the keys of an answer begin in all breakdowns: after is what it
// permits, as permitted lists it. The lists come before the breakdown's value, so that
// an answer's keys differ at their ends alone, of which a store makes use.
func answered(f *Frame, answer string, after []bool) string {
	categories := f.Optional()
	if len(categories) > maxListed {
		return CountKey(AnsweredBy, "answer", answer)
	}
	b := make([]byte, 0, 128)
	b = append(append(b, AnsweredBy+";answer="...), answer...)
	for _, list := range [...]struct {
		name string
		is   bool
	}{{PermitsList, true}, {DeniesList, false}} {
		at, separator := 0, ";"+list.name+"="
		for _, c := range categories {
			if after[at] == list.is {
				b = append(append(b, separator...), c.ID...)
				separator = listSeparator
			}
			at += 1 + len(c.Services)
		}
	}
	return string(b)
}

// Listed reads one of the lists of an AnsweredBy key.
func Listed(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, listSeparator)
}

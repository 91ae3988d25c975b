package consent_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

// answeredKeys are the keys under which an answer counts in the breakdowns.
func answeredKeys(t *testing.T, q consent.Request) []string {
	t.Helper()
	out := decide(t, q)
	keys := keysOf(out.Counts(q.Asked, moment(t)))
	return slices.DeleteFunc(keys, func(key string) bool { return !strings.HasPrefix(key, consent.AnsweredBy+";") })
}

func TestTheKeyOfAnAnswerListsWhatItPermitsAndDenies(t *testing.T) {
	for control, want := range map[string]string{
		"accept-all": "answered-by;answer=accepted;permits=analytics+share+marketing;country=DE",
		"reject-all": "answered-by;answer=rejected;denies=analytics+share+marketing;country=DE",
	} {
		q, status := shopRequest(t), consent.Denied
		if control == "accept-all" {
			status = consent.Granted
		}
		q.Decision.Control = control
		for id := range q.Decision.Categories {
			q.Decision.Categories[id] = status
		}
		clear(q.Decision.Services)
		if got := answeredKeys(t, q); len(got) != len(consent.Breakdowns()) || got[0] != want {
			t.Errorf("%s counts %q, want %q first", control, got, want)
		}
	}
}

// Every category may double a breakdown's counters: of more than five none is listed.
func TestAnswersToLongNoticesListNoCategories(t *testing.T) {
	for categories, want := range map[int]string{
		5: "answered-by;answer=chosen;permits=analytics;denies=share+marketing+more-0+more-1;country=DE",
		6: "answered-by;answer=chosen;country=DE",
	} {
		q := shopRequest(t)
		asked := *q.Asked
		asked.Categories = slices.Clone(asked.Categories)
		for n := range categories - len(asked.Optional()) {
			id := "more-" + strconv.Itoa(n)
			asked.Categories = append(asked.Categories, consent.FrameCategory{ID: id, Digest: id})
			q.Decision.Categories[id] = consent.Denied
		}
		q.Asked = &asked
		if got := answeredKeys(t, q); len(got) != len(consent.Breakdowns()) || got[0] != want {
			t.Errorf("%d categories count %q, want %q first", categories, got, want)
		}
	}
}

func TestTheListsOfAKeyAreReadBack(t *testing.T) {
	_, d := consent.ParseCountKey(answeredKeys(t, shopRequest(t))[0])
	if got := consent.Listed(d[consent.PermitsList]); !slices.Equal(got, []string{"analytics"}) {
		t.Errorf("permits %q", got)
	}
	if got := consent.Listed(d[consent.DeniesList]); !slices.Equal(got, []string{"share", "marketing"}) {
		t.Errorf("denies %q", got)
	}
	if got := consent.Listed(d["nothing"]); len(got) != 0 {
		t.Errorf("without a list there is %q", got)
	}
}

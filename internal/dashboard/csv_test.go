package dashboard

import (
	"bytes"
	"github.com/consentry/consentry/internal/consent"
	"testing"

	"github.com/consentry/consentry/templates"
)

func TestTheCSVHasARowPerDayAndNoFormulas(t *testing.T) {
	from := day(t, "2026-11-21")
	days := []templates.Step{
		{From: from, To: from.AddDate(0, 0, 1), Tally: templates.Tally{
			Shown: 10, Accepted: 4, Chosen: 1, Rejected: 2, Confirmed: 1, Withdrawn: 3, LoadedOnce: 5, Ignored: 2, AutoShown: 7, AutoMade: 6, Unasked: 300, AutoUnasked: 100, UnaskedSpread: 300 * 99,
			Status: map[string]templates.Split{"analytics": {Granted: 2, Denied: 1}},
		}},
		{From: from.AddDate(0, 0, 1), To: from.AddDate(0, 0, 2)},
	}
	var b bytes.Buffer
	if err := dayTable(days, []templates.CategoryName{{ID: "analytics"}, {ID: "=cmd|' /C calc'!A0"}}, templates.Filter{}).write(&b); err != nil {
		t.Fatal(err)
	}
	want := "date,banners_shown,accepted_all,chosen_some,rejected_all,ignored,answered_elsewhere,confirmed,withdrawn,widened,one_service,loaded_once,first_decisions,decisions,by_signal,automated_banners,automated_decisions," +
		"unasked_pages_estimated,automated_unasked_pages_estimated,unasked_pages_low,unasked_pages_high,automated_unasked_pages_low,automated_unasked_pages_high," +
		"analytics_granted,analytics_denied,analytics_opt_in_rate,'=cmd|' /C calc'!A0_granted,'=cmd|' /C calc'!A0_denied,'=cmd|' /C calc'!A0_opt_in_rate\r\n" +
		"2026-11-21,10,4,1,2,2,0,1,3,0,0,5,0,0,0,7,6,300,100,102,878,100,100,2,1,0.6667,0,0,\r\n" +
		"2026-11-22,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,,,,,0,0,,0,0,\r\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestTextsThatASpreadsheetWouldRunAreInert(t *testing.T) {
	for text, want := range map[string]string{"=1": "'=1", "+1": "'+1", "-1": "'-1", "@x": "'@x", "\tx": "'\tx", "\rx": "'\rx", "x=1": "x=1", "": ""} {
		if got := consent.Inert(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

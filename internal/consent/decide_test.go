package consent_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// onlyYouTube turns a request into one about the service youtube alone.
func onlyYouTube(q consent.Request, control string, scope consent.Scope) consent.Request {
	q.Decision.Control, q.Decision.Scope, q.Decision.Categories = control, scope, nil
	q.Decision.Services = map[string]consent.Status{"youtube": consent.Granted}
	q.Decision.ID = consent.ID{4, 5, 6}
	return q
}

// returning is a visitor's second request: both cookies of the first came with it.
func returning(t *testing.T, first consent.Request) consent.Request {
	t.Helper()
	q := first
	q.Previous = decide(t, first).Sealed
	hint := q.Previous.State()
	q.Hint = &hint
	q.Decision.ID = consent.ID{7, 8, 9}
	q.Now = first.Now.Add(time.Hour)
	return q
}

func status(t *testing.T, r consent.Record, category, service string) consent.RecordDecision {
	t.Helper()
	i := slices.IndexFunc(r.Decisions, func(d consent.RecordDecision) bool { return d.Category == category && d.Service == service })
	if i < 0 {
		return consent.RecordDecision{}
	}
	return r.Decisions[i]
}

func TestAFirstDecisionMintsAVisitorAndHoldsForTheMemoryOfTheNotice(t *testing.T) {
	q := shopRequest(t)
	out := decide(t, q)
	if out.Visitor != q.Keys.Visitor(q.Decision.ID) || out.Record.Subject != q.Keys.Subject(out.Visitor) || out.Record.Previous != nil {
		t.Errorf("visitor %v, subject %v, previous %v", out.Visitor, out.Record.Subject, out.Record.Previous)
	}
	at := shopTime.Truncate(time.Millisecond)
	if !out.Record.Time.Equal(at) || !out.Record.Validity.Expires.Equal(at.Add(180*24*time.Hour)) {
		t.Errorf("decided at %v, valid until %v", out.Record.Time, out.Record.Validity.Expires)
	}
	want := &consent.Sealed{V: 1, Site: "shop", Visitor: out.Visitor, Record: q.Keys.Record(q.Decision.ID), Regime: consent.OptIn,
		Issued: at.Unix(), Expires: at.Add(180 * 24 * time.Hour).Unix(),
		Categories: map[string][2]string{
			"analytics": {"granted", q.Policy.CategoryDigest("analytics")},
			"share":     {"denied", q.Policy.CategoryDigest("share")},
			"marketing": {"denied", q.Policy.CategoryDigest("marketing")},
		},
		Services: map[string]consent.Status{"youtube": consent.Granted}}
	if !reflect.DeepEqual(out.Sealed, want) {
		t.Errorf("sealed %+v, want %+v", out.Sealed, want)
	}
	if !reflect.DeepEqual(out.Next, out.Sealed.State()) && out.Next.Expires.Unix() != out.Sealed.Expires {
		t.Errorf("the hint says %+v, the sealed cookie %+v", out.Next, out.Sealed.State())
	}
}

func TestASecondDecisionKeepsTheVisitorAndNamesTheFirst(t *testing.T) {
	first := decide(t, shopRequest(t))
	second := decide(t, returning(t, shopRequest(t)))
	if second.Visitor != first.Visitor || second.Record.Subject != first.Record.Subject {
		t.Error("the visitor changed")
	}
	if second.Record.Previous == nil || *second.Record.Previous != first.Record.ID || second.Record.ID == first.Record.ID {
		t.Errorf("previous is %v", second.Record.Previous)
	}
	if second.Record.Event != consent.Renewed || second.Grants {
		t.Errorf("the same answer again is %s, grants %v", second.Record.Event, second.Grants)
	}
}

func TestAnExpiredOrForeignCookieIsNoPreviousDecision(t *testing.T) {
	spoil := map[string]func(*consent.Request){
		"expired long ago": func(q *consent.Request) { q.Now = q.Now.Add(200 * 24 * time.Hour) },
		"expired just now": func(q *consent.Request) { q.Now = time.Unix(q.Previous.Expires, 0) },
		"of another site":  func(q *consent.Request) { q.Previous.Site = "other" },
	}
	for name, spoil := range spoil {
		q := onlyYouTube(returning(t, shopRequest(t)), "allow-service", consent.Keep)
		spoil(&q)
		out := decide(t, q)
		if out.Record.Previous != nil || out.Visitor != q.Keys.Visitor(q.Decision.ID) || out.Record.Event != consent.Partial || !out.Grants {
			t.Errorf("%s: previous %v, event %s, grants %v", name, out.Record.Previous, out.Record.Event, out.Grants)
		}
		if _, ok := out.Sealed.Categories["analytics"]; ok {
			t.Errorf("%s: its grant was carried over", name)
		}
	}
}

func TestARetryThatBringsItsOwnCookieDoesNotFollowItself(t *testing.T) {
	q := returning(t, shopRequest(t))
	q.Decision.ID = shopRequest(t).Decision.ID
	out := decide(t, q)
	if out.Record.Previous != nil || out.Record.Event != consent.Partial || !out.Grants || out.Visitor != q.Previous.Visitor {
		t.Errorf("previous %v, event %s, grants %v", out.Record.Previous, out.Record.Event, out.Grants)
	}
}

func TestLoadingOnceChangesNoCookieAndAnswersNoQuestion(t *testing.T) {
	out := decide(t, onlyYouTube(shopRequest(t), "load-once", consent.Once))
	if out.Sealed != nil || !out.Grants {
		t.Errorf("sealed %+v, grants %v", out.Sealed, out.Grants)
	}
	want := []consent.RecordDecision{
		{Category: consent.Necessary, Status: consent.Granted, Scope: consent.Keep},
		{Category: "analytics", Status: consent.Denied, Scope: consent.Once},
		{Category: "share", Status: consent.Denied, Scope: consent.Once},
		{Category: "share", Service: "youtube", Status: consent.Granted, Scope: consent.Once},
		{Category: "marketing", Status: consent.Denied, Scope: consent.Once},
	}
	if !slices.Equal(out.Record.Decisions, want) {
		t.Errorf("recorded %+v", out.Record.Decisions)
	}
}

func TestLoadingOnceRecordsEarlierAnswersAsTheyAre(t *testing.T) {
	out := decide(t, onlyYouTube(returning(t, shopRequest(t)), "load-once", consent.Once))
	if got := status(t, out.Record, "analytics", ""); got.Status != consent.Granted || got.Scope != consent.Keep {
		t.Errorf("analytics is recorded as %+v", got)
	}
	if got := status(t, out.Record, "share", ""); got.Status != consent.Denied || got.Scope != consent.Keep {
		t.Errorf("share is recorded as %+v", got)
	}
}

func TestAllowingOneServiceLeavesTheOtherQuestionsOpen(t *testing.T) {
	q := onlyYouTube(shopRequest(t), "allow-service", consent.Keep)
	out := decide(t, q)
	s := out.Sealed.State()
	if asks := s.Asks(q.Policy, q.Now); !slices.Equal(asks, []string{"analytics", "marketing"}) {
		t.Errorf("the banner asks about %v", asks)
	}
	if !s.PermitsService(q.Policy, "youtube", q.Now) || s.PermitsService(q.Policy, "sharer", q.Now) || s.Permits(q.Policy, "share", q.Now) {
		t.Error("something else than youtube is permitted")
	}
	if got := status(t, out.Record, "analytics", ""); got.Status != consent.Denied || got.Scope != consent.Once {
		t.Errorf("analytics, which nobody answered, is recorded as %+v", got)
	}
}

func TestAllowingOneServiceDoesNotBringBackWhatTheHintTookAway(t *testing.T) {
	q := onlyYouTube(returning(t, shopRequest(t)), "allow-service", consent.Keep)
	q.Hint.Categories["analytics"] = consent.Choice{Status: consent.Denied, Digest: q.Policy.CategoryDigest("analytics")}
	out := decide(t, q)
	if out.Sealed.State().Permits(q.Policy, "analytics", q.Now) {
		t.Error("analytics is permitted again")
	}
	if out.Record.Event != consent.Withdrawn {
		t.Errorf("the event is %s", out.Record.Event)
	}
}

func TestAGrantNeedsTheProofWheneverTheCookiesTogetherDidNotPermitIt(t *testing.T) {
	narrow := map[string]func(*consent.Request){
		"no sealed cookie": func(q *consent.Request) { q.Previous = nil },
		"no hint":          func(q *consent.Request) { q.Hint = nil },
		"an expired hint":  func(q *consent.Request) { q.Hint.Expires = q.Now.Truncate(time.Second) },
		"a narrower hint": func(q *consent.Request) {
			q.Hint.Categories["analytics"] = consent.Choice{Status: consent.Denied, Digest: q.Policy.CategoryDigest("analytics")}
		},
		"a hint of another notice": func(q *consent.Request) {
			q.Hint.Categories["analytics"] = consent.Choice{Status: consent.Granted, Digest: "outdated"}
		},
	}
	for name, narrow := range narrow {
		q := returning(t, shopRequest(t))
		narrow(&q)
		if !decide(t, q).Grants {
			t.Errorf("%s: the same answer again needs no proof", name)
		}
	}
}

func TestACategoryThatIsAskedDifferentlyTodayIsLeftOutOfTheCookie(t *testing.T) {
	q := shopRequest(t)
	today := *q.Policy
	today.Categories = slices.Clone(today.Categories)
	for i := range today.Categories {
		if today.Categories[i].ID == "share" {
			today.Categories[i].Services = append(slices.Clone(today.Categories[i].Services), consent.Service{ID: "new"})
		}
	}
	q.Policy = consent.NewPolicy(today)
	out := decide(t, q)
	s := out.Sealed.State()
	if asks := s.Asks(q.Policy, q.Now); !slices.Equal(asks, []string{"share"}) {
		t.Errorf("the banner asks about %v", asks)
	}
	if s.PermitsService(q.Policy, "youtube", q.Now) || len(s.Services) != 0 || !s.Permits(q.Policy, "analytics", q.Now) {
		t.Errorf("sealed %+v", out.Sealed)
	}
	if got := status(t, out.Record, "share", "youtube"); got.Status != consent.Granted {
		t.Errorf("the record hides what was answered: %+v", got)
	}
}

func TestARetryIsSealedFromTheStoredRecordLikeTheFirstTime(t *testing.T) {
	first := decide(t, shopRequest(t))
	stored, f, _ := sealedShopRecord(t)
	r, err := consent.OpenRecord(stored, f)
	if err != nil {
		t.Fatal(err)
	}
	retry := shopRequest(t)
	retry.Now = retry.Now.Add(time.Minute)
	visitor := decide(t, retry).Visitor
	if got := consent.Seal(r, visitor, f, retry.Policy); !reflect.DeepEqual(got, first.Sealed) {
		t.Errorf("the retry gets %+v, the first got %+v", got, first.Sealed)
	}
	once := decide(t, onlyYouTube(retry, "load-once", consent.Once))
	if consent.Seal(&once.Record, visitor, f, retry.Policy) != nil {
		t.Error("the retry of a single load changes a cookie")
	}
}

func TestADecisionThatDoesNotFitTheNoticeHasNoOutcome(t *testing.T) {
	q := shopRequest(t)
	q.Decision.Layer = 3
	out, err := consent.Decide(q)
	if !errors.Is(err, consent.ErrInvalid) || !reflect.DeepEqual(out, consent.Outcome{}) {
		t.Errorf("Decide = %+v, %v", out, err)
	}
}

func TestWhatLooksAutomatedIsMarked(t *testing.T) {
	for _, c := range []struct {
		webdriver, untrusted bool
		after                *int
		family, want         string
	}{
		{false, false, nil, "firefox", "no"}, {false, false, new(250), "firefox", "no"}, {false, false, new(249), "firefox", "suspect"},
		{false, false, new(1), "firefox", "suspect"}, {false, false, new(0), "firefox", "suspect"},
		{false, true, new(4000), "firefox", "suspect"}, {true, true, new(4000), "firefox", "yes"}, {true, false, new(4000), "firefox", "yes"},
		{false, false, nil, "bot", "yes"},
	} {
		q := shopRequest(t)
		q.UA.Family = c.family
		q.Decision.WebDriver, q.Decision.Untrusted, q.Decision.AfterMS = c.webdriver, c.untrusted, c.after
		if got := decide(t, q).Record.Automated; got != c.want {
			t.Errorf("%+v is %q", c, got)
		}
	}
}

package api

import (
	"net/http"
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

// Most browsers claim to be several; the record keeps which layout was seen.
func TestUserAgentsBecomeAFamilyAndAForm(t *testing.T) {
	const webkit = " AppleWebKit/537.36 (KHTML, like Gecko) "
	for ua, want := range map[string]consent.UAClass{
		"":            {Family: "other", Form: "other"},
		"curl/8.14.1": {Family: "other", Form: "other"},
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64)" + webkit + "Chrome/142.0.0.0 Safari/537.36":                                                     {Family: "chrome", Form: "desktop"},
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64)" + webkit + "Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0":                                       {Family: "edge", Form: "desktop"},
		"Mozilla/5.0 (X11; Linux x86_64)" + webkit + "Chrome/142.0.0.0 Safari/537.36 OPR/124.0.0.0":                                                 {Family: "opera", Form: "desktop"},
		"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0)" + webkit + "Chrome/142.0.0.0 Safari/537.36":                                                      {Family: "chrome", Form: "desktop"},
		"Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0":                                                                    {Family: "firefox", Form: "desktop"},
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15":                     {Family: "safari", Form: "desktop"},
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1":   {Family: "safari", Form: "phone"},
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142.0 Mobile/15E148 Safari/604.1":    {Family: "chrome", Form: "phone"},
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/145.0 Mobile/15E148 Safari/605.1.15": {Family: "firefox", Form: "phone"},
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) EdgiOS/142.0 Mobile/15E148 Safari/604.1":   {Family: "edge", Form: "phone"},
		"Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1 Mobile/15E148 Safari/604.1":            {Family: "safari", Form: "tablet"},
		"Mozilla/5.0 (Linux; Android 10; K)" + webkit + "Chrome/142.0.0.0 Mobile Safari/537.36":                                                     {Family: "chrome", Form: "phone"},
		"Mozilla/5.0 (Linux; Android 10; K)" + webkit + "Chrome/142.0.0.0 Safari/537.36":                                                            {Family: "chrome", Form: "tablet"},
		"Mozilla/5.0 (Linux; Android 14; SM-S911B)" + webkit + "SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36":                          {Family: "samsung", Form: "phone"},
		"Mozilla/5.0 (Linux; Android 10; K)" + webkit + "Chrome/142.0.0.0 Mobile Safari/537.36 EdgA/142.0.0.0":                                      {Family: "edge", Form: "phone"},
		"Mozilla/5.0 (Android 14; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0":                                                                      {Family: "firefox", Form: "phone"},
		"Mozilla/5.0 (Android 14; Tablet; rv:145.0) Gecko/145.0 Firefox/145.0":                                                                      {Family: "firefox", Form: "tablet"},
		"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)":                                                                  {Family: "bot", Form: "other"},
		"Mozilla/5.0 (Linux; Android 6.0.1)" + webkit + "Chrome/142.0 Mobile Safari/537.36 (compatible; Googlebot/2.1)":                             {Family: "bot", Form: "phone"},
		"Mozilla/5.0 (compatible; Baiduspider/2.0)":                                                                                                 {Family: "bot", Form: "other"},
		"Mozilla/5.0 (compatible; archive.org_crawler)":                                                                                             {Family: "bot", Form: "other"},
	} {
		if got := classify(http.Header{"User-Agent": {ua}}); got != want {
			t.Errorf("%q is %+v, want %+v", ua, got, want)
		}
	}
}

func TestOnlyTheExactValueOneIsASignal(t *testing.T) {
	for _, test := range []struct {
		values []string
		want   bool
	}{
		{nil, false}, {[]string{""}, false}, {[]string{"0"}, false}, {[]string{"true"}, false}, {[]string{"11"}, false},
		{[]string{"?1"}, false}, {[]string{`"1"`}, false}, {[]string{"1;q=1"}, false}, {[]string{"1 1"}, false}, {[]string{"on", "yes"}, false},
		{[]string{"1"}, true}, {[]string{" 1 "}, true}, {[]string{"\t1"}, true}, {[]string{"1, 1"}, true}, {[]string{"1,"}, true},
		{[]string{"0, 1"}, true}, {[]string{"0", "1"}, true}, {[]string{"true,1"}, true},
	} {
		if got := hasOne(test.values); got != test.want {
			t.Errorf("%q is %v", test.values, got)
		}
	}
}

func TestASignalIsRecordedWithWhereItWasSeen(t *testing.T) {
	for _, test := range []struct {
		gpc, dnt string
		script   bool
		want     consent.Signals
	}{
		{"", "", false, consent.Signals{Source: "none"}},
		{"0", "0", false, consent.Signals{Source: "none"}},
		{"1", "", false, consent.Signals{GPC: true, Source: "header"}},
		{"", "", true, consent.Signals{GPC: true, Source: "script"}},
		{"0", "", true, consent.Signals{GPC: true, Source: "script"}},
		{"1", "", true, consent.Signals{GPC: true, Source: "both"}},
		{"", "1", false, consent.Signals{DNT: true, Source: "header"}},
		{"1", "1", false, consent.Signals{GPC: true, DNT: true, Source: "header"}},
	} {
		h := http.Header{}
		h.Set("Sec-GPC", test.gpc)
		h.Set("DNT", test.dnt)
		if got := signals(h, &consent.Decision{GPC: test.script}); got != test.want {
			t.Errorf("Sec-GPC %q, DNT %q, script %v: %+v", test.gpc, test.dnt, test.script, got)
		}
	}
}

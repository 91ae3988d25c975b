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
		"":            {Family: "bot", Form: "other"},
		"curl/8.14.1": {Family: "bot", Form: "other"},
		"Mozilla/5.0": {Family: "other", Form: "other"},
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

func TestWhatSaysThatItIsAProgramIsNoPerson(t *testing.T) {
	const webkit = " AppleWebKit/537.36 (KHTML, like Gecko) "
	for _, ua := range []string{
		"facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "python-requests/2.32.3", "Go-http-client/2.0", "Wget/1.25.0",
		"Mediapartners-Google", "Java/21.0.2", "axios/1.7.9", "WhatsApp/2.24.1 A",
		"Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)",
		"Mozilla/5.0 (X11; Linux x86_64)" + webkit + "HeadlessChrome/142.0.0.0 Safari/537.36",
		"Mozilla/5.0 (Linux; Android 11; moto g power (2022))" + webkit + "Chrome/142.0.0.0 Mobile Safari/537.36 Chrome-Lighthouse",
		"Mozilla/5.0 (Windows NT 6.1; WOW64)" + webkit + "Chrome/142.0.0.0 Safari/537.36 BingPreview/1.0b",
		"Mozilla/5.0 (Linux; Android 6.0.1)" + webkit + "Chrome/142.0.0.0 Mobile Safari/537.36 (compatible; Google-InspectionTool/1.0)",
	} {
		if got := classify(http.Header{"User-Agent": {ua}}).Family; got != "bot" {
			t.Errorf("%q is %s", ua, got)
		}
	}
	for _, ua := range []string{
		"Mozilla/5.0 (Linux; Android 13; CUBOT X70)" + webkit + "Chrome/142.0.0.0 Mobile Safari/537.36",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/500.0]",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) GSA/390.0 Mobile/15E148 Safari/604.1",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64)" + webkit + "Chrome/142.0.0.0 YaBrowser/25.10 Safari/537.36",
		"Opera/9.80 (Android; Opera Mini/36.2/191.256; U; en) Presto/2.12.423 Version/12.16",
	} {
		if got := classify(http.Header{"User-Agent": {ua}}).Family; got == "bot" {
			t.Errorf("%q is a program", ua)
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
		script   consent.Decision
		want     consent.Signals
	}{
		{"", "", consent.Decision{}, consent.Signals{Source: "none"}},
		{"0", "0", consent.Decision{}, consent.Signals{Source: "none"}},
		{"1", "", consent.Decision{}, consent.Signals{GPC: true, Source: "header"}},
		{"", "", consent.Decision{GPC: true}, consent.Signals{GPC: true, Source: "script"}},
		{"0", "", consent.Decision{GPC: true}, consent.Signals{GPC: true, Source: "script"}},
		{"1", "", consent.Decision{GPC: true}, consent.Signals{GPC: true, Source: "both"}},
		{"", "1", consent.Decision{}, consent.Signals{DNT: true, Source: "header"}},
		{"1", "1", consent.Decision{}, consent.Signals{GPC: true, DNT: true, Source: "header"}},
		{"", "", consent.Decision{DNT: true}, consent.Signals{DNT: true, Source: "script"}},
		{"", "1", consent.Decision{DNT: true}, consent.Signals{DNT: true, Source: "both"}},
	} {
		h := http.Header{}
		h.Set("Sec-GPC", test.gpc)
		h.Set("DNT", test.dnt)
		if got := signals(h, &test.script); got != test.want {
			t.Errorf("Sec-GPC %q, DNT %q, script %v and %v: %+v", test.gpc, test.dnt, test.script.GPC, test.script.DNT, got)
		}
	}
}

package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/sqlitestore"
)

// triedIn adds an experiment to an installation's site file, from today on.
func triedIn(t *testing.T, dir string) (before string) {
	t.Helper()
	before = content(t, siteFile(dir))
	replace(t, siteFile(dir), before+"\nexperiment:\n  id: plain-card\n  start: "+time.Now().UTC().Format(time.DateOnly)+
		"\n  variant: {layout: card, texts: {en: {heading: Your choice here}}}\n")
	return before
}

var setupLink = regexp.MustCompile(`http://\S+/admin/setup/[A-Za-z0-9_-]+`)

// operator is a browser that set the first password.
func (p *program) operator() (post func(path string, form url.Values) (status int, body string)) {
	p.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	post = func(address string, form url.Values) (int, string) {
		p.t.Helper()
		if strings.HasPrefix(address, "/") {
			address = "http://" + p.operators + address
		}
		request, err := http.NewRequest(http.MethodPost, address, strings.NewReader(form.Encode()))
		if err != nil {
			p.t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Origin", "http://"+request.URL.Host)
		answer, err := browser.Do(request)
		if err != nil {
			p.t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			p.t.Fatal(err)
		}
		return answer.StatusCode, string(body)
	}
	if got, _ := post(setupLink.FindString(p.log()), url.Values{"password": {"correct horse battery"}, "again": {"correct horse battery"}}); got != http.StatusSeeOther {
		p.t.Fatalf("the password got %d", got)
	}
	return post
}

// banner is the script that asks, as the gate names it now.
func (p *program) banner() string {
	p.t.Helper()
	return ask(p.t, p.visitors, "GET", "/privacy/banner/"+p.rendering()+"/en.js", "").body
}

// An owner's one click ends an experiment: the site file says what the variant said,
// and so does the banner, at once and after a restart; the logs still verify.
func TestAnAdoptedVariantOutlivesARestart(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	before := triedIn(t, dir)
	p := start(t, dir)
	post := p.operator()
	if got, _ := post("/admin/sites/shop/experiment", url.Values{"end": {"adopt"}, "experiment": {"plain-card"}}); got != http.StatusSeeOther {
		t.Fatalf("the end got %d\n%s", got, p.log())
	}
	adopted := p.rendering()
	if got := p.banner(); !strings.Contains(got, "Your choice here") || !strings.Contains(got, `layout:"card"`) {
		t.Error("the banner is not the variant’s")
	}
	after := content(t, siteFile(dir))
	if strings.Contains(after, "experiment") || !strings.Contains(after, "\nlayout: card") {
		t.Errorf("the site file is\n%s", after)
	}
	for line := range strings.Lines(before) {
		if !strings.HasPrefix(line, "layout:") && !strings.Contains(after, line) {
			t.Errorf("the line %q is gone", line)
		}
	}
	if got := p.decide("accept-all"); got.status != http.StatusCreated {
		t.Errorf("a decision got %d", got.status)
	}
	p.stop()
	p = start(t, dir)
	if got := p.rendering(); got != adopted {
		t.Errorf("after a restart %s is shown, not %s", got, adopted)
	}
	p.stop()
	if status, _, stderr := command(t, "verify", "--config", dir); status != exitOK {
		t.Errorf("verify: %s", stderr)
	}
}

// The command does the same to the file, and a site that is kept loses nothing but
// the experiment.
func TestTheCommandEndsAnExperiment(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	before := triedIn(t, dir)
	for _, args := range [][]string{{"experiment", "end", "shop"}, {"experiment", "end", "shop", "--adopt", "--keep"}} {
		if status, _, _ := command(t, append(args, "--config", dir)...); status != exitUsage {
			t.Errorf("%q: status %d", args, status)
		}
	}
	if status, _, stderr := command(t, "experiment", "end", "elsewhere", "--keep", "--config", dir); status != exitProblem || !strings.Contains(stderr, `no site "elsewhere"`) {
		t.Errorf("status %d, %s", status, stderr)
	}
	if status, stdout, stderr := command(t, "experiment", "end", "shop", "--keep", "--config", dir); status != exitOK || !strings.Contains(stdout, "plain-card has ended") {
		t.Errorf("status %d, %s %s", status, stdout, stderr)
	}
	if got := content(t, siteFile(dir)); strings.TrimSpace(got) != strings.TrimSpace(before) {
		t.Errorf("the site file is\n%s", got)
	}
	if status, _, stderr := command(t, "experiment", "end", "shop", "--keep", "--config", dir); status != exitProblem || !strings.Contains(stderr, "no such experiment") {
		t.Errorf("status %d, %s", status, stderr)
	}
}

// Whoever ends an experiment by the command leaves it in the site's log, whether a
// server runs or not, and in no other's.
func TestTheCommandsEndOfAnExperimentStandsInTheAuditTrail(t *testing.T) {
	for name, running := range map[string]bool{"beside a server": true, "alone": false} {
		t.Run(name, func(t *testing.T) {
			dir := newShop(t, "https://shop.example", anyPorts)
			triedIn(t, dir)
			other := regexp.MustCompile(`(?m)^id: .*$`).ReplaceAllString(content(t, siteFile(dir)), "id: other")
			replace(t, filepath.Join(filepath.Dir(siteFile(dir)), "other.yaml"), strings.ReplaceAll(other, "shop.example", "other.example"))
			p := start(t, dir)
			if !running {
				p.stop()
			}
			if status, stdout, stderr := command(t, "experiment", "end", "shop", "--adopt", "--config", dir); status != exitOK || !strings.Contains(stdout, "plain-card has ended") {
				t.Fatalf("status %d, %s %s", status, stdout, stderr)
			}
			if got := content(t, siteFile(dir)); strings.Contains(got, "experiment") || !strings.Contains(got, "layout: card") {
				t.Errorf("the site file is\n%s", got)
			}
			if status, _, stderr := command(t, "experiment", "end", "shop", "--adopt", "--config", dir); status != exitProblem || !strings.Contains(stderr, "no such experiment") {
				t.Errorf("again: status %d, %s", status, stderr)
			}
			if running {
				p.stop()
			}
			for site, want := range map[string][]string{"shop": {"command experiment-ended plain-card adopt"}, "other": nil} {
				if got := trailOf(t, dir, site); !slices.Equal(got, want) {
					t.Errorf("the trail of %s: %q", site, got)
				}
			}
			if status, _, stderr := command(t, "verify", "--config", dir); status != exitOK {
				t.Errorf("verify: %s", stderr)
			}
		})
	}
}

// trailOf reads a stopped installation's audit trail from its store.
func trailOf(t *testing.T, dir, site string) (list []string) {
	t.Helper()
	store, err := sqlitestore.Open(filepath.Join(dir, "data", "consentry.db"), sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	listed, err := store.Artefacts(t.Context(), site, consent.AuditKind)
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range listed {
		a, err := store.Artefact(t.Context(), site, item.Digest)
		if err != nil {
			t.Fatal(err)
		}
		e, err := consent.ReadAudit(site, a)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, strings.Join([]string{e.Actor, e.Action, e.About, e.Detail}, " "))
	}
	return list
}

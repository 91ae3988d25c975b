package main

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// A forgotten password is mended beside the server, which takes it over at once;
// verify finds what was done in the log.
func TestAccountsAreMendedBesideTheServer(t *testing.T) {
	dir := anchoredShop(t)
	wantCommand(t, exitOK, "no account yet", "accounts", "--config", dir)
	p := start(t, dir)
	p.waitSigned(1)
	set := func(path string) string {
		t.Helper()
		form := url.Values{"password": {"correct horse battery"}, "again": {"correct horse battery"}}
		got := ask(t, p.operators, "POST", path, form.Encode(), "Host: "+p.operators, "Content-Type: application/x-www-form-urlencoded", "Origin: http://"+p.operators)
		if got.status != 303 {
			t.Fatalf("%s got %d: %s", path, got.status, got.body)
		}
		cookie, _, _ := strings.Cut(got.header.Get("Set-Cookie"), ";")
		return cookie
	}
	session := set(regexp.MustCompile(`/admin/setup/\S+`).FindString(p.log()))
	wantCommand(t, exitProblem, "there is no site", "accounts", "invite", "mira", "--site", "elsewhere", "--config", dir)
	wantCommand(t, exitProblem, "a role is owner, marketer or auditor", "accounts", "invite", "mira", "--role", "root", "--config", dir)
	wantCommand(t, exitOK, "/admin/invite/", "accounts", "invite", "mira", "--role", "auditor", "--site", "shop", "--config", dir)
	wantCommand(t, exitOK, "mira   auditor  shop       invited", "accounts", "--config", dir)
	out := wantCommand(t, exitOK, "/admin/invite/", "accounts", "reset", "admin", "--config", dir)
	if got := ask(t, p.operators, "GET", "/admin/", "", "Host: "+p.operators, "Cookie: "+session); got.status != 303 {
		t.Errorf("the session before got %d", got.status)
	}
	set(regexp.MustCompile(`/admin/invite/\S+`).FindString(out))
	wantCommand(t, exitProblem, "somebody must be left", "accounts", "disable", "admin", "--config", dir)
	wantCommand(t, exitOK, "mira is disabled", "accounts", "disable", "mira", "--config", dir)
	p.stop()
	wantCommand(t, exitOK, "mira is disabled", "accounts", "disable", "mira", "--config", dir) // without a server
	wantCommand(t, exitOK, "8 of the artefacts tell what operators did", "verify", "--config", dir)
}

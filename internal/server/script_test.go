package server_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/consentry/consentry/internal/consent"
)

// HTTP behaviour as plain text: every script in testdata/script starts the whole
// server on a real store and speaks to it as a browser would.
//
//	serve                     serve the script's sites/*.yaml
//	reload                    read them again
//	clock 48h                 move the server's clock
//	id NAME                   draw a decision id into $NAME
//	header NAME VALUE         send it with every request from now on; "header NAME" stops it
//	GET|POST PATH [FILE]      one request; $VARS in FILE are filled in
//	forget                    drop the cookies that answers have set
//	cookie NAME VALUE         send a cookie
//	status N, [!] answer HEADER REGEXP, [!] body REGEXP
//	keep NAME JSON.PATH       put a member of the JSON answer into $NAME
//	records SITE N            how many records the site's log holds
//	[!] log REGEXP            what the server has logged so far
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Values["session"] = &session{headers: http.Header{}, cookies: map[string]string{}}
			env.Values["t"] = env.T()
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"serve": cmdServe, "reload": cmdReload, "clock": cmdClock, "id": cmdID, "header": cmdHeader,
			"GET": request("GET"), "POST": request("POST"), "OPTIONS": request("OPTIONS"), "forget": cmdForget, "cookie": cmdCookie,
			"status": cmdStatus, "answer": cmdAnswer, "body": cmdBody, "keep": cmdKeep, "records": cmdRecords, "log": cmdLog,
		},
	})
}

// session is one browser before one server.
type session struct {
	rig      *rig
	headers  http.Header
	cookies  map[string]string
	response *http.Response
	body     string
}

func sessionOf(ts *testscript.TestScript) *session { return ts.Value("session").(*session) }

// scriptT lets a rig fail and clean up through a script.
type scriptT struct {
	testing.TB
	ts *testscript.TestScript
}

func (s scriptT) Helper()                           {}
func (s scriptT) Fatal(args ...any)                 { s.ts.Fatalf("%s", fmt.Sprint(args...)) }
func (s scriptT) Fatalf(format string, args ...any) { s.ts.Fatalf(format, args...) }
func (s scriptT) Cleanup(f func())                  { s.ts.Defer(f) }

func cmdServe(ts *testscript.TestScript, _ bool, _ []string) {
	s := sessionOf(ts)
	s.rig = newRig(scriptT{ts: ts}, ts.Getenv("WORK"), nil)
	setRenderings(ts, s)
}

func cmdReload(ts *testscript.TestScript, _ bool, _ []string) {
	s := sessionOf(ts)
	s.rig.reload(scriptT{ts: ts})
	setRenderings(ts, s)
}

// setRenderings offers $RENDERING_SITE for every site, and $RENDERING for the
// first.
func setRenderings(ts *testscript.TestScript, s *session) {
	for i, site := range s.rig.api.Sites() {
		ts.Setenv("RENDERING_"+strings.ReplaceAll(site.ID, "-", "_"), site.Rendering)
		if i == 0 {
			ts.Setenv("RENDERING", site.Rendering)
		}
	}
}

func cmdClock(ts *testscript.TestScript, _ bool, args []string) {
	d, err := time.ParseDuration(args[0])
	ts.Check(err)
	sessionOf(ts).rig.advance(d)
}

func cmdID(ts *testscript.TestScript, _ bool, args []string) {
	var id consent.ID
	_, _ = rand.Read(id[:])
	ts.Setenv(args[0], id.String())
}

func cmdHeader(ts *testscript.TestScript, _ bool, args []string) {
	s := sessionOf(ts)
	s.headers.Del(args[0])
	if len(args) == 2 {
		s.headers.Set(args[0], args[1])
	}
}

func cmdForget(ts *testscript.TestScript, _ bool, _ []string) { clear(sessionOf(ts).cookies) }

func cmdCookie(ts *testscript.TestScript, _ bool, args []string) {
	sessionOf(ts).cookies[args[0]] = args[1]
}

func request(verb string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, args []string) {
		s := sessionOf(ts)
		body := ""
		if len(args) > 1 {
			body = strings.TrimSpace(os.Expand(ts.ReadFile(args[1]), ts.Getenv))
		}
		r, err := http.NewRequest(verb, s.rig.public.URL+args[0], strings.NewReader(body))
		ts.Check(err)
		for name, values := range s.headers {
			r.Header[name] = values
		}
		r.Host = r.Header.Get("Host")
		if r.Host == "" {
			r.Host = "shop.example"
		}
		for name, value := range s.cookies {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
		s.response, s.body = s.rig.do(scriptT{ts: ts}, r)
		for _, c := range s.response.Cookies() {
			s.cookies[c.Name] = c.Value
		}
		ts.Logf("%d %s", s.response.StatusCode, s.body[:min(len(s.body), 600)])
	}
}

func cmdStatus(ts *testscript.TestScript, _ bool, args []string) {
	s := sessionOf(ts)
	if strconv.Itoa(s.response.StatusCode) != args[0] {
		ts.Fatalf("status %d, want %s\n%s", s.response.StatusCode, args[0], s.body)
	}
}

func cmdAnswer(ts *testscript.TestScript, neg bool, args []string) {
	values := strings.Join(sessionOf(ts).response.Header.Values(args[0]), "\n")
	found := values != ""
	if len(args) > 1 {
		found = regexp.MustCompile(args[1]).MatchString(values)
	}
	if found == neg {
		ts.Fatalf("header %s is %q", args[0], values)
	}
}

func cmdBody(ts *testscript.TestScript, neg bool, args []string) {
	s := sessionOf(ts)
	if regexp.MustCompile(args[0]).MatchString(s.body) == neg {
		ts.Fatalf("body is\n%s", s.body)
	}
}

func cmdKeep(ts *testscript.TestScript, _ bool, args []string) {
	var tree any
	ts.Check(json.Unmarshal([]byte(sessionOf(ts).body), &tree))
	for step := range strings.SplitSeq(args[1], ".") {
		if list, ok := tree.([]any); ok {
			i, err := strconv.Atoi(step)
			ts.Check(err)
			tree = list[i]
			continue
		}
		tree = tree.(map[string]any)[step]
	}
	ts.Setenv(args[0], fmt.Sprint(tree))
}

func cmdRecords(ts *testscript.TestScript, _ bool, args []string) {
	if got := sessionOf(ts).rig.records(scriptT{ts: ts}, args[0]); strconv.Itoa(got) != args[1] {
		ts.Fatalf("%s has %d records, want %s", args[0], got, args[1])
	}
}

func cmdLog(ts *testscript.TestScript, neg bool, args []string) {
	log := sessionOf(ts).rig.log.String()
	if regexp.MustCompile(args[0]).MatchString(log) == neg {
		ts.Fatalf("log is\n%s", log)
	}
}

// Every script is listed by name here only so that an empty folder fails.
func TestThereAreScripts(t *testing.T) {
	if list, _ := filepath.Glob("testdata/script/*.txtar"); len(list) < 5 {
		t.Fatalf("found %d scripts", len(list))
	}
}

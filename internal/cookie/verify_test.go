package cookie_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/cookie"
)

// visit is one request as a backend sees it.
type visit struct {
	name, site, sealed, hint string
	keys                     [][]byte
	now                      time.Time
}

// inGo answers like the programs in testdata/verify: what both cookies permit.
func inGo(t *testing.T, v visit) string {
	t.Helper()
	c := verify(v.name, v.site, v.keys, v.now, v.sealed, v.hint)
	out := struct {
		Categories []string        `json:"categories"`
		Services   map[string]bool `json:"services"`
	}{[]string{}, map[string]bool{}}
	for _, id := range slices.Sorted(maps.Keys(c.Categories)) {
		if c.permits(id, "") {
			out.Categories = append(out.Categories, id)
		}
	}
	for id, status := range c.Services {
		out.Services[id] = status == "granted"
	}
	b, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// interpreter finds a program that may be missing, but not in CI.
func interpreter(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatalf("CI must have %s", name)
	} else if err != nil {
		t.Skipf("%s is not installed", name)
	}
	return path
}

// run has one of testdata/verify's programs answer all visits at once.
func run(t *testing.T, cmd *exec.Cmd, list []visit) (answers []string) {
	t.Helper()
	var in, stderr bytes.Buffer
	for _, v := range list {
		var keys []string
		for _, key := range v.keys {
			keys = append(keys, hex.EncodeToString(key))
		}
		fmt.Fprintf(&in, "%s\t%s\t%s\t%d\t%s\t%s\n", v.name, v.site, strings.Join(keys, ","), v.now.Unix(), v.sealed, v.hint)
	}
	cmd.Stdin, cmd.Stderr = &in, &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.Bytes())
	}
	answers = strings.Split(strings.TrimSpace(strings.ReplaceAll(string(out), " ", "")), "\n")
	if len(answers) != len(list) {
		t.Fatalf("%d answers to %d visits", len(answers), len(list))
	}
	return answers
}

// shop is a site whose cookies the tests take through the true jar.
type shop struct {
	ring   *consent.Keyring
	sealed *consent.Sealed
	now    time.Time
}

func newShop(t *testing.T) *shop {
	t.Helper()
	secrets := bytes.NewReader(append(bytes.Repeat([]byte{7}, 32), bytes.Repeat([]byte{9}, 32)...))
	now := time.Now().Truncate(time.Second)
	ring, err := consent.NewKeyring(secrets, now)
	if err != nil {
		t.Fatal(err)
	}
	return &shop{ring: ring, now: now, sealed: &consent.Sealed{
		V: 1, Site: "shop", Visitor: consent.ID{1}, Record: consent.ID{2}, Regime: consent.OptIn,
		Issued: now.Unix(), Expires: now.Add(180 * 24 * time.Hour).Unix(),
		Categories: map[string][2]string{"analytics": {"granted", "abcdefgh"}, "share": {"denied", "ijklmnop"}},
		Services:   map[string]consent.Status{"youtube": consent.Granted, "matomo": consent.Denied},
	}}
}

func (s *shop) encode(t *testing.T) string {
	t.Helper()
	jar, err := cookie.New(&consent.Site{ID: "shop"}, s.ring)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jar.Encode(s.sealed)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func (s *shop) keys(t *testing.T) (keys [][]byte) {
	t.Helper()
	for _, key := range s.ring.Cookie {
		derived, err := cookie.SiteKey(key, "shop")
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, derived)
	}
	return keys
}

const (
	nothing = `{"categories":[],"services":{}}`
	whole   = `{"categories":["analytics"],"services":{"matomo":false,"youtube":true}}`
)

var visits = map[string]struct {
	change func(t *testing.T, s *shop, v *visit)
	want   string
}{
	"just decided":           {func(t *testing.T, s *shop, v *visit) {}, whole},
	"under __Secure-":        {func(t *testing.T, s *shop, v *visit) { v.name = "__Secure-consentry" }, whole},
	"on loopback":            {func(t *testing.T, s *shop, v *visit) { v.name = "consentry" }, whole},
	"31 days ago":            {func(t *testing.T, s *shop, v *visit) { v.now = v.now.AddDate(0, 0, 31) }, whole},
	"a second before it end": {func(t *testing.T, s *shop, v *visit) { v.now = v.now.Add(180*24*time.Hour - time.Second) }, whole},
	"180 days ago":           {func(t *testing.T, s *shop, v *visit) { v.now = v.now.AddDate(0, 0, 180) }, nothing},
	"181 days ago":           {func(t *testing.T, s *shop, v *visit) { v.now = v.now.AddDate(0, 0, 181) }, nothing},
	"signed 391 days ago": {func(t *testing.T, s *shop, v *visit) {
		s.sealed.Expires = v.now.AddDate(2, 0, 0).Unix()
		v.sealed, v.hint, v.now = s.encode(t), consent.FormatHint(s.sealed.State()), v.now.AddDate(0, 0, 391)
	}, nothing},
	"tampered at the start": {func(t *testing.T, s *shop, v *visit) { v.sealed = flip(v.sealed, 0) }, nothing},
	"tampered in the mac":   {func(t *testing.T, s *shop, v *visit) { v.sealed = flip(v.sealed, len(v.sealed)-8) }, nothing},
	"truncated":             {func(t *testing.T, s *shop, v *visit) { v.sealed = v.sealed[:len(v.sealed)/8*4] }, nothing},
	"garbage":               {func(t *testing.T, s *shop, v *visit) { v.sealed = "%é|x|" }, nothing},
	"no fields":             {func(t *testing.T, s *shop, v *visit) { v.sealed = "eA==" }, nothing},
	"no sealed cookie":      {func(t *testing.T, s *shop, v *visit) { v.sealed = "" }, nothing},
	"another site's key":    {func(t *testing.T, s *shop, v *visit) { v.keys = [][]byte{bytes.Repeat([]byte{1}, 32)} }, nothing},
	"another site":          {func(t *testing.T, s *shop, v *visit) { v.site = "other" }, nothing},
	"another name":          {func(t *testing.T, s *shop, v *visit) { v.name = "__Host-consentry-other" }, nothing},
	"another version":       {func(t *testing.T, s *shop, v *visit) { s.sealed.V = 2; v.sealed = s.encode(t) }, nothing},
	"after a rotation": {func(t *testing.T, s *shop, v *visit) {
		if err := s.ring.Rotate(bytes.NewReader(bytes.Repeat([]byte{8}, 32)), v.now); err != nil {
			t.Fatal(err)
		}
		v.keys = s.keys(t)
	}, whole},
	"without a hint":   {func(t *testing.T, s *shop, v *visit) { v.hint = "" }, nothing},
	"a garbled hint":   {func(t *testing.T, s *shop, v *visit) { v.hint += ".x" }, nothing},
	"a hint twice":     {func(t *testing.T, s *shop, v *visit) { v.hint += ".youtube~g" }, nothing},
	"an expired hint":  {func(t *testing.T, s *shop, v *visit) { v.hint = strings.Replace(v.hint, "1.1", "1.0", 1) }, nothing},
	"a hint in words":  {func(t *testing.T, s *shop, v *visit) { v.hint = "1.never.analytics~g~abcdefgh" }, nothing},
	"a hint narrowed":  {hinted("analytics~g", "analytics~d"), `{"categories":[],"services":{"matomo":false,"youtube":true}}`},
	"a hint widened":   {hinted("share~d", "share~g"), whole},
	"a hint of before": {hinted("abcdefgh", "outdated"), `{"categories":[],"services":{"matomo":false,"youtube":true}}`},
	"a service taken":  {hinted("youtube~g", "youtube~d"), `{"categories":["analytics"],"services":{"matomo":false,"youtube":false}}`},
	"a service unsaid": {hinted(".youtube~g", ""), `{"categories":["analytics"],"services":{"matomo":false,"youtube":false}}`},
	"a service added":  {hinted("youtube~g", "youtube~g.ga4~g"), whole},
	"a service denied": {hinted("youtube~g", "youtube~g.ga4~d"), `{"categories":["analytics"],"services":{"ga4":false,"matomo":false,"youtube":true}}`},
	"a service raised": {hinted("matomo~d", "matomo~g"), whole},
}

func hinted(old, by string) func(*testing.T, *shop, *visit) {
	return func(t *testing.T, _ *shop, v *visit) {
		if !strings.Contains(v.hint, old) {
			t.Fatalf("the hint %s lacks %s", v.hint, old)
		}
		v.hint = strings.Replace(v.hint, old, by, 1)
	}
}

func flip(value string, i int) string {
	b := []byte(value)
	if b[i]++; b[i] == 'z'+1 || b[i] == 'Z'+1 || b[i] == '9'+1 {
		b[i] = 'a'
	}
	return string(b)
}

func newVisits(t *testing.T) (names []string, list []visit) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(visits)) {
		s := newShop(t)
		v := visit{name: "__Host-consentry", site: "shop", keys: s.keys(t), now: s.now, sealed: s.encode(t), hint: consent.FormatHint(s.sealed.State())}
		visits[name].change(t, s, &v)
		names, list = append(names, name), append(list, v)
	}
	return names, list
}

func TestABackendInGoVerifiesTheCookiesOffline(t *testing.T) {
	names, list := newVisits(t)
	for i, v := range list {
		if got := inGo(t, v); got != visits[names[i]].want {
			t.Errorf("%s: got %s, want %s", names[i], got, visits[names[i]].want)
		}
	}
}

func TestABackendInPythonOrNodeVerifiesTheCookiesOffline(t *testing.T) {
	for program, script := range map[string]string{"python3": "verify.py", "node": "verify.mjs"} {
		t.Run(program, func(t *testing.T) {
			names, list := newVisits(t)
			for i, got := range run(t, exec.Command(interpreter(t, program), "testdata/verify/"+script), list) {
				if got != visits[names[i]].want {
					t.Errorf("%s: got %s, want %s", names[i], got, visits[names[i]].want)
				}
			}
		})
	}
}

func TestThePythonExampleDerivesTheSitesKey(t *testing.T) {
	python := interpreter(t, "python3")
	s := newShop(t)
	script := fmt.Sprintf("import verify; print(verify.site_key(bytes.fromhex(%q), 'shop').hex())", hex.EncodeToString(s.ring.Cookie[0].Secret))
	cmd := exec.Command(python, "-B", "-c", script)
	cmd.Dir = "testdata/verify"
	out, err := cmd.Output()
	if want := hex.EncodeToString(s.keys(t)[0]); err != nil || strings.TrimSpace(string(out)) != want {
		t.Errorf("derived %s, %v, want %s", out, err, want)
	}
}

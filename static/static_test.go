package static_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/static"
)

// Whatever a site puts in stands in the script as it is, even text that looks
// like a hole, and no hole is left.
func TestValuesAreLaidInOnceAndUntouched(t *testing.T) {
	values := []string{`{"site":"__HTML__ $& \\"}`, `"<p>__CSS__"`, `"a{}__POLICY__"`}
	for name, script := range map[string][]byte{
		"banner":       static.Banner([]byte(values[0]), []byte(values[1]), []byte(values[2])),
		"preferences":  static.Preferences([]byte(values[0]), []byte(values[1]), []byte(values[2])),
		"placeholders": static.Placeholders([]byte(values[0]), []byte(values[1]), []byte(values[2])),
	} {
		for _, value := range values {
			if bytes.Count(script, []byte(value)) != 1 {
				t.Errorf("%s does not hold %s exactly once", name, value)
			}
		}
		empty := string(script)
		for _, value := range values {
			empty = strings.Replace(empty, value, "", 1)
		}
		if strings.Contains(empty, "__POLICY__") || strings.Contains(empty, "__HTML__") || strings.Contains(empty, "__CSS__") {
			t.Errorf("%s has a hole left", name)
		}
	}
}

// No sink that a strict page forbids: code from text, HTML outside of the one
// policy, style attributes.
func TestTheBundlesRunOnStrictPages(t *testing.T) {
	forbidden := regexp.MustCompile(`\beval\(|new Function|document\.write|insertAdjacentHTML|outerHTML|setAttribute\("(style|on)|\.cssText|https?://`)
	none := []byte(`""`)
	for name, script := range map[string][]byte{
		"gate": static.Gate(false, false, none, none), "local gate": static.Gate(false, true, none, none), "opener": static.Opener(none, nil, nil), "bootstrap": static.Bootstrap(none), "early": static.Early(none), "banner": static.Banner(none, none, none), "preferences": static.Preferences(none, none, none), "placeholders": static.Placeholders(none, none, none),
		"declaration": static.Declaration(none, none),
	} {
		if found := forbidden.Find(script); found != nil {
			t.Errorf("%s holds %s", name, found)
		}
		if sinks := bytes.Count(script, []byte("innerHTML")); sinks > map[string]int{"banner": 1, "preferences": 1, "opener": 3, "placeholders": 1, "declaration": 1}[name] {
			t.Errorf("%s writes HTML in %d places; only mount, the opener, the placeholders and the declaration may", name, sinks)
		}
	}
}

// What go generate makes is what is committed. Without the packages from npm it makes
// everything but the dashboard's bundle.
func TestTheBundlesAreCurrent(t *testing.T) {
	dir := t.TempDir()
	if out, err := exec.Command("go", "run", "./build", "-dist", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	built, err := filepath.Glob(filepath.Join(dir, "*.js"))
	if err != nil || len(built) == 0 {
		t.Fatalf("nothing was built: %v", err)
	}
	sheets, err := filepath.Glob(filepath.Join(dir, "*.css"))
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("CI") != "" && !slices.Contains(built, filepath.Join(dir, "dashboard.js")) {
		t.Error("the dashboard's bundle was not built: cd static && npm ci")
	}
	for _, file := range slices.Concat(built, sheets) {
		if committed := filepath.Join("dist", filepath.Base(file)); !bytes.Equal(read(t, committed), read(t, file)) {
			t.Errorf("%s is not what its source builds; run: go generate ./static", committed)
		}
	}
}

// floors of the browser code: a module imports only from lower ones.
var floors = [][]string{
	{"types", "decision", "narrow", "locale", "stored", "marked", "match", "patch", "box", "clear", "sheet", "scale", "ink", "live", "swap"},
	{"cookie", "hold", "requests", "world", "mount", "marks", "readout"},
	{"record", "chart"},
	{"signals", "calls", "sweep", "opener", "guard", "report", "loader", "control", "send", "banner", "bundle", "grant", "placeholders", "charts"},
	{"preferences", "heed", "back"},
	{"queue"},
	{"start"},
	{"main", "auto-main", "opener-main", "bootstrap-main", "early-main", "banner-main", "preferences-main", "placeholders-main", "declaration-main", "dashboard-main"},
}

func TestModulesImportOnlyFromLowerFloors(t *testing.T) {
	floor := make(map[string]int)
	for i, names := range floors {
		for _, name := range names {
			floor[name] = i + 1
		}
	}
	files, err := filepath.Glob("src/*.ts")
	if err != nil {
		t.Fatal(err)
	}
	imports := regexp.MustCompile(`(?m)^(?:import|export) .*from '\./([\w-]+)'`)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".ts")
		if floor[name] == 0 {
			t.Errorf("%s stands on no floor; put it into the list", name)
		}
		for _, m := range imports.FindAllStringSubmatch(string(read(t, file)), -1) {
			types := floor[name] == 1 // pure words beside each other
			if floor[m[1]] >= floor[name] && !(types && floor[m[1]] == 1) {
				t.Errorf("%s imports %s, which is not below it", name, m[1])
			}
		}
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

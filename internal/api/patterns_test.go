package api

import (
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// One loader may be several services': it is held for all of them, and comes once
// one of them is permitted.
func TestAPatternOfSeveralServicesIsTheirsTogether(t *testing.T) {
	for _, c := range []struct{ services, want map[string][]string }{
		{
			map[string][]string{"b": {"x.com/l", "b.com"}, "a": {"x.com/l"}, "c": {"c.com"}},
			map[string][]string{"a|b": {"x.com/l"}, "a": nil, "b": {"b.com"}, "c": {"c.com"}},
		},
		{
			map[string][]string{"a": {"x.com", "y.com"}, "b": {"y.com", "x.com"}, "c": {"y.com"}},
			map[string][]string{"a|b": {"x.com"}, "a|b|c": {"y.com"}, "a": nil, "b": nil, "c": nil},
		},
		{map[string][]string{"a": {"x.com", "x.com"}}, map[string][]string{"a": {"x.com"}}},
		{
			map[string][]string{"a": {"x.com"}, "necessary:b": {"x.com"}, "z": {"x.com"}},
			map[string][]string{"a": nil, "necessary:b": {"x.com"}, "z": nil},
		},
	} {
		if got := joinShared(c.services); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%v became %v, not %v", c.services, got, c.want)
		}
	}
}

func TestAPatternThatAnotherCoversIsDropped(t *testing.T) {
	for _, c := range []struct{ a, b, left string }{
		{a: "*.x.com x.com a.x.com b.a.x.com", left: "*.x.com"},
		{a: "x.com *.a.x.com *.x.com", left: "*.x.com"},
		{a: "x.com x.com", left: "x.com"},
		{a: "h.com/ h.com/path h.com/p", left: "h.com/"},
		{a: "h.com h.com:8080/p", left: "h.com"},
		{a: "h.com:8080 h.com/p", left: "h.com:8080 h.com/p"},
		{a: "x.com a.x.com ax.com *.ax.com/p", left: "x.com a.x.com ax.com *.ax.com/p"},
		{a: "*.x.com www.x.com", b: "x.org", left: "*.x.com"},
		{a: "*.x.com www.x.com", b: "www.x.com/p", left: "*.x.com"}, // wins either way
		{a: "*.x.com www.x.com", b: "com", left: "*.x.com"},
		{a: "*.x.com www.x.com/pixel", b: "www.x.com", left: "*.x.com www.x.com/pixel"},
		{a: "*.x.com img.x.com", b: "*.mg.x.com", left: "*.x.com"},
		{a: "x.com/ x.com/a/b", b: "x.com/a", left: "x.com/ x.com/a/b"},
		{a: "*.x.com x.com", b: "x.com", left: "*.x.com"}, // the longer one wins anyway
	} {
		services := map[string][]string{"a": strings.Fields(c.a), "b": strings.Fields(c.b)}
		if left := strings.Join(dropCovered(services)["a"], " "); left != c.left {
			t.Errorf("%s beside %s: %s, not %s", c.a, c.b, left, c.left)
		}
	}
}

// Whatever is dropped, the gate gives the same answer for every address.
func TestDroppingPatternsChangesNoAnswer(t *testing.T) {
	hosts := []string{"x.com", "a.x.com", "b.a.x.com", "ax.com", "x.com:8080", "a.x.com:8080"}
	paths := []string{"/", "/p", "/pq", "/p/q", "/r"}
	random := rand.New(rand.NewPCG(1, 2))
	dropped := 0
	for range 5_000 {
		services := map[string][]string{}
		for _, id := range []string{"a", "b", "c"} {
			for range random.IntN(5) {
				star := []string{"", "*."}[random.IntN(2)]
				path := append(paths, "")[random.IntN(len(paths)+1)]
				services[id] = append(services[id], star+hosts[random.IntN(len(hosts))]+path)
			}
		}
		left := dropCovered(services)
		for _, host := range hosts {
			for _, path := range paths {
				if before, after := finds(services, host, path), finds(left, host, path); !reflect.DeepEqual(before, after) {
					t.Fatalf("%s%s was %v and is %v: %v became %v", host, path, before, after, services, left)
				}
			}
		}
		for id := range services {
			dropped += len(services[id]) - len(left[id])
		}
	}
	if dropped < 2_500 {
		t.Errorf("only %d patterns were dropped", dropped)
	}
}

// finds does as find in static/src/match.ts: the longest pattern that fits. Of
// two of one length the gate takes the first, so all are returned.
func finds(services map[string][]string, host, path string) []string {
	length := 0
	found := map[string]bool{}
	name, _, _ := strings.Cut(host, ":")
	for id, patterns := range services {
		for _, pattern := range patterns {
			wide, begin := cutPath(pattern)
			domain, open := strings.CutPrefix(wide, "*")
			fits := func(host string) bool { return host == wide || open && strings.HasSuffix("."+host, domain) }
			if len(pattern) < length || !(fits(host) || fits(name)) || !strings.HasPrefix(path, begin) {
				continue
			}
			if len(pattern) > length {
				length, found = len(pattern), map[string]bool{}
			}
			found[id] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func TestANameThatAnotherCoversIsDropped(t *testing.T) {
	for names, want := range map[string]string{
		"_hj* _hjid _hjSession_*":      "_hj*",
		"_hj* local:_hjid":             "_hj* local:_hjid",
		"_ga _ga_*":                    "_ga _ga_*",
		"_pk_id* _pk_i _pk_ref*":       "_pk_id* _pk_i _pk_ref*",
		"local:_hj* local:_hjid other": "local:_hj* other",
	} {
		if left := strings.Join(dropCoveredNames(strings.Fields(names)), " "); left != want {
			t.Errorf("%s: %s, not %s", names, left, want)
		}
	}
}

package api

import (
	"maps"
	"slices"
	"strings"

	"github.com/consentry/consentry/internal/consent"
)

// joinShared gives a pattern that several services have to all of them at once,
// under a name such as "ga4|google-ads": a condition that holds once one of them is
// permitted. What is necessary to one of them is that one's alone.
func joinShared(services map[string][]string) map[string][]string {
	owners := make(map[string][]string)
	for _, id := range slices.Sorted(maps.Keys(services)) {
		for _, pattern := range services[id] {
			owners[pattern] = append(owners[pattern], id)
		}
	}
	joined := make(map[string][]string, len(services))
	for _, id := range slices.Sorted(maps.Keys(services)) {
		joined[id] = nil // also where all that it has is shared
		for _, pattern := range services[id] {
			if name := jointName(owners[pattern]); !slices.Contains(joined[name], pattern) {
				joined[name] = append(joined[name], pattern)
			}
		}
	}
	return joined
}

func jointName(ids []string) string {
	for _, id := range ids {
		if strings.HasPrefix(id, consent.Necessary+":") {
			return id
		}
	}
	return strings.Join(slices.Compact(slices.Clone(ids)), "|")
}

// dropCovered removes address patterns that another pattern of the same service
// covers, so that the gate is smaller and finds the same service for every
// address: static/src/match.ts takes the longest pattern that fits.
func dropCovered(services map[string][]string) map[string][]string {
	left := make(map[string][]string, len(services))
	for id, patterns := range services {
		left[id] = slices.Clone(patterns)
	}
	for _, id := range slices.Sorted(maps.Keys(left)) { // the same bytes at every start
		for i := 0; i < len(left[id]); {
			if isNeedless(left, id, i) {
				left[id] = slices.Delete(left[id], i, i+1)
			} else {
				i++
			}
		}
	}
	return left
}

// isNeedless reports whether the service has another pattern for all addresses
// of its i-th, and nobody else one that is at least as long, which would get
// some of them.
func isNeedless(services map[string][]string, id string, i int) bool {
	pattern := services[id][i]
	for j, other := range services[id] {
		if j != i && covers(other, pattern) && !isContested(services, id, pattern, len(other)) {
			return true
		}
	}
	return false
}

// isContested reports whether another service has a pattern for some address of
// pattern that is between least and pattern's own length.
func isContested(services map[string][]string, id, pattern string, least int) bool {
	for rival, patterns := range services {
		for _, p := range patterns {
			if rival != id && least <= len(p) && len(p) <= len(pattern) && meets(p, pattern) {
				return true
			}
		}
	}
	return false
}

// covers reports whether wide fits every address that narrow fits.
func covers(wide, narrow string) bool {
	host, path := cutPath(wide)
	inner, innerPath := cutPath(narrow)
	bare, _, _ := strings.Cut(inner, ":")
	return strings.HasPrefix(innerPath, path) && (isWithin(inner, host) || isWithin(bare, host))
}

// meets reports whether some address may fit both patterns; ports are not
// looked at.
func meets(a, b string) bool {
	hostA, pathA := cutPath(a)
	hostB, pathB := cutPath(b)
	hostA, _, _ = strings.Cut(hostA, ":")
	hostB, _, _ = strings.Cut(hostB, ":")
	return (strings.HasPrefix(pathA, pathB) || strings.HasPrefix(pathB, pathA)) && (isWithin(hostA, hostB) || isWithin(hostB, hostA))
}

// isWithin reports whether host, or each of its subdomains where it begins with
// a *, fits wide.
func isWithin(host, wide string) bool {
	if domain, open := strings.CutPrefix(wide, "*"); open {
		return strings.HasSuffix("."+strings.TrimPrefix(host, "*."), domain)
	}
	return host == wide
}

func cutPath(pattern string) (host, path string) {
	if i := strings.IndexByte(pattern, '/'); i >= 0 {
		return pattern[:i], pattern[i:]
	}
	return pattern, ""
}

// dropCoveredNames removes the names that another of the same service, which
// ends with a *, stands for as well. Names differ.
func dropCoveredNames(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return slices.ContainsFunc(names, func(wide string) bool {
			start, open := strings.CutSuffix(wide, "*")
			return open && wide != name && strings.HasPrefix(name, start)
		})
	})
}

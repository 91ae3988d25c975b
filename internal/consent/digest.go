package consent

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
)

// digestSize is the length of a Digest.
const digestSize = 43

// Digest returns the base64url SHA-256 of b, 43 characters: the name under
// which bytes are kept in a store, a URL and a record.
func Digest(b []byte) string {
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// shortDigest keeps 48 bits: enough to notice a change made by the owner, who
// gains nothing from a collision, and small enough to stand in two cookies.
func shortDigest(v any) string { return digestOf(v)[:8] }

func digestOf(v any) string {
	b, err := Canonical(v)
	if err != nil {
		panic(err) // only plain structs of strings come here
	}
	return Digest(b)
}

// categoryDigest covers what a grant was given for: who receives, what is kept,
// under whose domain, how long, and why. It leaves out names, links, hosts and words, so that a
// translation, a colour or a vendor's new CDN host asks nobody again; nor does
// another order of the lists.
func categoryDigest(c Category) string {
	type cookie struct {
		Name, Kind, Provider, Purpose, Duration string
		Recipients                              []string
		ThirdParty                              bool `json:",omitempty"`
	}
	type service struct {
		ID, Company, Country string
		Cookies              []cookie
	}
	doc := struct {
		ID, Material string
		SaleShare    SaleShare `json:",omitempty"`
		Purposes     []string
		Services     []service
	}{ID: c.ID, Material: c.Material, SaleShare: c.SaleShare, Purposes: ordered(c.Purposes, strings.Compare)}
	for _, s := range ordered(c.Services, func(a, b Service) int { return strings.Compare(a.ID, b.ID) }) {
		out := service{ID: s.ID, Company: s.Company, Country: s.Country}
		for _, k := range ordered(s.Cookies, compareCookies) {
			out.Cookies = append(out.Cookies, cookie{k.Name, k.Kind, k.Provider, k.Purpose, k.Duration, ordered(k.Recipients, strings.Compare), k.ThirdParty})
		}
		doc.Services = append(doc.Services, out)
	}
	return shortDigest(doc)
}

func compareCookies(a, b Cookie) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Kind, b.Kind), strings.Compare(a.Provider, b.Provider),
		strings.Compare(strconv.FormatBool(a.ThirdParty), strconv.FormatBool(b.ThirdParty)))
}

// ordered copies a list in order. It is never nil, so that an empty list and a
// missing one have the same digest.
func ordered[T any](list []T, compare func(a, b T) int) []T {
	out := append(make([]T, 0, len(list)), list...)
	slices.SortStableFunc(out, compare)
	return out
}

func (p *Policy) noticeDigest() string {
	type entry struct{ ID, Digest string }
	doc := struct {
		Controller Controller
		Categories []entry
		Override   bool `json:",omitempty"`
	}{Controller: p.Controller, Override: p.Signals.Override}
	for _, c := range p.Categories {
		doc.Categories = append(doc.Categories, entry{c.ID, p.digests[c.ID]})
	}
	return digestOf(doc)
}

package siteconfig

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/consentry/consentry/internal/consent"
)

var (
	globalPattern = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$]*$`)
	// oursAlone is what RE2 reads and JavaScript does not, or reads otherwise.
	oursAlone      = regexp.MustCompile(`\(\?[^:]|\\[AzQEC]|\\p[^{]|\[\[:`)
	countryPattern = regexp.MustCompile(`^[A-Z]{2}$`)
	// servicePattern is a host or *.host, a port, and the beginning of a path as an
	// address has it, which holds no quotation mark or backslash: the gate writes
	// patterns into code.
	servicePattern = regexp.MustCompile(`^(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:[0-9]{1,5})?(/[^\s?#*"\\]*)?$`)
)

// service gives the domain's form of what the file says.
func (f ServiceFile) service() consent.Service {
	s := consent.Service{
		ID: f.ID, Name: f.Name, Company: f.Company, Country: f.Country, PolicyURL: f.PolicyURL,
		Hosts: nonNil(f.Hosts), Cookies: []consent.Cookie{}, ShareURL: f.ShareURL, Inline: f.Inline, ConsentMode: f.ConsentMode,
	}
	if f.Calls != nil {
		calls := consent.Calls(*f.Calls)
		s.Calls = &calls
	}
	for _, c := range f.Cookies {
		recipients := c.Recipients
		if recipients == nil {
			recipients = f.Recipients
		}
		s.Cookies = append(s.Cookies, consent.Cookie{
			Name: c.Name, Kind: c.Kind, Provider: c.Provider, Purpose: c.Purpose,
			Duration: c.Duration, Recipients: nonNil(recipients), HTTPOnly: c.HTTPOnly, ThirdParty: c.ThirdParty,
		})
	}
	return s
}

// overlay replaces what own says in known; lists as a whole.
func overlay(known, own consent.Service, f ServiceFile) consent.Service {
	for _, text := range []struct{ to, from *string }{
		{&known.Name, &own.Name}, {&known.Company, &own.Company}, {&known.Country, &own.Country},
		{&known.PolicyURL, &own.PolicyURL}, {&known.ShareURL, &own.ShareURL}, {&known.Inline, &own.Inline},
	} {
		if *text.from != "" {
			*text.to = *text.from
		}
	}
	if own.Calls != nil {
		known.Calls = own.Calls
	}
	known.ConsentMode = known.ConsentMode || own.ConsentMode
	known.Hosts, known.Cookies = slices.Clone(known.Hosts), slices.Clone(known.Cookies)
	if f.Hosts != nil {
		known.Hosts = own.Hosts
	}
	switch {
	case f.Cookies != nil:
		known.Cookies = own.Cookies
	case f.Recipients != nil:
		for i := range known.Cookies {
			known.Cookies[i].Recipients = nonNil(f.Recipients)
		}
	}
	return known
}

// checkService holds an entry of the catalogue or of a site file against what
// forms that a visitor and the gate can use.
func checkService(doc *Document, at string, f ServiceFile) {
	if f.Country != "" && !countryPattern.MatchString(f.Country) {
		doc.Fail(join(at, "country"), `country of %q must be two capital letters of ISO 3166-1, such as "IE", not %q`, f.ID, f.Country)
	}
	if f.PolicyURL != "" && !isHTTPS(f.PolicyURL) {
		doc.Fail(join(at, "policy_url"), `policy_url of %q must be an https address, not %q`, f.ID, f.PolicyURL)
	}
	if f.ShareURL != "" && (!isHTTPS(f.ShareURL) || !strings.Contains(f.ShareURL, "{url}")) {
		doc.Fail(join(at, "share_url"), `share_url of %q must be an https address with {url} where the page's address goes, not %q`, f.ID, f.ShareURL)
	}
	for i, host := range f.Hosts {
		if !servicePattern.MatchString(host) {
			doc.Fail(fmt.Sprintf("%s[%d]", join(at, "hosts"), i), `%q is no host pattern; write a host ("stats.vendor.example"), a host and the beginning of a path ("vendor.example/stats"), or "*.vendor.example"`, host)
		}
	}
	if _, err := regexp.Compile(f.Inline); err != nil {
		doc.Fail(join(at, "inline"), "inline of %q is no regular expression: %v", f.ID, err)
	} else if ours := oursAlone.FindString(f.Inline); ours != "" {
		doc.Fail(join(at, "inline"), "inline of %q holds %s, which browsers do not know; write it without, such as [Ff] for (?i)f", f.ID, ours)
	}
	checkCalls(doc, join(at, "calls"), f)
	for i, cookie := range f.Cookies {
		if star := strings.IndexByte(cookie.Name, '*'); star >= 0 && star != len(cookie.Name)-1 || strings.ContainsAny(cookie.Name, " \n;=,") {
			doc.Fail(fmt.Sprintf("%s[%d].name", join(at, "cookies"), i), "%q is no cookie name; write it exactly, or its beginning and a * at the end", cookie.Name)
		}
	}
}

func checkCalls(doc *Document, at string, f ServiceFile) {
	if f.Calls == nil {
		return
	}
	if f.Calls.Global != "" && !globalPattern.MatchString(f.Calls.Global) {
		doc.Fail(join(at, "global"), "%q in the calls of %q is no name of a function, list or object on window; write one such as uetq", f.Calls.Global, f.ID)
	}
	if len(f.Calls.Default) > 0 && !f.Calls.Stub {
		doc.Fail(join(at, "default"), "default calls of %q come before the vendor's code; add stub: true, or remove them", f.ID)
	}
	for _, list := range []struct {
		name  string
		calls [][]any
	}{{"default", f.Calls.Default}, {"granted", f.Calls.Granted}, {"denied", f.Calls.Denied}} {
		for _, call := range list.calls {
			if _, named := first(call).(string); !named && f.Calls.Form == "method" {
				doc.Fail(join(at, list.name), "form method of %q takes the first argument of each call for the method's name; write it as text", f.ID)
			}
			if word := unknownWord(call); word != "" {
				doc.Fail(join(at, list.name), `%q in the calls of %q stands for nothing; known are "$status" and the Consent Mode keys, such as "$ad_storage"`, word, f.ID)
			}
		}
	}
}

func first(call []any) any {
	if len(call) == 0 {
		return nil
	}
	return call[0]
}

// unknownWord returns a word that begins as one of those which are filled in,
// and is none.
func unknownWord(value any) string {
	switch value := value.(type) {
	case string:
		if word, ok := strings.CutPrefix(value, "$"); ok && word != "status" && !slices.Contains(consent.SignalKeys(), word) {
			return value
		}
	case []any:
		for _, item := range value {
			if word := unknownWord(item); word != "" {
				return word
			}
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			if word := unknownWord(value[key]); word != "" {
				return word
			}
		}
	}
	return ""
}

// checkComplete names what a visitor has to be told of an entry that the
// catalogue does not complete.
func checkComplete(doc *Document, at string, f ServiceFile, hint string) {
	var missing []string
	for _, part := range []struct {
		name  string
		empty bool
	}{
		{"name", f.Name == ""}, {"company", f.Company == ""}, {"country", f.Country == ""},
		{"policy_url", f.PolicyURL == ""}, {"hosts", f.Hosts == nil}, {"cookies", f.Cookies == nil},
	} {
		if part.empty {
			missing = append(missing, part.name)
		}
	}
	if len(missing) > 0 {
		doc.Fail(at, "the service %q is spelled out here but lacks %s; add them ([] where a list is empty)%s", f.ID, list(missing, "and"), hint)
	}
}

func serviceNames(services map[string]consent.Service) []string {
	return slices.Sorted(maps.Keys(services))
}

package templates

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Viewer is who looks at a page, and which places are open to them.
type Viewer struct {
	Name       string // "" shows no name
	Records    bool   // requests, records, how they are kept, the audit trail
	Answers    bool   // may answer requests
	Configures bool   // what a site shows, and whether it is installed right
	Manages    bool   // accounts and tokens
}

// ForbiddenPage is what a role does not open.
type ForbiddenPage struct {
	Nonce  string
	Viewer Viewer
	Says   string
}

// ProblemPage says why there is no page, and leads on.
type ProblemPage struct {
	Nonce        string
	Viewer       Viewer // nobody for a stranger
	Says         string // as a program reads it
	Back, BackTo string // an address, and what is there
}

// sentence is what it says, as a sentence.
func (p ProblemPage) sentence() string {
	first, size := utf8.DecodeRuneInString(p.Says)
	return string(unicode.ToUpper(first)) + p.Says[size:] + "."
}

// PasswordPage changes one's own password.
type PasswordPage struct {
	Nonce   string
	Viewer  Viewer
	Problem string
	Minimum int // characters
}

// AccessPage shows who may open the dashboard.
type AccessPage struct {
	Nonce   string
	Viewer  Viewer
	People  []PersonRow
	Roles   []string
	Sites   []SiteName
	Problem string // why the last change was refused
	Invited string // whose link it is
	Link    string // shown once
	Tokens  []TokenRow
	Minted  string // which token was made
	Token   string // its text, shown once
}

// TokenRow is one token of the JSON API.
type TokenRow struct {
	Name, Role, By string
	All            bool
	Sites          []string
	Expires        time.Time
	Expired        bool
}

// PersonRow is one account.
type PersonRow struct {
	Name, Email, Role string
	All               bool
	Sites             []string // ids, unless All
	State             string
}

// SiteName is a site that an account may be confined to.
type SiteName struct{ ID, Name string }

func scopeWords(all bool, sites []string) string {
	if all {
		return "all sites"
	}
	return strings.Join(sites, ", ")
}

// choices are the sites to tick, those first that are no longer served.
func (p *AccessPage) choices(ticked []string) (list []SiteName) {
	for _, id := range ticked {
		if !slices.ContainsFunc(p.Sites, func(s SiteName) bool { return s.ID == id }) {
			list = append(list, SiteName{ID: id, Name: id + " (not served now)"})
		}
	}
	return append(list, p.Sites...)
}

func roleWords(role string) string {
	switch role {
	case "owner":
		return "Owner: everything"
	case "marketer":
		return "Marketer: figures and previews, read only"
	case "auditor":
		return "Auditor: figures, records, proofs, requests, audit trail; read and export"
	}
	return role
}

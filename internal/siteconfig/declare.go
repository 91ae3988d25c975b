package siteconfig

import (
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/consentry/consentry/internal/consent"
)

var (
	// ErrDeclaration is a service that no site file can list as it is.
	ErrDeclaration = errors.New("this cannot be listed")
	// ErrListByHand is a site file that cannot be changed safely.
	ErrListByHand = errors.New("the site file is written in a way that only its owner should change: take these lines into it")
	// ErrUnwritable is a site file that the program may not change.
	ErrUnwritable = errors.New("the site file cannot be written from here")
)

// maxTold is how long each of a declaration's texts may be, in bytes.
const maxTold = 400

// Declaration lists a service under a category.
type Declaration struct {
	Category string // one of the site's, or one that comes with texts
	// Service is an id of the catalogue and nothing else, or a service that is
	// spelled out.
	Service ServiceFile
}

func (d Declaration) bare() bool { return reflect.DeepEqual(d.Service, ServiceFile{ID: d.Service.ID}) }

// Declare returns a site file in which a service stands under a category that it did
// not stand under, and everything else as it was, comments included. The result is
// held against what it should say. Errors: ErrDeclaration with the reason, and
// ErrListByHand when the file cannot be changed so.
func Declare(file string, src []byte, d Declaration, catalogue, locales fs.FS) ([]byte, error) {
	var before, after SiteFile
	if doc := Read(file, src, &before); Failed(doc.Problems()) {
		return nil, fmt.Errorf("%s cannot be loaded: %s", file, doc.Problems()[0])
	}
	if err := d.check(before); err != nil {
		return nil, err
	}
	e := &lister{editor: editor{file: file, lines: strings.Split(string(src), "\n")}, d: d}
	e.list()
	edited := []byte(strings.Join(e.lines, "\n"))
	if doc := Read(file, edited, &after); e.failed || Failed(doc.Problems()) || !reflect.DeepEqual(after, d.in(before)) {
		return nil, ErrListByHand
	}
	if site, problems := LoadSite(file, edited, catalogue, locales); site == nil {
		i := slices.IndexFunc(problems, func(p Problem) bool { return !p.Warning })
		return nil, fmt.Errorf("%w: %s", ErrDeclaration, problems[i].Message)
	}
	return edited, nil
}

// check finds what is wrong with a declaration whatever the file looks like.
func (d Declaration) check(f SiteFile) error {
	for _, text := range d.texts() {
		if len(text) > maxTold || strings.ContainsFunc(text, unseen) {
			return fmt.Errorf("%w: a text is longer than %d bytes or has characters that nobody sees", ErrDeclaration, maxTold)
		}
	}
	if _, standard := builtinCategory(d.Category); !standard && !slices.ContainsFunc(f.Categories, func(c CategoryFile) bool { return c.ID == d.Category }) {
		return fmt.Errorf("%w: there is no category %q", ErrDeclaration, d.Category)
	}
	if !consent.ValidID(d.Service.ID) || consent.IsSignalMark(d.Service.ID) {
		return fmt.Errorf("%w: an id is 1 to 32 small letters, digits and hyphens", ErrDeclaration)
	}
	for _, c := range f.Categories {
		if slices.ContainsFunc(c.Services, func(s ServiceFile) bool { return s.ID == d.Service.ID }) {
			return fmt.Errorf("%w: a service %q stands under %s already", ErrDeclaration, d.Service.ID, c.ID)
		}
	}
	if d.bare() {
		return nil
	}
	doc := &Document{places: map[string]place{"": {1, 1}}, empty: make(map[string]bool)}
	checkService(doc, "", d.Service)
	checkComplete(doc, "", d.Service, "")
	for _, c := range d.Service.Cookies {
		if c.Provider == "" || c.Purpose == "" || c.Duration == "" || strings.Trim(c.Name, "*") == "" {
			doc.Fail("", "say whose %s is, what it is for and how long it stays", c.Name)
		}
	}
	if found := doc.Problems(); len(found) > 0 {
		return fmt.Errorf("%w: %s", ErrDeclaration, found[0].Message)
	}
	return nil
}

// unseen is also what stands for bytes that are no text.
func unseen(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsPrint(r) }

// texts are all that somebody may have typed.
func (d Declaration) texts() []string {
	s := d.Service
	list := append([]string{s.ID, s.Name, s.Company, s.Country, s.PolicyURL}, s.Hosts...)
	for _, c := range s.Cookies {
		list = append(list, c.Name, c.Provider, c.Purpose, c.Duration)
	}
	return list
}

// in is what a file says then.
func (d Declaration) in(f SiteFile) SiteFile {
	f.Categories = slices.Clone(f.Categories)
	i := slices.IndexFunc(f.Categories, func(c CategoryFile) bool { return c.ID == d.Category })
	if i < 0 {
		f.Categories = append(f.Categories, CategoryFile{ID: d.Category, Services: []ServiceFile{d.Service}})
	} else {
		f.Categories[i].Services = append(slices.Clone(f.Categories[i].Services), d.Service)
	}
	return f
}

// Lines is the declaration as an owner writes it into a site file by hand.
func (d Declaration) Lines() string {
	return strings.Join(append([]string{"categories:", "  - id: " + quotedID(d.Category), "    services:"}, d.item("      ")...), "\n")
}

// item is the service as an item of a list in block style.
func (d Declaration) item(indent string) []string {
	s := d.Service
	if d.bare() {
		return []string{indent + "- " + quotedID(s.ID)}
	}
	inner := indent + "  "
	lines := []string{
		indent + "- id: " + quotedID(s.ID), inner + line("name", s.Name), inner + line("company", s.Company), inner + "country: " + quoted(s.Country),
		inner + line("policy_url", s.PolicyURL), inner + "hosts: " + flow(s.Hosts),
	}
	if len(s.Cookies) == 0 {
		return append(lines, inner+"cookies: []")
	}
	lines = append(lines, inner+"cookies:")
	for _, c := range s.Cookies {
		lines = append(lines, inner+"  - "+line("name", c.Name))
		for _, part := range [][2]string{{"kind", c.Kind}, {"provider", c.Provider}, {"purpose", c.Purpose}, {"duration", c.Duration}} {
			lines = append(lines, inner+"    "+line(part[0], part[1]))
		}
	}
	return lines
}

// inline is the service as an item of a list on one line.
func (d Declaration) inline() string {
	s := d.Service
	if d.bare() {
		return quotedID(s.ID)
	}
	var cookies []string
	for _, c := range s.Cookies {
		cookies = append(cookies, fmt.Sprintf("{name: %s, kind: %s, provider: %s, purpose: %s, duration: %s}", quoted(c.Name), quoted(c.Kind), quoted(c.Provider), quoted(c.Purpose), quoted(c.Duration)))
	}
	return fmt.Sprintf("{id: %s, name: %s, company: %s, country: %s, policy_url: %s, hosts: %s, cookies: [%s]}",
		quotedID(s.ID), quoted(s.Name), quoted(s.Company), quoted(s.Country), quoted(s.PolicyURL), flow(s.Hosts), strings.Join(cookies, ", "))
}

func flow(words []string) string {
	list := make([]string, len(words))
	for i, word := range words {
		list[i] = quoted(word)
	}
	return "[" + strings.Join(list, ", ") + "]"
}

// quotedID leaves an id without quotes where it can be taken for nothing else.
func quotedID(id string) string {
	if id != "" && id[0] >= 'a' && strings.ContainsFunc(id[1:], func(r rune) bool { return r >= '0' && r <= '9' }) {
		return id
	}
	return quoted(id)
}

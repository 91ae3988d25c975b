package siteconfig

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/consentry/consentry/internal/consent"
)

const (
	maxMemory = Duration(390 * day)
	maxGrace  = Duration(30 * day)
)

// builder makes a Site from one file. Its steps report into doc; what they
// return is used only when none of them failed.
type builder struct {
	doc      *Document
	file     SiteFile
	services map[string]consent.Service // the catalogue
	usual    map[string]string          // the category that a service of it usually stands under
	locales  fs.FS
	exemptAt string // the category that says it is exempt
}

// loaded is a site and the file it stands in, for comparing sites.
type loaded struct {
	site *consent.Site
	doc  *Document
}

// LoadSites reads every .yaml and .yml file of dir. It returns the sites that
// can be used, ordered by file, and all problems of the files, the catalogue
// and the sites beside each other: a file that fails takes no other with it,
// and of two sites that exclude each other the first by file name is kept.
// locales holds the built-in texts as locales/TAG.yaml.
func LoadSites(fsys fs.FS, dir string, catalogue, locales fs.FS) ([]*consent.Site, []Problem) {
	known, problems := readCatalogue(catalogue)
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, sorted(append(problems, Problem{File: dir, Message: "the folder of site files cannot be read: " + reason(err)}))
	}
	var all []loaded
	for _, entry := range entries {
		name := path.Join(dir, entry.Name())
		if ext := path.Ext(name); entry.IsDir() || strings.HasPrefix(entry.Name(), ".") || ext != ".yaml" && ext != ".yml" {
			continue
		}
		src, err := fs.ReadFile(fsys, name)
		if err != nil {
			problems = append(problems, Problem{File: name, Message: "the file cannot be read: " + reason(err)})
			continue
		}
		all = append(all, build(name, src, known, locales))
	}
	checkNeighbours(all)
	var sites []*consent.Site
	for _, l := range all {
		found := l.doc.Problems()
		problems = append(problems, found...)
		if !Failed(found) {
			sites = append(sites, l.site)
		}
	}
	return sites, sorted(problems)
}

// LoadSite reads one site file. The site is nil when a problem is more than a
// warning.
func LoadSite(file string, src []byte, catalogue, locales fs.FS) (*consent.Site, []Problem) {
	known, problems := readCatalogue(catalogue)
	l := build(file, src, known, locales)
	problems = sorted(append(problems, l.doc.Problems()...))
	if Failed(l.doc.Problems()) {
		return nil, problems
	}
	return l.site, problems
}

func reason(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "it does not exist"
	}
	return err.Error()
}

func build(file string, src []byte, known knownServices, locales fs.FS) loaded {
	b := &builder{services: known.services, usual: known.categories, locales: locales}
	b.doc = Read(file, src, &b.file)
	if len(b.doc.places) <= 1 && Failed(b.doc.problems) {
		return loaded{site: &consent.Site{}, doc: b.doc} // nothing could be read: no more to say
	}
	policy := b.policy()
	site := &consent.Site{
		ID: b.file.ID, Name: b.file.Name, Source: file,
		Policy:     policy,
		Deployment: b.deployment(),
		Appearance: b.appearance(),
		Locales:    b.file.Locales,
		Texts:      b.texts(policy),
		PrivateLog: !b.file.Log.Public,
		LegalHold:  b.file.LegalHold,
		Shards:     b.shards(),
		Counting:   b.counting(policy),
	}
	b.lint(site)
	site.Experiment = b.experiment(site)
	return loaded{doc: b.doc, site: site}
}

func (b *builder) shards() int {
	n := b.file.Shards
	if (n < 1 || n > consent.MaxShards) && !b.doc.failedAt("shards") {
		b.doc.Fail("shards", "shards must be between 1 and %d, not %d", consent.MaxShards, n)
	}
	return n
}

func (b *builder) policy() *consent.Policy {
	f := &b.file
	b.checkID("id", f.ID)
	b.checkID("retention", f.Retention)
	if (f.Memory < Duration(day) || f.Memory > maxMemory) && !b.doc.failedAt("memory") {
		b.doc.Fail("memory", "memory must be between 1d and %s, not %s", maxMemory, f.Memory)
	}
	if f.Grace > maxGrace {
		b.doc.Fail("grace", "grace must be at most %s, not %s", maxGrace, f.Grace)
	}
	return consent.NewPolicy(consent.Policy{
		Site: f.ID, Controller: b.controller(), Categories: b.categories(),
		Regimes: b.regimes(), Signals: consent.SignalRules{GPCBinding: f.GPC == "binding", DNT: f.DNT, Override: f.SiteSpecificOverride}, ChildDirected: f.ChildDirected,
		Memory: f.Memory.Std(), Grace: f.Grace.Std(), Retention: f.Retention,
	})
}

func (b *builder) controller() consent.Controller {
	c := b.file.Controller
	if c.ID == "" {
		c.ID = b.file.ID
	} else {
		b.checkID("controller.id", c.ID)
	}
	return consent.Controller{ID: c.ID, Name: c.Name, Address: c.Address, Contact: c.Contact}
}

// checkID leaves empty ids to the check of required fields.
func (b *builder) checkID(at, id string) {
	if id != "" && !consent.ValidID(id) {
		b.doc.Fail(at, "%s must be 1 to 32 small letters, digits and hyphens, not %q%s", at, id, idHint(id))
	}
}

// idHint offers what the owner probably wanted to write.
func idHint(id string) string {
	fixed := strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r == ' ' || r == '_' || r == '.':
			return '-'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-':
			return r
		}
		return -1
	}, strings.ToLower(id)), "-")
	if !consent.ValidID(fixed) {
		return ""
	}
	return fmt.Sprintf("; write %q", fixed)
}

// nonNil keeps an empty list from being written as null, which would give the
// same policy two digests.
func nonNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return slices.Clone(list)
}

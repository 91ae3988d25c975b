package siteconfig

import (
	"fmt"
	"io/fs"
	"path"

	"github.com/consentry/consentry/internal/consent"
)

// Catalogue reads every .yaml file of fsys, each a list of services, and
// returns the services by id with all problems. An entry without a usable id,
// category, source or address is left out; of two with one id the first by
// file name is kept.
func Catalogue(fsys fs.FS) (map[string]consent.Service, []Problem) {
	known, problems := readCatalogue(fsys)
	return known.services, problems
}

// knownServices is the catalogue.
type knownServices struct {
	services   map[string]consent.Service
	categories map[string]string // the usual one of each service
}

func readCatalogue(fsys fs.FS) (knownServices, []Problem) {
	services := make(map[string]consent.Service)
	known := knownServices{services: services, categories: make(map[string]string)}
	var problems []Problem
	names, err := fs.Glob(fsys, "*.yaml")
	if err != nil {
		return known, []Problem{{File: "catalogue", Message: err.Error()}}
	}
	homes := make(map[string]string)
	for _, name := range names {
		src, err := fs.ReadFile(fsys, name)
		if err != nil {
			problems = append(problems, Problem{File: name, Message: "the file cannot be read: " + reason(err)})
			continue
		}
		var entries []ServiceFile
		doc := Read(path.Join("catalogue", name), src, &entries)
		for i, f := range entries {
			at := fmt.Sprintf("[%d]", i)
			if checkEntry(doc, at, f, homes) {
				services[f.ID] = f.service()
				known.categories[f.ID] = f.Category
				homes[f.ID] = name
			}
		}
		problems = append(problems, doc.Problems()...)
	}
	return known, sorted(problems)
}

// checkEntry reports whether an entry can be used.
func checkEntry(doc *Document, at string, f ServiceFile, homes map[string]string) bool {
	before := len(doc.problems)
	if f.ID == "" {
		return false // reported as missing already
	}
	if !consent.ValidID(f.ID) {
		doc.Fail(at+".id", "id must be 1 to 32 small letters, digits and hyphens, not %q%s", f.ID, idHint(f.ID))
	}
	if home, twice := homes[f.ID]; twice {
		doc.Fail(at+".id", "the id %q stands in catalogue/%s already; choose another", f.ID, home)
	}
	checkService(doc, at, f)
	checkComplete(doc, at, f, "")
	if !consent.ValidID(f.Category) {
		doc.Fail(at, "the service %q names no category; add %q", f.ID, "category: analytics")
	}
	if len(f.Source) == 0 {
		doc.Fail(at, "the service %q names no source; add the vendor's pages that it was written from", f.ID)
	}
	return len(doc.problems) == before
}

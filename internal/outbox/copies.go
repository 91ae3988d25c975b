package outbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/consentry/consentry/internal/consent"
)

// copies are the artefacts that the store was seen to have, for a server that
// starts or reads its configuration anew while the store is away. They are files
// of their own and hold nothing about a person: SITE/DIGEST is one line of JSON,
// the artefact without its body, and the body; SITE/KIND.list is the listing of
// one kind. A copy that cannot be written is missing later, and that is all.
type copies struct {
	dir string
	log *slog.Logger

	mu    sync.Mutex
	known map[artefactKey]bool               // whether the copy has its index
	lists map[artefactKey][]consent.Artefact // by kind in the place of the digest

	seen  []seen              // by this process, or see recollect
	tries map[artefactKey]int // how often the store refused what it had lost; 0 for all that were seen
}

// seen is an artefact that records and pages may refer to and that this process has
// put into the store, or has seen there.
type seen struct {
	artefactKey
	kind string
}

const listSuffix = ".list"

func openCopies(dir string, log *slog.Logger) (*copies, error) {
	c := &copies{
		dir: filepath.Join(dir, "artefacts"), log: log,
		known: make(map[artefactKey]bool), lists: make(map[artefactKey][]consent.Artefact), tries: make(map[artefactKey]int),
	}
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return nil, err
	}
	err := filepath.WalkDir(c.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		key := artefactKey{filepath.Base(filepath.Dir(path)), entry.Name()}
		kind, isList := strings.CutSuffix(key.digest, listSuffix)
		if !isList {
			c.known[key] = false
			return nil
		}
		var list []consent.Artefact
		if b, err := os.ReadFile(path); err == nil && json.Unmarshal(b, &list) == nil {
			c.lists[artefactKey{key.site, kind}] = list
		}
		return nil
	})
	return c, err
}

// has reports whether the store was seen to have an artefact.
func (c *copies) has(site, digest string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.known[artefactKey{site, digest}]
	return ok
}

// keep copies an artefact, whose Index is -1 when it is not known, unless there is
// as good a copy.
func (c *copies) keep(site string, a consent.Artefact) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := artefactKey{site, a.Digest}
	c.note(key, a.Kind)
	if whole, ok := c.known[key]; whole || ok && a.Index < 0 || !plain(site) || !plain(a.Digest) {
		return
	}
	body := a.Body
	a.Body = nil
	head, err := json.Marshal(a)
	if err == nil {
		err = c.write(key, slices.Concat(head, []byte("\n"), body))
	}
	if err == nil {
		c.known[key] = a.Index >= 0
	}
	c.complain(err)
}

// see notes that the store is taken to have an artefact.
func (c *copies) see(site string, a *consent.Artefact) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.note(artefactKey{site, a.Digest}, a.Kind)
}

func (c *copies) note(key artefactKey, kind string) {
	if _, ok := c.tries[key]; !ok && consent.Referred(kind) {
		c.tries[key] = 0
		c.seen = append(c.seen, seen{key, kind})
	}
}

// seenHere lists what was seen, in the order in which that began.
func (c *copies) seenHere() []seen {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.seen)
}

// refused counts that the store refuses an artefact.
func (c *copies) refused(key artefactKey) (tries int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tries[key]++
	return c.tries[key]
}

// keepList copies a listing when it has changed.
func (c *copies) keepList(site, kind string, list []consent.Artefact) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := artefactKey{site, kind}
	old, ok := c.lists[key]
	if ok && slices.EqualFunc(old, list, func(a, b consent.Artefact) bool { return a.Digest == b.Digest && a.Index == b.Index }) ||
		!plain(site) || !plain(kind) {
		return
	}
	b, err := json.Marshal(list)
	if err == nil {
		err = c.write(artefactKey{site, kind + listSuffix}, b)
	}
	if err == nil {
		c.lists[key] = list
	}
	c.complain(err)
}

// artefact returns a copy, as it was when it was seen.
func (c *copies) artefact(site, digest string) (a consent.Artefact, ok bool) {
	if !c.has(site, digest) {
		return a, false
	}
	b, err := os.ReadFile(filepath.Join(c.dir, site, digest))
	head, body, found := bytes.Cut(b, []byte("\n"))
	if err != nil || !found || json.Unmarshal(head, &a) != nil || consent.Digest(body) != digest {
		return consent.Artefact{}, false
	}
	a.Body = body
	return a, true
}

func (c *copies) list(site, kind string) (list []consent.Artefact, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	list, ok = c.lists[artefactKey{site, kind}]
	return slices.Clone(list), ok
}

// write makes a whole file, or none.
func (c *copies) write(key artefactKey, b []byte) error {
	dir := filepath.Join(c.dir, key.site)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(c.dir, "new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, key.digest))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

func (c *copies) complain(err error) {
	if err != nil {
		c.log.Warn("an artefact is not copied for the time that the store is away", "error", fmt.Errorf("copy artefact: %w", err))
	}
}

// plain reports whether a name can be a file's.
func plain(name string) bool {
	return name != "" && len(name) < 200 && !strings.ContainsAny(name, "/\\\x00") && name[0] != '.'
}

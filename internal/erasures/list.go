// Package erasures keeps the list of erased records in a file of one server,
// outside the store and its backups. A backup that is restored knows nothing of
// what was erased after it was made: this list does, and erases it again. It
// holds ids of records, which say nothing of a person, and never a secret.
package erasures

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// header is the first line of the file. A newer program may write another one.
const header = "consentry erasures 1\n"

// timeLayout is RFC 3339 in UTC with milliseconds.
const timeLayout = "2006-01-02T15:04:05.000Z"

// errUnwritable is a list that could not be written: nobody knows how much of the
// last line is on the disk, so nothing is added until it is opened again.
var errUnwritable = fmt.Errorf("%w: the list of erasures could not be written and takes nothing more until the server is started again", consent.ErrUnavailable)

// line is one line of the file.
type line struct {
	site string
	consent.Erasure
}

// List is the open file. It is safe for concurrent use.
type List struct {
	path string

	mu    sync.Mutex
	file  *os.File
	fault error
	sites map[string]*site

	noting sync.Mutex // one Note at a time

	forgotten bool // what was listed at the start is in no copy of this server any more
}

// site is what the list knows of one site.
type site struct {
	listed map[consent.ID]time.Time
	read   int64      // how many of the store's erasures were read
	last   consent.ID // the last of them

	telling *telling // nil: to be begun anew
}

// Open reads the list at path, and makes one, for its owner only, when there is
// none. A last line that was cut short, in a crash, is dropped: whoever wrote it
// was not told that it is kept. Any other damage is an error.
func Open(path string) (*List, error) {
	l := &List{path: path, sites: make(map[string]*site)}
	if err := l.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("open list of erasures %s: %w", path, err), l.Close())
	}
	return l, nil
}

func (l *List) open() (err error) {
	if l.file, err = os.OpenFile(l.path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600); err != nil {
		return err
	}
	text, err := io.ReadAll(l.file)
	if err != nil {
		return err
	}
	whole := text[:bytes.LastIndexByte(text, '\n')+1]
	if len(whole) == 0 && strings.HasPrefix(header, string(text)) {
		return l.begin()
	}
	if err := l.parse(string(whole)); err != nil {
		return err
	}
	if len(whole) == len(text) {
		return nil
	}
	if err := l.file.Truncate(int64(len(whole))); err != nil {
		return err
	}
	return l.file.Sync()
}

// begin writes a new file's first line.
func (l *List) begin() error {
	if err := l.file.Truncate(0); err != nil {
		return err
	}
	if _, err := l.file.WriteString(header); err != nil {
		return err
	}
	if err := l.file.Sync(); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(l.path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func (l *List) parse(text string) error {
	rest, ok := strings.CutPrefix(text, header)
	if !ok {
		return errors.New("the first line is none that this program knows: the file is not its own, or a newer program's")
	}
	number := 1
	for text := range strings.Lines(rest) {
		number++
		one, err := decode(strings.TrimSuffix(text, "\n"))
		if err != nil {
			return fmt.Errorf("line %d: %w; put back a copy of the file, or take the line out if you know what it said", number, err)
		}
		l.remember(one.site, one.Erasure)
	}
	return nil
}

// Add lists erasures, durably, those not known yet.
func (l *List) Add(site string, list []consent.Erasure) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.add(site, list)
}

func (l *List) add(site string, list []consent.Erasure) error {
	news := slices.DeleteFunc(slices.Clone(list), func(e consent.Erasure) bool { return l.knows(site, e.Record) })
	if len(news) == 0 {
		return nil
	}
	if l.fault != nil {
		return l.fault
	}
	var b bytes.Buffer
	for _, e := range news {
		b.WriteString(line{site, e}.encode())
	}
	_, err := l.file.Write(b.Bytes())
	if err == nil {
		err = l.file.Sync()
	}
	if err != nil {
		l.fault = fmt.Errorf("%w: %w", errUnwritable, err)
		return l.fault
	}
	for _, e := range news {
		l.remember(site, e)
	}
	return nil
}

// Close releases the file.
func (l *List) Close() error {
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}

func (l *List) knows(name string, id consent.ID) bool {
	s, ok := l.sites[name]
	if !ok {
		return false
	}
	_, ok = s.listed[id]
	return ok
}

// has reports whether a record is listed.
func (l *List) has(name string, id consent.ID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.knows(name, id)
}

func (l *List) remember(name string, e consent.Erasure) {
	s, ok := l.sites[name]
	if !ok {
		s = &site{listed: make(map[consent.ID]time.Time)}
		l.sites[name] = s
	}
	if _, ok := s.listed[e.Record]; !ok {
		s.listed[e.Record] = consent.At(e.Time).Time
	}
}

// encode writes the line: site, record id, time, and a check sum of these.
func (e line) encode() string {
	text := e.site + " " + e.Record.String() + " " + e.Time.UTC().Format(timeLayout)
	return fmt.Sprintf("%s %08x\n", text, crc32.ChecksumIEEE([]byte(text)))
}

func decode(text string) (e line, err error) {
	fields := strings.Split(text, " ")
	if len(fields) != 4 {
		return e, errors.New("not an erasure")
	}
	e.site = fields[0]
	if e.Record, err = consent.ParseID(fields[1]); err != nil {
		return e, err
	}
	if e.Time, err = time.Parse(timeLayout, fields[2]); err != nil {
		return e, err
	}
	if e.encode() != text+"\n" {
		return e, errors.New("the check sum is wrong")
	}
	return e, nil
}

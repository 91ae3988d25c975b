package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// importLine is one decision and where it stands.
type importLine struct {
	Number int
	consent.Foreign
}

// importedJSON is a line of NDJSON.
type importedJSON struct {
	Time      string            `json:"time"`
	Visitor   string            `json:"visitor"`
	Decisions map[string]string `json:"decisions"`
	Notice    string            `json:"notice"`
	Locale    string            `json:"locale"`
}

// read takes the lines of a file over and returns what is wrong with the others.
func (t *importTask) read(text []byte, site *consent.Site, notices string, now time.Time) (bad []error, err error) {
	take := func(number int, raw importedJSON, err error) {
		var line importLine
		if err == nil {
			line, err = t.line(raw, notices)
		}
		if err == nil {
			err = line.Check(site.Policy, site.Locales, now)
		}
		if err != nil {
			bad = append(bad, fmt.Errorf("%d: %w", number, err))
			return
		}
		line.Number = number
		t.Lines = append(t.Lines, line)
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		readNDJSON(text, take)
	} else if err := readCSV(text, site, take); err != nil {
		return nil, err
	}
	if len(t.Lines)+len(bad) == 0 {
		return nil, errors.New("it holds no decision")
	}
	return bad, nil
}

func readNDJSON(text []byte, take func(int, importedJSON, error)) {
	number := 0
	for line := range bytes.Lines(text) {
		number++
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var raw importedJSON
		dec := json.NewDecoder(bytes.NewReader(line))
		dec.DisallowUnknownFields()
		err := dec.Decode(&raw)
		if err == nil && len(bytes.TrimSpace(line[dec.InputOffset():])) > 0 {
			err = errors.New("something follows the object")
		}
		take(number, raw, err)
	}
}

// importColumns are those that are no category.
var importColumns = [...]string{"time", "visitor", "notice", "locale"}

func readCSV(text []byte, site *consent.Site, take func(int, importedJSON, error)) error {
	r := csv.NewReader(bytes.NewReader(text))
	if head, _, _ := bytes.Cut(text, []byte("\n")); bytes.Count(head, []byte(";")) > bytes.Count(head, []byte(",")) {
		r.Comma = ';'
	}
	r.ReuseRecord = true
	first, err := r.Read()
	if err != nil {
		return fmt.Errorf("it is neither CSV nor NDJSON: %w", err)
	}
	columns := slices.Clone(first)
	for i, column := range columns {
		columns[i] = strings.TrimSpace(column)
		category := slices.ContainsFunc(site.Policy.Categories, func(c consent.Category) bool { return c.ID == columns[i] && c.ID != consent.Necessary })
		if !category && !slices.Contains(importColumns[:], columns[i]) {
			return fmt.Errorf("line 1: the column %q is neither time, visitor, notice, locale nor a category of the site; rename it or take it out", column)
		}
	}
	if sorted := slices.Sorted(slices.Values(columns)); len(slices.Compact(sorted)) < len(columns) {
		return errors.New("line 1: a column is there twice; take out the one that does not count")
	}
	for _, needed := range importColumns[:2] {
		if !slices.Contains(columns, needed) {
			return fmt.Errorf("line 1: the column %s is missing", needed)
		}
	}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if wrong := (*csv.ParseError)(nil); errors.As(err, &wrong) {
			take(wrong.Line, importedJSON{}, wrong.Err) // cells may be missing, the first as well
			continue
		}
		number, _ := r.FieldPos(0)
		take(number, fromCells(columns, cells), err)
	}
}

func fromCells(columns, cells []string) importedJSON {
	raw := importedJSON{Decisions: make(map[string]string)}
	for i, column := range columns {
		switch cell := strings.Clone(strings.TrimSpace(cells[i])); {
		case column == "time":
			raw.Time = cell
		case column == "visitor":
			raw.Visitor = cell
		case column == "notice":
			raw.Notice = cell
		case column == "locale":
			raw.Locale = cell
		case cell != "":
			raw.Decisions[column] = cell
		}
	}
	return raw
}

// line reads what a line says.
func (t *importTask) line(raw importedJSON, notices string) (line importLine, err error) {
	line.Visitor, line.Locale, line.Statuses = raw.Visitor, raw.Locale, make(map[string]consent.Status)
	if line.Time, err = importedTime(raw.Time); err != nil {
		return line, err
	}
	for id, word := range raw.Decisions {
		if line.Statuses[id], err = importedStatus(word); err != nil {
			return line, fmt.Errorf("%s: %w", id, err)
		}
	}
	line.Notice, err = t.notice(notices, raw.Notice)
	return line, err
}

func importedTime(text string) (time.Time, error) {
	for _, layout := range [...]string{time.RFC3339, time.DateTime} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, errors.New("its time must be written like 2026-01-31T12:00:00Z or 2026-01-31 12:00:00")
}

func importedStatus(word string) (consent.Status, error) {
	switch strings.ToLower(word) {
	case "granted", "yes", "true", "1":
		return consent.Granted, nil
	case "denied", "no", "false", "0":
		return consent.Denied, nil
	}
	return "", errors.New("it must be granted or denied")
}

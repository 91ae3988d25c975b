package main

import (
	"bytes"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/consentry/consentry/internal/consent"
)

const csvHead = "index,record_id,time_utc,event,decisions,surface,control,layer,js,gpc,dnt,automated,locale,layout,notice,rendering,regime,country,origin,browser,device,expires_utc,previous,leaf\r\n"

// csvLine is a record as one line of RFC 4180.
func csvLine(e exported) ([]byte, error) {
	r := e.record
	var decisions []string
	for _, d := range r.Decisions {
		decisions = append(decisions, decisionName(d)+"="+string(d.Status))
	}
	previous := ""
	if r.Previous != nil {
		previous = r.Previous.String()
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	row := []string{
		strconv.FormatInt(e.stored.Index, 10), r.ID.String(), stamp(r.Time), string(r.Event), strings.Join(decisions, ";"),
		r.Action.Surface, r.Action.Control, strconv.Itoa(r.Action.Layer), strconv.FormatBool(r.Action.JS),
		strconv.FormatBool(r.Signals.GPC), strconv.FormatBool(r.Signals.DNT), r.Automated,
		r.Notice.Locale, r.Notice.Layout, r.Notice.Digest, r.Notice.Rendering, string(r.Regime.ID), r.Regime.Country,
		r.Origin, r.UAClass.Family, r.UAClass.Form, stamp(r.Validity.Expires), previous, hex.EncodeToString(e.stored.Leaf[:]),
	}
	for i, cell := range row {
		row[i] = consent.Inert(cell)
	}
	_ = w.Write(row) // into memory
	w.Flush()
	return b.Bytes(), w.Error()
}

func stamp(t consent.Timestamp) string {
	text, _ := t.MarshalText() // a time always marshals
	return string(text)
}

// exportedJSON is a line of NDJSON: what is needed to derive the leaf again.
type exportedJSON struct {
	Index  int64           `json:"index"`
	Leaf   string          `json:"leaf"` // hex
	Salt   string          `json:"salt"` // hex
	Record json.RawMessage `json:"record"`
}

// jsonBegin is how every such line begins.
const jsonBegin = `{"index":`

func ndjsonLine(e exported) ([]byte, error) {
	canonical, err := e.record.Encode()
	if err != nil {
		return nil, err
	}
	return withSalt(e, canonical)
}

func jsonldLine(e exported) ([]byte, error) {
	linked, err := consent.Linked(e.record, e.policy)
	if err != nil {
		return nil, err
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, linked); err != nil {
		return nil, err
	}
	return withSalt(e, compact.Bytes())
}

func withSalt(e exported, record []byte) ([]byte, error) {
	salt := e.stored.Secret.Salt()
	return jsonLine(exportedJSON{e.stored.Index, hex.EncodeToString(e.stored.Leaf[:]), hex.EncodeToString(salt[:]), record})
}

// jsonLine writes a value as one line. Canonical bytes in it stay what they are:
// by default < > and & would be escaped, and the leaf not be derived any more.
func jsonLine(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return b.Bytes(), err
}

func jsonIndex(line []byte) (int64, error) {
	var e exportedJSON
	err := json.Unmarshal(line, &e)
	return e.Index, err
}

// asked lists the categories that visitors of a site decide about today.
func asked(sites []*consent.Site) (ids []string) {
	for _, site := range sites {
		if site.Policy == nil {
			continue // not configured any more
		}
		for _, c := range site.Policy.Optional() {
			if !slices.Contains(ids, c.ID) {
				ids = append(ids, c.ID)
			}
		}
	}
	return ids
}

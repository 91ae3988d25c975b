package consent

import (
	"strconv"
	"time"
)

// Sealed is the signed cookie's content: the authority on a visitor's choice.
type Sealed struct {
	V          int                  `json:"v"` // 1
	Site       string               `json:"site"`
	Visitor    ID                   `json:"visitor"`
	Record     ID                   `json:"record"`
	Regime     Regime               `json:"regime"`
	Issued     int64                `json:"issued"`  // Unix seconds
	Expires    int64                `json:"expires"` // Unix seconds; decides, whatever the browser keeps
	Categories map[string][2]string `json:"cats"`    // id: status, digest
	Services   map[string]Status    `json:"services,omitempty"`
}

// State returns what the sealed cookie says, without its identifiers.
func (s *Sealed) State() State {
	st := State{Categories: make(map[string]Choice, len(s.Categories)), Services: make(map[string]Status, len(s.Services)), Expires: time.Unix(s.Expires, 0).UTC()}
	for id, c := range s.Categories {
		st.Categories[id] = Choice{Status: Status(c[0]), Digest: c[1]}
	}
	for id, status := range s.Services {
		st.Services[id] = status
	}
	return st
}

// Seal makes the cookie that follows from a stored record, so that a retry gets
// the same one. Categories that today's policy asks differently, or no longer,
// are left out and so stay denied. A record of a single load changes no cookie:
// nil.
func Seal(r *Record, visitor ID, asked *Frame, today *Policy) *Sealed {
	if r.Action.Control == "load-once" {
		return nil
	}
	s := &Sealed{
		V: 1, Site: r.Site, Visitor: visitor, Record: r.ID, Regime: r.Regime.ID,
		Issued: r.Time.Unix(), Expires: r.Validity.Expires.Unix(),
		Categories: make(map[string][2]string), Services: make(map[string]Status),
	}
	for _, d := range r.Decisions {
		digest := today.CategoryDigest(d.Category)
		i := asked.category(d.Category)
		if d.Category == Necessary || d.Scope == Once || i < 0 || asked.Categories[i].Digest != digest {
			continue
		}
		if d.Service == "" {
			s.Categories[d.Category] = [2]string{string(d.Status), digest}
		} else {
			s.Services[d.Service] = d.Status
		}
	}
	if r.Signals.Honoured {
		s.Services[today.SignalMark()] = Denied
	}
	return s
}

// Encode returns the JSON that encoding/json makes of it, written member by member
// because every decision pays for it.
func (s *Sealed) Encode() []byte {
	b := strconv.AppendInt(append(make([]byte, 0, 512), `{"v":`...), int64(s.V), 10)
	b = member(b, `,"site":`, s.Site)
	b = s.Visitor.encode(append(b, `,"visitor":`...))
	b = s.Record.encode(append(b, `,"record":`...))
	b = member(b, `,"regime":`, s.Regime)
	b = strconv.AppendInt(append(b, `,"issued":`...), s.Issued, 10)
	b = strconv.AppendInt(append(b, `,"expires":`...), s.Expires, 10)
	b = append(b, `,"cats":`...)
	b = object(b, s.Categories, func(b []byte, c [2]string) []byte {
		return append(appendString(append(appendString(append(b, '['), c[0]), ','), c[1]), ']')
	})
	if len(s.Services) > 0 {
		b = object(append(b, `,"services":`...), s.Services, func(b []byte, status Status) []byte { return appendString(b, string(status)) })
	}
	return append(b, '}')
}

func object[V any](b []byte, members map[string]V, encode func([]byte, V) []byte) []byte {
	if members == nil {
		return append(b, "null"...)
	}
	b = append(b, '{')
	for i, id := range sortedKeys(members) {
		if i > 0 {
			b = append(b, ',')
		}
		b = encode(append(appendString(b, id), ':'), members[id])
	}
	return append(b, '}')
}

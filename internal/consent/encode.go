package consent

import (
	"encoding/base64"
	"fmt"
	"strconv"
)

// Encode returns the record's canonical bytes: what Canonical returns, written
// member by member because every decision pays for it.
func (r *Record) Encode() ([]byte, error) {
	if layer := int64(r.Action.Layer); layer > maxInteger || layer < -maxInteger {
		return nil, fmt.Errorf("canonical form: layer %d is not an integer within ±2^53", r.Action.Layer)
	}
	b := make([]byte, 0, 1536)
	b = r.Action.encode(append(b, `{"action":`...))
	b = member(b, `,"automated":`, r.Automated)
	b = r.Controller.encode(append(b, `,"controller":`...))
	b = array(append(b, `,"decisions":`...), r.Decisions, RecordDecision.encode)
	b = array(append(b, `,"defaults_shown":`...), r.DefaultsShown, RecordDefault.encode)
	b = member(b, `,"event":`, r.Event)
	b = r.Time.encode(append(b, `,"event_time":`...))
	b = r.Notice.encode(append(b, `,"notice":`...))
	b = member(b, `,"origin":`, r.Origin)
	b = append(b, `,"prev_record_id":`...)
	if r.Previous == nil {
		b = append(b, "null"...)
	} else {
		b = r.Previous.encode(b)
	}
	b = r.ID.encode(append(b, `,"record_id":`...))
	b = r.Regime.encode(append(b, `,"regime":`...))
	b = member(b, `,"retention_class":`, r.RetentionClass)
	b = member(b, `,"schema":`, r.Schema)
	b = r.Server.encode(append(b, `,"server":`...))
	b = r.Signals.encode(append(b, `,"signals":`...))
	b = member(b, `,"site":`, r.Site)
	b = r.Subject.encode(append(b, `,"subject_ref":`...))
	b = r.UAClass.encode(append(b, `,"ua_class":`...))
	b = r.Validity.Expires.encode(append(b, `,"validity":{"expires":`...))
	b = member(b, `},"variant":`, r.Variant)
	return append(b, '}'), nil
}

func member[S ~string](b []byte, name string, value S) []byte {
	return appendString(append(b, name...), string(value))
}

func array[T any](b []byte, list []T, encode func(T, []byte) []byte) []byte {
	if list == nil {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for i, item := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = encode(item, b)
	}
	return append(b, ']')
}

func (a Action) encode(b []byte) []byte {
	b = member(b, `{"control":`, a.Control)
	b = strconv.AppendBool(append(b, `,"js":`...), a.JS)
	b = strconv.AppendInt(append(b, `,"layer":`...), int64(a.Layer), 10)
	b = member(b, `,"surface":`, a.Surface)
	return append(b, '}')
}

func (c Controller) encode(b []byte) []byte {
	b = member(b, `{"address":`, c.Address)
	b = member(b, `,"contact":`, c.Contact)
	b = member(b, `,"id":`, c.ID)
	b = member(b, `,"name":`, c.Name)
	return append(b, '}')
}

func (d RecordDecision) encode(b []byte) []byte {
	b = member(b, `{"category":`, d.Category)
	b = member(b, `,"scope":`, d.Scope)
	if d.Service != "" {
		b = member(b, `,"service":`, d.Service)
	}
	b = member(b, `,"status":`, d.Status)
	return append(b, '}')
}

func (d RecordDefault) encode(b []byte) []byte {
	b = member(b, `{"category":`, d.Category)
	b = member(b, `,"status":`, d.Status)
	return append(b, '}')
}

func (n NoticeRef) encode(b []byte) []byte {
	b = member(b, `{"digest":`, n.Digest)
	b = member(b, `,"gate_sha256":`, n.Gate)
	b = member(b, `,"layout":`, n.Layout)
	b = member(b, `,"locale":`, n.Locale)
	b = member(b, `,"rendering":`, n.Rendering)
	return append(b, '}')
}

func (r RegimeRef) encode(b []byte) []byte {
	b = member(b, `{"country":`, r.Country)
	b = member(b, `,"id":`, r.ID)
	b = member(b, `,"source":`, r.Source)
	return append(b, '}')
}

func (v ServerVersion) encode(b []byte) []byte {
	b = member(b, `{"key":`, v.Key)
	b = member(b, `,"version":`, v.Version)
	return append(b, '}')
}

func (s Signals) encode(b []byte) []byte {
	b = strconv.AppendBool(append(b, `{"dnt":`...), s.DNT)
	b = strconv.AppendBool(append(b, `,"gpc":`...), s.GPC)
	if s.Honoured {
		b = append(b, `,"honoured":true`...)
	}
	b = member(b, `,"source":`, s.Source)
	return append(b, '}')
}

func (c UAClass) encode(b []byte) []byte {
	b = member(b, `{"family":`, c.Family)
	b = member(b, `,"form":`, c.Form)
	return append(b, '}')
}

func (t Timestamp) encode(b []byte) []byte {
	return append(t.UTC().AppendFormat(append(b, '"'), timeLayout), '"')
}

func (id ID) encode(b []byte) []byte {
	return append(base64.RawURLEncoding.AppendEncode(append(b, '"'), id[:]), '"')
}

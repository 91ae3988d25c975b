package consent

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"
)

// errPacked is a compact record that its frame does not explain.
var errPacked = errors.New("unreadable compact record")

const packVersion = 1

// Pack writes the part of r that its frame f does not hold, 70 to 90 bytes:
// words become their place in a list, ids their 16 bytes. The record's own id
// is left out, because the store keeps it as the key. Unpack regenerates r to
// the byte; a record that does not fit f is an error.
func Pack(r *Record, f *Frame) ([]byte, error) {
	if !r.fits(f) {
		return nil, fmt.Errorf("%w: the record is not the frame's", errPacked)
	}
	p := packer{b: make([]byte, 0, 96)}
	p.byte(packVersion)
	p.previous(r.Previous)
	p.b = append(p.b, r.Subject[:]...)
	p.uvarint(uint64(r.Time.UnixMilli()))
	p.varint(r.Validity.Expires.UnixMilli() - r.Time.UnixMilli())
	p.word(indexOf(events[:], r.Event))
	p.word(indexOf(surfaces[:], r.Action.Surface))
	p.word(indexOf(controls[:], r.Action.Control))
	p.byte(byte(r.Action.Layer))
	p.word(indexOf(sources[:], r.Signals.Source))
	p.byte(bits(r.Action.JS, r.Signals.GPC, r.Signals.DNT, r.Signals.Honoured))
	p.word(indexOf(f.Locales, r.Notice.Locale))
	p.word(indexOf(layouts[:], r.Notice.Layout))
	p.word(indexOf(regimes[:], r.Regime.ID))
	p.text(r.Regime.Country)
	p.text(r.Regime.Source)
	p.word(indexOf(f.Origins, r.Origin))
	p.word(indexOf(families[:], r.UAClass.Family))
	p.word(indexOf(forms[:], r.UAClass.Form))
	p.word(indexOf(autos[:], r.Automated))
	p.word(indexOf(f.Variants, r.Variant))
	p.decisions(r.Decisions, f)
	if p.err != nil {
		return nil, p.err
	}
	return p.b, nil
}

// fits reports whether f says everything of r that Pack leaves out, and whether
// the numbers that it writes are within their bounds.
func (r *Record) fits(f *Frame) bool {
	return r.Schema == RecordSchema && r.Site == f.Site && r.Controller == f.Controller &&
		r.Notice.Digest == f.Notice && r.Notice.Rendering == f.Rendering && r.Notice.Gate == f.Gate &&
		r.RetentionClass == f.Retention && r.Server == f.Server && r.Decisions != nil &&
		slices.Equal(r.DefaultsShown, f.defaults()) &&
		0 <= r.Action.Layer && r.Action.Layer <= 255 &&
		plausible(r.Time.UnixMilli()) && plausible(r.Validity.Expires.UnixMilli())
}

// plausible reports whether a time in milliseconds lies between 1970 and 9999,
// beyond which RFC 3339 cannot write it.
func plausible(ms int64) bool { return 0 <= ms && ms < 253_402_300_800_000 }

type packer struct {
	b   []byte
	err error
}

func (p *packer) byte(b byte)      { p.b = append(p.b, b) }
func (p *packer) uvarint(n uint64) { p.b = binary.AppendUvarint(p.b, n) }
func (p *packer) varint(n int64)   { p.b = binary.AppendVarint(p.b, n) }

func (p *packer) word(i int) {
	if i < 0 {
		p.err = fmt.Errorf("%w: a word is not in the frame", errPacked)
		return
	}
	p.uvarint(uint64(i))
}

func (p *packer) text(s string) {
	if len(s) > 16 {
		p.err = fmt.Errorf("%w: %d characters where 16 are allowed", errPacked, len(s))
	}
	p.uvarint(uint64(len(s)))
	p.b = append(p.b, s...)
}

func (p *packer) previous(id *ID) {
	if id == nil {
		p.byte(0)
		return
	}
	p.byte(1)
	p.b = append(p.b, id[:]...)
}

func (p *packer) decisions(list []RecordDecision, f *Frame) {
	p.uvarint(uint64(len(list)))
	for _, d := range list {
		category := f.category(d.Category)
		p.word(category)
		service := 0
		if d.Service != "" && category >= 0 {
			service = 1 + slices.Index(f.Categories[category].Services, d.Service)
			if service == 0 {
				p.err = fmt.Errorf("%w: a service is not in the frame", errPacked)
			}
		}
		p.uvarint(uint64(service))
		if (d.Status != Granted && d.Status != Denied) || (d.Scope != Keep && d.Scope != Once) {
			p.err = fmt.Errorf("%w: a status or scope is unknown", errPacked)
		}
		p.byte(bits(d.Status == Granted, d.Scope == Once))
	}
}

// Unpack regenerates the record with the given id from what Pack wrote.
func Unpack(b []byte, id ID, f *Frame) (*Record, error) {
	u := unpacker{b: b}
	if u.byte() != packVersion {
		return nil, fmt.Errorf("%w: version is newer than this program", errPacked)
	}
	r := &Record{
		Schema: RecordSchema, ID: id, Site: f.Site, Controller: f.Controller,
		DefaultsShown: f.defaults(), RetentionClass: f.Retention, Server: f.Server,
	}
	r.Previous = u.previous()
	r.Subject = u.id()
	at := int64(u.uvarint())
	expires := at + u.varint()
	r.Time, r.Validity.Expires = At(time.UnixMilli(at)), At(time.UnixMilli(expires))
	r.Event = word(&u, events[:])
	r.Action.Surface = word(&u, surfaces[:])
	r.Action.Control = word(&u, controls[:])
	r.Action.Layer = int(u.byte())
	r.Signals.Source = word(&u, sources[:])
	flags := u.byte()
	r.Action.JS, r.Signals.GPC, r.Signals.DNT, r.Signals.Honoured = flags&1 > 0, flags&2 > 0, flags&4 > 0, flags&8 > 0
	r.Notice = NoticeRef{Digest: f.Notice, Rendering: f.Rendering, Gate: f.Gate}
	r.Notice.Locale = word(&u, f.Locales)
	r.Notice.Layout = word(&u, layouts[:])
	r.Regime.ID = word(&u, regimes[:])
	r.Regime.Country = u.text()
	r.Regime.Source = u.text()
	r.Origin = word(&u, f.Origins)
	r.UAClass.Family = word(&u, families[:])
	r.UAClass.Form = word(&u, forms[:])
	r.Automated = word(&u, autos[:])
	r.Variant = word(&u, f.Variants)
	r.Decisions = u.decisions(f)
	if u.failed || len(u.b) > 0 || !plausible(at) || !plausible(expires) {
		return nil, errPacked
	}
	return r, nil
}

// unpacker reads until something does not fit, then yields zeros.
type unpacker struct {
	b      []byte
	failed bool
}

func (u *unpacker) take(n int) []byte {
	if n < 0 || n > len(u.b) {
		u.failed, u.b = true, nil
		return nil
	}
	head := u.b[:n]
	u.b = u.b[n:]
	return head
}

func (u *unpacker) byte() byte {
	if b := u.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (u *unpacker) uvarint() uint64 {
	n, size := binary.Uvarint(u.b)
	if size <= 0 {
		u.failed, u.b = true, nil
		return 0
	}
	u.b = u.b[size:]
	return n
}

func (u *unpacker) varint() int64 {
	n, size := binary.Varint(u.b)
	if size <= 0 {
		u.failed, u.b = true, nil
		return 0
	}
	u.b = u.b[size:]
	return n
}

func (u *unpacker) id() (id ID) {
	copy(id[:], u.take(len(id)))
	return id
}

func (u *unpacker) previous() *ID {
	if u.byte() == 0 {
		return nil
	}
	id := u.id()
	return &id
}

func (u *unpacker) text() string {
	n := u.uvarint()
	if n > 16 {
		u.failed = true
		return ""
	}
	return string(u.take(int(n)))
}

func (u *unpacker) decisions(f *Frame) []RecordDecision {
	n := u.uvarint()
	if n > uint64(len(u.b)) {
		u.failed = true
		return nil
	}
	list := make([]RecordDecision, 0, n)
	for range n {
		category := word(u, f.Categories)
		d := RecordDecision{Category: category.ID, Status: Denied, Scope: Keep}
		if service := u.uvarint(); service > uint64(len(category.Services)) {
			u.failed = true
		} else if service > 0 {
			d.Service = category.Services[service-1]
		}
		flags := u.byte()
		if flags&1 > 0 {
			d.Status = Granted
		}
		if flags&2 > 0 {
			d.Scope = Once
		}
		list = append(list, d)
	}
	return list
}

func word[T any](u *unpacker, list []T) (out T) {
	if i := u.uvarint(); i < uint64(len(list)) {
		return list[i]
	}
	u.failed = true
	return out
}

func indexOf[T comparable](list []T, v T) int { return slices.Index(list, v) }

func bits(flags ...bool) (b byte) {
	for i, flag := range flags {
		if flag {
			b |= 1 << i
		}
	}
	return b
}

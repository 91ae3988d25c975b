package consent

import (
	"strconv"
	"strings"
)

// A site that is too busy for one log is spread over several, which are named SITE,
// SITE~1, SITE~2 and so on. To stores and to the transparency log each is a site of
// its own; package shards makes one of them again.

// MaxShards is how many logs a site may have.
const MaxShards = 64

// LogName returns the name of the n-th log of a site, from 0.
func LogName(site string, n int) string {
	if n == 0 {
		return site
	}
	return site + "~" + strconv.Itoa(n)
}

// LogOf is the reverse of LogName. A name that it does not make is a site's.
func LogOf(name string) (site string, n int) {
	site, number, found := strings.Cut(name, "~")
	n, err := strconv.Atoi(number)
	if !found || err != nil || n < 1 || n >= MaxShards || LogName(site, n) != name {
		return name, 0
	}
	return site, n
}

// placeBits is how many bits of a place are the index. A place fits into the 53 bits
// that a number of JSON has everywhere.
const placeBits = 46

// PlaceIn names an entry of a site that has several logs by one number: in the first
// log it is the entry's index. An index below 0, which an entry has that waits in an
// outbox, stays as it is.
func PlaceIn(log int, index int64) int64 {
	if index < 0 {
		return index
	}
	return int64(log)<<placeBits | index
}

// PlaceOf is the reverse of PlaceIn.
func PlaceOf(place int64) (log int, index int64) {
	if place < 0 {
		return 0, place
	}
	return int(place >> placeBits), place & (1<<placeBits - 1)
}

// Log names the log that holds an entry, whether it was read from the site or from
// the log.
func (s *Stored) Log() string {
	n, _ := PlaceOf(s.Index)
	return LogName(s.Site, n)
}

// InLog is the site as one of its logs is looked at: under the log's name, with
// everything else as it is.
func (s *Site) InLog(name string) *Site {
	if name == s.ID {
		return s
	}
	one := *s
	one.ID = name
	return &one
}

// Logs is the site as each of its logs is looked at.
func (s *Site) Logs() []*Site {
	list := []*Site{s}
	for n := 1; n < s.Shards; n++ {
		list = append(list, s.InLog(LogName(s.ID, n)))
	}
	return list
}

package redisstore

import (
	"encoding/hex"
	"strconv"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// A site's keys share the hash tag {site}, so that a cluster keeps them together
// and a script may use them. Site ids hold no braces.
//
//	m:{site}           hash    schema; hour0, hour1, day0, day1, the first and
//	                           last hour and day with counters;
//	                           scrubbed, the last place of e:{site} whose old
//	                           copies are gone from Redis' files; pruned, how
//	                           often records were pruned since; clean, the run
//	                           ids of the servers whose files that is true of;
//	                           mark, which other data would not have, see
//	                           marks.go; waiting, as w:{site} was kept before
//	l:{site}           stream  the log in pieces of one or several entries. Entry
//	                           i has the place i+1, a piece the id of its last
//	                           place and the field e: for each entry the place of
//	                           the subject's entry before it, 0 for none, a
//	                           space, and its bytes
//	o:{site}           zset    pieces that were pruned and are no longer in the
//	                           stream, by their last place
//	w:{site}           zset    places of entries that were marked as pruned and
//	                           stand in a piece that has yet to be written anew
//	r:{site}:<4 hex>   hash    records whose id starts with these bytes: the
//	                           rest of the id → secret, receipt and place; an
//	                           erased one has the place and !, a pruned one
//	                           the place and x, one that is both !x, and one
//	                           that was erased before it came the place 0
//	s:{site}:<4 hex>   hash    subjects likewise → the place of the newest entry
//	n:{site}           hash    names of counters → their numbers, from 0
//	n:{site}:<hour>    string  counters of an hour since 1970: 32 bits for each,
//	                           by its number
//	d:{site}:<day>     string  counters of a day likewise
//	c:{site}           stream  what entries added to counters and is not in the
//	                           strings yet, as the field c, see waiting.go
//	t:{site}:<token>   string  counts that were added, for an hour
//	a:{site}:<digest>  hash    an artefact: kind, head and body
//	k:{site}:<kind>    hash    artefacts of a kind: digest → head
//	e:{site}           stream  erasures, each with its place (from 1) as its id
//	                           and the field e: the record's id and the time
//	h:{site}           string  the newest checkpoint
//	x:{site}:<name>    string  a tile
//
// Records and subjects are spread over 65536 small hashes each, because Redis
// keeps a small hash (512 fields by default, so 33 million records a site) as
// one list of bytes, at half the memory of a large one. Scripts cut the
// ids out of the log's bytes, see append.lua.
func factsKey(site string) string      { return "m:{" + site + "}" }
func logKey(site string) string        { return "l:{" + site + "}" }
func movedKey(site string) string      { return "o:{" + site + "}" }
func unmovedKey(site string) string    { return "w:{" + site + "}" }
func erasuresKey(site string) string   { return "e:{" + site + "}" }
func checkpointKey(site string) string { return "h:{" + site + "}" }

func recordBucket(site string, id consent.ID) string  { return "r:{" + site + "}:" + bucket(id) }
func subjectBucket(site string, id consent.ID) string { return "s:{" + site + "}:" + bucket(id) }

func namesKey(site string) string   { return "n:{" + site + "}" }
func waitingKey(site string) string { return "c:{" + site + "}" }

func hourKey(site string, hour int64) string {
	return "n:{" + site + "}:" + strconv.FormatInt(hour, 10)
}

func dayKey(site string, day int64) string {
	return "d:{" + site + "}:" + strconv.FormatInt(day, 10)
}

func tokenKey(site, token string) string     { return "t:{" + site + "}:" + token }
func artefactKey(site, digest string) string { return "a:{" + site + "}:" + digest }
func kindKey(site, kind string) string       { return "k:{" + site + "}:" + kind }
func tileKey(site, name string) string       { return "x:{" + site + "}:" + name }

// Keys of no site. probeKey is written by Health and holds nothing; sitesKey is a
// set of all sites that were ever written to, and of "" once older ones were
// looked for.
const (
	probeKey = "consentry:probe"
	sitesKey = "consentry:sites"
)

// bucketSize is how many bytes of an id name its bucket.
const bucketSize = 2

func bucket(id consent.ID) string { return hex.EncodeToString(id[:bucketSize]) }

// hourOf numbers the hours since 1970, the earlier ones below zero.
func hourOf(t time.Time) int64 {
	seconds := t.Unix()
	into := seconds % 3600
	if into < 0 {
		into += 3600
	}
	return (seconds - into) / 3600
}

// streamID is the least id of a piece that has the entry with this index.
func streamID(index int64) string { return strconv.FormatInt(index+1, 10) + "-0" }

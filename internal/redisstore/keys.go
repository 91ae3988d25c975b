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
//	m:{site}           hash    schema, and the first and last hour with counters
//	l:{site}           stream  the log in pieces of one or several entries. Entry
//	                           i has the place i+1, a piece the id of its last
//	                           place and the field e: for each entry the place of
//	                           the subject's entry before it, 0 for none, a
//	                           space, and its bytes
//	r:{site}:<4 hex>   hash    records whose id starts with these bytes: the
//	                           rest of the id → secret, receipt and place; an
//	                           erased one has the place only
//	s:{site}:<4 hex>   hash    subjects likewise → the place of the newest entry
//	c:{site}:<hour>    hash    counters of an hour since 1970: name → amount
//	t:{site}:<token>   string  counts that were added, for an hour
//	a:{site}:<digest>  hash    an artefact: kind, head and body
//	k:{site}:<kind>    hash    artefacts of a kind: digest → head
//
// Records and subjects are spread over 65536 small hashes each, because Redis
// keeps a small hash (512 fields by default, so 33 million records a site) as
// one list of bytes, at half the memory of a large one. Scripts cut the
// ids out of the log's bytes, see append.lua.
func factsKey(site string) string { return "m:{" + site + "}" }
func logKey(site string) string   { return "l:{" + site + "}" }

func recordBucket(site string, id consent.ID) string  { return "r:{" + site + "}:" + bucket(id) }
func subjectBucket(site string, id consent.ID) string { return "s:{" + site + "}:" + bucket(id) }

func countsKey(site string, hour int64) string {
	return "c:{" + site + "}:" + strconv.FormatInt(hour, 10)
}

func tokenKey(site, token string) string     { return "t:{" + site + "}:" + token }
func artefactKey(site, digest string) string { return "a:{" + site + "}:" + digest }
func kindKey(site, kind string) string       { return "k:{" + site + "}:" + kind }

// probeKey is written by Health. It belongs to no site and holds nothing.
const probeKey = "consentry:probe"

// bucketSize is how many bytes of an id name its bucket.
const bucketSize = 2

func bucket(id consent.ID) string { return hex.EncodeToString(id[:bucketSize]) }

// hourOf numbers the hours since 1970, the earlier ones below zero.
func hourOf(t time.Time) int64 { return t.UTC().Truncate(time.Hour).Unix() / 3600 }

// streamID is the least id of a piece that has the entry with this index.
func streamID(index int64) string { return strconv.FormatInt(index+1, 10) + "-0" }

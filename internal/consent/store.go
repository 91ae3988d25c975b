package consent

import (
	"context"
	"errors"
	"time"
)

var (
	// ErrNotFound is a record or artefact that the store does not hold.
	ErrNotFound = errors.New("not found")
	// ErrUnavailable is a store that cannot promise durability now: it is
	// away, its disk is full, or a write failed. Nothing was acknowledged; the
	// caller may try again with the same entry.
	ErrUnavailable = errors.New("the store cannot keep a record now")
	// ErrPartial comes with a list that may lack what a store that is away would
	// add. It comes together with ErrUnavailable, so that who does not know better
	// takes the list for none.
	ErrPartial = errors.New("only a part is known now")
	// ErrBusy is a store whose queue is full. Nothing was written.
	ErrBusy = errors.New("the store is overloaded")
	// ErrConflict is a change that was made on another state than the store's.
	// Nothing was written.
	ErrConflict = errors.New("the store holds something else by now")
)

// Secret is the key of one stored record. Deleting it erases the record.
type Secret [16]byte

// Entry is a record on its way into a store: opaque bytes and what they are
// found by. The store interprets none of it.
type Entry struct {
	Site    string
	Record  ID       // dedupe key
	Subject ID       // whose history it belongs to; nobody's when zero
	Secret  Secret   // kept apart from Sealed
	Receipt [16]byte // first half of the SHA-256 of the receipt token, kept beside Secret
	Leaf    [32]byte // the log's leaf hash
	Time    time.Time
	Sealed  []byte  // the encrypted compact record, at most 1 KB
	Counts  []Count // at most 255, added in the same transaction, only when the entry is new
}

// Stored is an entry as the store holds it. Secret and Receipt are zero and
// Erased true once it was erased; Counts is empty.
type Stored struct {
	Entry
	Index  int64 // place in the site's log, from 0, without gaps
	Erased bool
}

// Filing is where an id leads: a record's to its entry, a subject's to each of its
// entries.
type Filing struct {
	ID      ID
	Subject bool
	Index   int64
}

// Erasure is a record that was erased, and when.
type Erasure struct {
	Record ID
	Time   time.Time
}

// Head is how far a site's log has come.
type Head struct {
	Size   int64     // number of leaves
	Newest time.Time // of the last one's entry or artefact; zero without any
}

// Artefact is something that the log commits to beside records: a rendering's
// bytes, a frame, a gate build, an activation. It is kept as long as any record
// refers to it, under the digest of its body.
type Artefact struct {
	Kind   string // banner, preferences, page, gate, gate-advanced, opener, rendering, frame, activation, experiment, root, log-key, log-restart
	Digest string // Digest(Body)
	Time   time.Time
	Leaf   [32]byte // the log's leaf hash
	Body   []byte   // nil in listings
	Index  int64    // place in the site's log; set by the store
}

// Durability is what a store can promise for an acknowledged record.
type Durability string

const (
	Durable  Durability = "durable"  // on disk before the acknowledgement
	EverySec Durability = "everysec" // on disk within about a second
	Volatile Durability = "volatile" // in memory
	Unstated Durability = "unknown"  // the store would not say
)

// Store keeps records, artefacts and counters of all sites. Implementations are
// safe for concurrent use. Every method honours its context while it waits, but
// a write whose context ended may still happen.
//
// Log order is the order of acceptance by the store, per site: indexes start at
// 0, have no gaps, and records and artefacts share them. Erasing takes nothing
// out of it: an erased entry keeps its index and its leaf.
type Store interface {
	// Append makes an entry durable and gives it the next index of its site's
	// log. It returns once the promise of Durability holds. An entry whose
	// Record the site already has changes nothing: the stored one is returned
	// with dup true, erased ones included. One whose Record was erased before it
	// came is stored erased. Entry, indexes and counters are written together or
	// not at all. Errors: ErrUnavailable, ErrBusy.
	Append(ctx context.Context, e Entry) (s Stored, dup bool, err error)

	// Record returns one entry by its record id. Errors: ErrNotFound,
	// ErrUnavailable.
	Record(ctx context.Context, site string, id ID) (Stored, error)

	// History returns a subject's entries, oldest first; none is no error. Errors:
	// ErrUnavailable, and with a list that is not whole ErrPartial as well.
	History(ctx context.Context, site string, subject ID) ([]Stored, error)

	// Filed calls yield for what Record and History go by, in no order, until it
	// returns false: each record's id, and each entry of each subject's history, with
	// the index. What leads to no entry at all has the index -1; what is written or
	// pruned meanwhile may be told or not. Errors: ErrUnavailable.
	Filed(ctx context.Context, site string, yield func(Filing) bool) error

	// Log calls yield for the site's entries and artefacts from index on, in
	// order and without gaps, until it returns false or the newest is reached.
	Log(ctx context.Context, site string, from int64, yield func(LogEntry) bool) error

	// Leaves returns the leaves with indexes from on, at most n of them, fewer
	// where the log ends. It costs less than Log.
	Leaves(ctx context.Context, site string, from int64, n int) ([][32]byte, error)

	// Head returns the site's; that of an unknown site is zero.
	Head(ctx context.Context, site string) (Head, error)

	// Sites lists the sites that the store holds anything of, in order.
	Sites(ctx context.Context) ([]string, error)

	// Import appends entries that another store had at the same indexes, the
	// erased ones among them without secrets. They follow each other, and the
	// first one's Index is the log's size; nobody else may write to the site
	// meanwhile. Counters are left out. Errors: ErrConflict, ErrUnavailable.
	Import(ctx context.Context, site string, entries []Stored) error

	// Erase deletes the secrets and receipts of entries for good. Records that the
	// site does not have are remembered. The erasure is durable when it returns;
	// old copies of the secrets in the store's own files go soon after, see
	// Scrub. A record erased before keeps its first time. Errors: ErrUnavailable.
	Erase(ctx context.Context, site string, list []Erasure) error

	// Erasures calls yield for the site's erasures in the order in which they were
	// made, from position from on; positions start at 0 and have no gaps.
	Erasures(ctx context.Context, site string, from int64, yield func(position int64, e Erasure) bool) error

	// Prune takes from entries, whose time is over, what Erase takes, and their
	// sealed bytes and subjects as well, for good. They are no erasures: nothing
	// is remembered of ids that the site does not have. What a call that was broken
	// off has left is done by the next, without ids as well. Errors: ErrUnavailable.
	Prune(ctx context.Context, site string, ids []ID) error

	// Scrub waits until the store's files hold nothing any more of what was
	// erased or pruned before the call. Copies elsewhere, such as backups, are not its
	// business. Errors: ErrUnavailable, also for a store that cannot tell.
	Scrub(ctx context.Context) error

	// Checkpoint returns the newest signed checkpoint of a site, nil without one.
	Checkpoint(ctx context.Context, site string) ([]byte, error)

	// SwapCheckpoint puts next in the place of old (nil when there is none yet),
	// durably, if old is still there; finding next there already is a success,
	// so that a lost answer can be asked for again. Errors: ErrConflict,
	// ErrUnavailable.
	SwapCheckpoint(ctx context.Context, site string, old, next []byte) error

	// PutTile keeps a tile of the site's log under its path in the log's layout;
	// one of the same name is replaced. Tiles follow from the log.
	PutTile(ctx context.Context, site, name string, body []byte) error

	// Tile returns one. Errors: ErrNotFound, ErrUnavailable.
	Tile(ctx context.Context, site, name string) ([]byte, error)

	// PutArtefact keeps a body under its digest and logs it. One that the site
	// already has is left as it is, its first time and index included.
	PutArtefact(ctx context.Context, site string, a Artefact) error

	// Artefact returns one with its body. Errors: ErrNotFound, ErrUnavailable.
	Artefact(ctx context.Context, site, digest string) (Artefact, error)

	// Artefacts lists a site's artefacts of one kind by index, without bodies.
	Artefacts(ctx context.Context, site, kind string) ([]Artefact, error)

	// AddCounts adds counters that belong to no record. It may hold them back
	// for up to a second and lose that much in a crash. Errors: ErrBusy.
	AddCounts(ctx context.Context, site string, counts []Count) error

	// Counts returns the site's hourly counters with from ≤ hour < to, one per
	// hour and key, ordered by hour and key, without a Day.
	Counts(ctx context.Context, site string, from, to time.Time) ([]Count, error)

	// Days returns the site's daily counters with from ≤ day < to, of the given names
	// or, without any, of all. It costs as much as there are days, however many
	// records they had.
	Days(ctx context.Context, site string, from, to Date, names ...string) (Sheet, error)

	// Health reports what can be promised now, or why nothing can.
	Health(ctx context.Context) (Durability, error)

	// Close finishes accepted writes and releases the store.
	Close() error
}

// LogEntry is one leaf of a site's log: a record's, or an artefact's when Kind
// is not empty.
type LogEntry struct {
	Index  int64
	Leaf   [32]byte
	Kind   string // of the artefact
	Record Stored // when Kind is empty
	Digest string // of the artefact
}

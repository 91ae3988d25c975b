package translog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/consentry/consentry/internal/consent"
)

// Copy is a checkpoint that is kept outside the store.
type Copy struct {
	Where string
	Raw   []byte
	// Own tells one that must be this log's, or of one that was restarted as it: what
	// is not is a difference. Else it lies among those of other logs, and a crash may
	// have torn it.
	Own bool
}

// CheckOptions say what is checked. Site, Store and Keys are needed.
type CheckOptions struct {
	Site  string
	Store Store
	Keys  []string // verifier keys of the log, and of the witnesses whose signatures are there
	// Copies are checked as the store's own checkpoint is.
	Copies []Copy
	// Receipt is the reference that belongs to a record, when that is to be checked.
	Receipt func(consent.ID) [16]byte
	// Progress is told now and then how many entries were checked, of how many.
	Progress func(done, of int64)
	Workers  int // records that are opened at once, at least 1
	// Filing is the store's, when what records are found by is to be checked.
	Filing Filing
}

// Report is what a check found.
type Report struct {
	Records, Erased, Artefacts int64
	Audits                     int64       // artefacts that tell what operators did
	Size                       int64       // entries
	Root                       tlog.Hash   // of all of them
	Signed                     *Checkpoint // the store's, nil while there is none
	Copies                     int         // that agree
	Torn                       []string    // copies that are no checkpoint of this log, by where they are
	Purged                     int64       // entries among the erased ones whose retention had ended
	Unnoted                    int64       // erased entries of which the log tells neither an erasure nor a purge
	Afterwards                 int64       // erased entries of which it told only later, see consent.Noted
	NoTiles                    int64       // whole tiles that are not stored; they are derived when asked for
	Difference                 *Difference // the first, nil: everything agrees
}

// Difference is where what is stored and what follows from it part.
type Difference struct {
	Index int64  // of the entry, or the size of the tree; -1: neither
	What  string // entry, tile, checkpoint
	Found string // what is wrong, and what it means
}

func (d *Difference) Error() string {
	if d.Index < 0 {
		return d.What + ": " + d.Found
	}
	return fmt.Sprintf("%s %d: %s", d.What, d.Index, d.Found)
}

func differ(index int64, what, found string, args ...any) error {
	return &Difference{index, what, fmt.Sprintf(found, args...)}
}

// Check derives everything anew: records from their sealed bytes, leaves from
// records and artefacts, tiles and roots from leaves, and holds them against the
// stored leaves and tiles, the store's checkpoint and the copies outside. An
// error means that it could not look; what it found is in the report.
func Check(ctx context.Context, o CheckOptions) (Report, error) {
	c := &check{CheckOptions: o, gone: gone{listed: make(map[consent.ID]bool)}, filed: newFiled()}
	err := c.run(ctx)
	if difference := (*Difference)(nil); errors.As(err, &difference) {
		c.Report.Difference = difference
		err = nil
	}
	c.Report.Size, c.Report.Root = c.grown.size, c.grown.root()
	return c.Report, err
}

type check struct {
	CheckOptions
	Report Report
	grown  growing
	claims []claim // by size
	gone   gone
	filed  *filed
	counts int64 // entries, as the store said at first
}

// claim is a checkpoint that the tree of its size must have the root of.
type claim struct {
	Checkpoint
	where string
}

func (c *check) run(ctx context.Context) error {
	head, err := c.Store.Head(ctx, c.Site)
	if err != nil {
		return fmt.Errorf("read log: %w", err)
	}
	if err := c.collect(ctx); err != nil {
		return err
	}
	if err := c.readListed(ctx); err != nil {
		return err
	}
	if err := c.readNotes(ctx); err != nil {
		return err
	}
	c.counts = head.Size
	if err := c.entries(ctx, head.Size); err != nil {
		return err
	}
	if c.grown.size < head.Size {
		return differ(c.grown.size, "entry", "the log ends here, and the store counts %d entries: the newest are missing", head.Size)
	}
	if err := c.uncounted(ctx, head.Size); err != nil {
		return err
	}
	if err := c.filing(ctx, head.Size); err != nil {
		return err
	}
	if len(c.claims) > 0 {
		return differ(c.claims[0].Size, "checkpoint", "%s has one over %d entries, and the log has %d: an older state was restored, or entries are missing",
			c.claims[0].where, c.claims[0].Size, c.grown.size)
	}
	return nil
}

// collect opens the store's checkpoint and the copies.
func (c *check) collect(ctx context.Context) error {
	raw, err := c.Store.Checkpoint(ctx, c.Site)
	if err != nil {
		return fmt.Errorf("read checkpoint: %w", err)
	}
	if raw != nil {
		now, err := c.openStored(raw)
		if err != nil {
			return err
		}
		c.Report.Signed = &now.Checkpoint
		c.claims = append(c.claims, claim{now.Checkpoint, "the store"})
	}
	for _, kept := range c.Copies {
		if err := c.collectCopy(kept); err != nil {
			return err
		}
	}
	slices.SortStableFunc(c.claims, func(a, b claim) int { return cmp.Compare(a.Size, b.Size) })
	return c.settle() // those of the empty tree
}

// openStored wants every byte of the store's checkpoint accounted for.
func (c *check) openStored(raw []byte) (*signed, error) {
	now, _, err := openForAnyone(raw, c.Keys)
	if err != nil {
		return nil, differ(-1, "checkpoint", "the store's is not signed by this log's key, or not what was signed (%v)", err)
	}
	again, err := note.Sign(now.note)
	if err != nil || string(again) != string(raw) || !now.canonical() {
		return nil, differ(-1, "checkpoint", "the store's is not written as it was signed")
	}
	if n := len(now.note.UnverifiedSigs); n > 0 {
		return nil, differ(-1, "checkpoint", "%d of the signatures on the store's are by nobody known: name the key of each witness", n)
	}
	return now, nil
}

// settle holds the tree against the claims about its size.
func (c *check) settle() error {
	for len(c.claims) > 0 && c.claims[0].Size == c.grown.size {
		claim := c.claims[0]
		if root := c.grown.root(); root != claim.Root {
			return differ(claim.Size, "checkpoint", "over its first %d entries the log has root %s, and the checkpoint from %s says %s: "+
				"an entry before it was changed, removed or put in after it was signed", claim.Size, root, claim.where, claim.Root)
		}
		if claim.where != "the store" {
			c.Report.Copies++
		}
		c.claims = c.claims[1:]
	}
	return nil
}

// push adds the next leaf.
func (c *check) push(ctx context.Context, leaf [32]byte) error {
	err := c.grown.push(leaf, func(level int, n int64, data []byte) error { return c.tile(ctx, level, n, data) })
	if err != nil {
		return err
	}
	return c.settle()
}

// tile holds a derived tile against the stored one.
func (c *check) tile(ctx context.Context, level int, n int64, data []byte) error {
	end := (n + 1) << (tileHeight * (level + 1))
	if c.Report.Signed == nil || end > c.Report.Signed.Size {
		return nil // not stored before it is signed
	}
	stored, err := c.Store.Tile(ctx, c.Site, tileName(level, n, tileWidth))
	if errors.Is(err, consent.ErrNotFound) {
		c.Report.NoTiles++
		return nil
	}
	if err != nil {
		return fmt.Errorf("read tile: %w", err)
	}
	if string(stored) != string(data) {
		return differ(-1, "tile", "%s is not what follows from its entries: proofs made with it fail, the entries themselves are as they were",
			tileName(level, n, tileWidth))
	}
	return nil
}

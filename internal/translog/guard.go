package translog

import (
	"bytes"
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// holds reports whether the store's log, size entries long, still begins with
// what was signed. The newest part of that is read from the store again, not
// from memory: it tells a store that was exchanged under a running server.
func (l *Log) holds(ctx context.Context, c Checkpoint, where string, size int64) error {
	if c.Size > size {
		return l.refuseShort(c, where, size)
	}
	if err := l.refresh(ctx, c.Size); err != nil {
		return err
	}
	root, err := tlog.TreeHash(c.Size, l.tree(ctx, c.Size))
	if err != nil {
		return err
	}
	if root != c.Root {
		return l.refuseOther(c, where, root)
	}
	return nil
}

// refresh reads the last tile of leaves below size from the store again. When it
// is not what is in memory, nothing there is believed any more.
func (l *Log) refresh(ctx context.Context, size int64) error {
	if size == 0 {
		return nil
	}
	n := (size - 1) / tileWidth
	leaves, err := l.tree(ctx, size).appendLeaves(nil, n*tileWidth, size-n*tileWidth)
	if err != nil {
		return err
	}
	known := l.Cache.get(tileKey{l.Site, 0, n})
	both := min(len(known), len(leaves))
	same := bytes.Equal(known[:both], leaves[:both])
	above := l.Cache.get(tileKey{l.Site, 1, n / tileWidth})
	if at := int(n%tileWidth) * tlog.HashSize; len(leaves) == tileBytes && len(above) > at {
		same = same && subtree(leaves) == tlog.Hash(above[at:at+tlog.HashSize])
	}
	if !same {
		l.Cache.dropSite(l.Site)
	}
	l.Cache.put(tileKey{l.Site, 0, n}, leaves)
	return nil
}

// continues proves that the tree under root begins with an earlier one.
func continues(c Checkpoint, root tlog.Hash, tree *tree) error {
	if c.Size == 0 {
		return nil
	}
	proof, err := tlog.ProveTree(tree.size, c.Size, tree)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(proof, tree.size, root, c.Size, c.Root); err != nil {
		return fmt.Errorf("the tree of %d entries does not continue the one of %d: %w", tree.size, c.Size, err)
	}
	return nil
}

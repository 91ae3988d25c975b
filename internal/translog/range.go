package translog

import "golang.org/x/mod/sumdb/tlog"

// growing is a tree that is built leaf by leaf, in memory of the size of its
// height.
type growing struct {
	size  int64
	nodes [64]tlog.Hash // by level: the whole subtree that waits for its right half
	tiles [8][]byte     // by level: what the tile at the edge has, from level 1 on
}

// tileDone is told a tile above level 0 that is whole.
type tileDone func(level int, n int64, data []byte) error

func (g *growing) push(leaf tlog.Hash, done tileDone) error {
	hash, level := leaf, 0
	for ; g.size>>level&1 == 1; level++ {
		hash = tlog.NodeHash(g.nodes[level], hash)
		if above := level + 1; above%tileHeight == 0 && above/tileHeight < len(g.tiles) {
			if err := g.pushTile(above/tileHeight, hash, done); err != nil {
				return err
			}
		}
	}
	g.nodes[level] = hash
	g.size++
	return nil
}

// pushTile appends the hash over a whole tile to the tile above it.
func (g *growing) pushTile(level int, hash tlog.Hash, done tileDone) error {
	g.tiles[level] = append(g.tiles[level], hash[:]...)
	if len(g.tiles[level]) < tileBytes {
		return nil
	}
	data := g.tiles[level]
	g.tiles[level] = nil
	// The leaf being pushed is the last one under this tile.
	return done(level, g.size>>(tileHeight*(level+1)), data)
}

// root is the tree's hash as it is.
func (g *growing) root() tlog.Hash {
	root, _ := tlog.TreeHash(0, nil) // the empty tree's needs no hashes
	first := true
	for level := range g.nodes {
		if g.size>>level&1 == 0 {
			continue
		}
		if first {
			root, first = g.nodes[level], false
		} else {
			root = tlog.NodeHash(g.nodes[level], root)
		}
	}
	return root
}

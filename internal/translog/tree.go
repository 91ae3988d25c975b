package translog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/consentry/consentry/internal/consent"
)

// Tiles are 8 levels high, as C2SP tlog-tiles wants it.
const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
	tileBytes  = tileWidth * tlog.HashSize
)

// leafBatch is how many leaves are asked of the store at once.
const leafBatch = 16 * tileWidth

// tree reads the hashes of a site's tree at one size. Level 0 follows from the
// log; of the levels above, whole tiles are stored and tiles at the edge follow
// from those below.
type tree struct {
	ctx   context.Context // tlog.HashReader takes none; a tree lives for one call
	store Store
	cache *Cache
	site  string
	size  int64
	// derived leaves the stored tiles aside.
	derived bool
}

// ReadHashes implements tlog.HashReader.
func (t *tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		want := tlog.TileForIndex(tileHeight, index)
		data, err := t.tile(want.L, want.N, want.W)
		if err != nil {
			return nil, err
		}
		if hashes[i], err = tlog.HashFromTile(want, data, index); err != nil {
			return nil, err
		}
	}
	return hashes, nil
}

// width is how many hashes the tree has of a tile.
func (t *tree) width(level int, n int64) int {
	if level*tileHeight > 62 {
		return 0
	}
	return int(min(max(t.size>>(level*tileHeight)-n*tileWidth, 0), tileWidth))
}

// tile returns at least the first w hashes of a tile, or consent.ErrNotFound when
// the tree does not have them.
func (t *tree) tile(level int, n int64, w int) ([]byte, error) {
	key := tileKey{t.site, level, n}
	have := t.cache.get(key)
	if len(have) >= w*tlog.HashSize {
		return have, nil
	}
	whole := t.width(level, n)
	if w > whole {
		return nil, fmt.Errorf("tile %d/%d of %d hashes in a tree of %d: %w", level, n, w, t.size, consent.ErrNotFound)
	}
	data, err := t.fetch(level, n, whole, have)
	if err != nil {
		return nil, err
	}
	t.cache.put(key, data)
	return data, nil
}

// fetch reads or derives the first whole hashes of a tile of which the first
// ones are known.
func (t *tree) fetch(level int, n int64, whole int, have []byte) ([]byte, error) {
	if level > 0 && whole == tileWidth && !t.derived {
		stored, err := t.store.Tile(t.ctx, t.site, tileName(level, n, whole))
		if err == nil && len(stored) == tileBytes {
			return stored, nil
		}
		if err != nil && !errors.Is(err, consent.ErrNotFound) {
			return nil, fmt.Errorf("read tile: %w", err)
		}
	}
	known := int64(len(have) / tlog.HashSize)
	first, count := n*tileWidth+known, int64(whole)-known
	data := slices.Grow(slices.Clone(have), int(count)*tlog.HashSize)
	if level == 0 {
		return t.appendLeaves(data, first, count)
	}
	return t.appendRoots(data, level-1, first, count)
}

func (t *tree) appendLeaves(data []byte, first, count int64) ([]byte, error) {
	leaves, err := t.store.Leaves(t.ctx, t.site, first, int(count))
	if err != nil {
		return nil, fmt.Errorf("read leaves: %w", err)
	}
	if int64(len(leaves)) != count {
		return nil, fmt.Errorf("read leaves: the store has %d of the %d from index %d on", len(leaves), count, first)
	}
	for _, leaf := range leaves {
		data = append(data, leaf[:]...)
	}
	return data, nil
}

// appendRoots appends the hashes over whole tiles of a level. Tiles of level 0
// are read many at once and not kept: nobody asks for most of them again.
func (t *tree) appendRoots(data []byte, level int, first, count int64) ([]byte, error) {
	if level > 0 {
		for n := first; n < first+count; n++ {
			below, err := t.tile(level, n, tileWidth)
			if err != nil {
				return nil, err
			}
			root := subtree(below)
			data = append(data, root[:]...)
		}
		return data, nil
	}
	for count > 0 {
		batch := min(count, leafBatch/tileWidth)
		leaves, err := t.appendLeaves(nil, first*tileWidth, batch*tileWidth)
		if err != nil {
			return nil, err
		}
		for part := range slices.Chunk(leaves, tileBytes) {
			root := subtree(part)
			data = append(data, root[:]...)
		}
		first, count = first+batch, count-batch
	}
	return data, nil
}

// subtree is the hash over a power of two of hashes.
func subtree(data []byte) tlog.Hash {
	if len(data) == tlog.HashSize {
		return tlog.Hash(data)
	}
	half := len(data) / 2
	return tlog.NodeHash(subtree(data[:half]), subtree(data[half:]))
}

// tileName is a tile's path in the layout of C2SP tlog-tiles, which is tlog's
// without the height.
func tileName(level int, n int64, w int) string {
	path := tlog.Tile{H: tileHeight, L: level, N: n, W: w}.Path()
	return "tile/" + strings.TrimPrefix(path, "tile/8/")
}

// parseTileName reads what tileName wrote, and only that.
func parseTileName(name string) (tlog.Tile, error) {
	rest, ok := strings.CutPrefix(name, "tile/")
	t, err := tlog.ParseTilePath("tile/8/" + rest)
	if !ok || err != nil || t.L < 0 || t.L > 63 {
		return tlog.Tile{}, fmt.Errorf("%q is no tile's name: %w", name, consent.ErrNotFound)
	}
	return t, nil
}

package translog

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/consentry/consentry/internal/consent"
)

// oracleRoots computes the roots of all sizes up to a log's with another
// implementation of RFC 6962.
func oracleRoots(t testing.TB, store *fakeStore) [][]byte {
	t.Helper()
	factory := compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	grown := factory.NewEmptyRange(0)
	roots := [][]byte{rfc6962.DefaultHasher.EmptyRoot()}
	for _, e := range store.log {
		if err := grown.Append(e.leaf[:], nil); err != nil {
			t.Fatal(err)
		}
		root, err := grown.GetRootHash(nil)
		if err != nil {
			t.Fatal(err)
		}
		roots = append(roots, root)
	}
	return roots
}

// Proofs of random pairs hold in the eyes of an independent implementation, on a
// log that has stored tiles, whole and partial ones.
func TestProofsHoldForAnIndependentVerifier(t *testing.T) {
	pairs := 100_000
	if testing.Short() {
		pairs = 2_000
	}
	store := newFakeStore()
	store.grow(3)
	l, _ := begunLate(t, store)
	for _, more := range []int{250, 3, 65_536 - 256, 1, 70_000, 12_345} {
		store.grow(more)
		sign(t, l)
	}
	if len(store.tiles) != 2 {
		t.Fatalf("%d tiles are stored, want two whole ones of level 1", len(store.tiles))
	}
	roots := oracleRoots(t, store)
	random := rand.New(rand.NewPCG(1, 2))
	for range pairs {
		size := 1 + random.Int64N(int64(len(store.log)))
		index := random.Int64N(size)
		tree := l.tree(t.Context(), size)
		inclusion, err := tlog.ProveRecord(size, index, tree)
		if err != nil {
			t.Fatal(err)
		}
		leaf := store.log[index].leaf
		if err := proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(index), uint64(size), leaf[:], plain(inclusion), roots[size]); err != nil {
			t.Fatalf("entry %d in %d: %v", index, size, err)
		}
		old := index + 1
		consistency, err := tlog.ProveTree(size, old, tree)
		if err != nil {
			t.Fatal(err)
		}
		if err := proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(old), uint64(size), plain(consistency), roots[old], roots[size]); err != nil {
			t.Fatalf("from %d to %d: %v", old, size, err)
		}
	}
}

// begunLate is a log whose server was told that nothing was ever signed.
func begunLate(t testing.TB, store Store) (*Log, *fakeMemory) {
	t.Helper()
	l, memory := newLog(t, store)
	if _, err := l.BeginLate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return l, memory
}

func plain[H ~[32]byte](hashes []H) (list [][]byte) {
	for _, h := range hashes {
		list = append(list, h[:])
	}
	return list
}

// Every root up to a few tiles is the independent one, with a cold memory and a
// warm one, and so is the one that the check grows.
func TestRootsAreThoseOfRFC6962(t *testing.T) {
	store := newFakeStore()
	store.grow(1100)
	roots := oracleRoots(t, store)
	warm, _ := newLog(t, store)
	var grown growing
	for size := int64(0); size <= 1100; size++ {
		cold, _ := newLog(t, store)
		for _, l := range []*Log{warm, cold} {
			if root, err := tlog.TreeHash(size, l.tree(t.Context(), size)); err != nil || string(root[:]) != string(roots[size]) {
				t.Fatalf("root of %d is %v, %v", size, root, err)
			}
		}
		if root := grown.root(); string(root[:]) != string(roots[size]) {
			t.Fatalf("the grown root of %d is %v", size, root)
		}
		if size < 1100 {
			if err := grown.push(store.log[size].leaf, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Any client can compute the root and every proof from the published tiles alone.
func TestTilesAreEnoughForAClient(t *testing.T) {
	store := newFakeStore()
	l, _ := begun(t, store)
	store.grow(70_000)
	c := sign(t, l)
	client := tlog.TileHashReader(tlog.Tree{N: c.Size, Hash: c.Root}, published{t, l})
	for _, index := range []int64{0, 255, 256, 65_535, 65_536, 69_999} {
		p, err := tlog.ProveRecord(c.Size, index, client)
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckRecord(p, c.Size, c.Root, index, store.log[index].leaf); err != nil {
			t.Errorf("entry %d: %v", index, err)
		}
	}
	for _, name := range []string{"tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1", "tile/0/000.p/1", "tile/0/000.p/255", "tile/1/000.p/9"} {
		if _, err := l.Tile(t.Context(), name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{
		"tile/0/273.p/113", "tile/0/274.p/1", "tile/1/001", "tile/2/000", "tile/3/000.p/1", "tile/9/000.p/1", "tile/63/000.p/1", "tile/64/000",
		"tile/entries/000", "tile/data/000", "tile/-1/000", "tile/0/0", "tile/0/00", "tile/0/x000/000", "tile/0/000.p/0", "tile/0/000.p/256",
		"tile/00/000", "tile/0/000.p/01", "tile/0/+01", "tile/0/999/000", "", "tile/", "tile/0/", "tile/0/x999/x999/x999/x999/x999/x999/999",
		"tile/8/0/000", "til/0/000", "tile/0/000/", "tile/0//000",
	} {
		if data, err := l.Tile(t.Context(), name); !errors.Is(err, consent.ErrNotFound) {
			t.Errorf("%s: %d bytes, %v", name, len(data), err)
		}
	}
}

// published reads tiles as a client does, by their names.
type published struct {
	t testing.TB
	l *Log
}

func (p published) Height() int                         { return tileHeight }
func (p published) SaveTiles(_ []tlog.Tile, _ [][]byte) {}
func (p published) ReadTiles(tiles []tlog.Tile) (data [][]byte, err error) {
	for _, tile := range tiles {
		body, err := p.l.Tile(p.t.Context(), tileName(tile.L, tile.N, tile.W))
		if err != nil {
			return nil, err
		}
		data = append(data, body)
	}
	return data, nil
}

func TestTheCacheIsBounded(t *testing.T) {
	c := NewCache(3)
	c.put(tileKey{"shop", 1, 0}, []byte{1})
	for n := range int64(10) {
		c.put(tileKey{"shop", 0, n}, []byte{byte(n)})
		c.get(tileKey{"shop", 0, 0})
	}
	if c.leaves.order.Len() != 3 || len(c.leaves.tiles) != 3 || len(c.above.tiles) != 1 {
		t.Errorf("it keeps %d, %d and %d", c.leaves.order.Len(), len(c.leaves.tiles), len(c.above.tiles))
	}
	if c.get(tileKey{"shop", 0, 0}) == nil || c.get(tileKey{"shop", 0, 9}) == nil || c.get(tileKey{"shop", 0, 5}) != nil || c.get(tileKey{"shop", 1, 0}) == nil {
		t.Error("it does not keep what was used last")
	}
	c.put(tileKey{"shop", 0, 0}, nil)
	if c.get(tileKey{"shop", 0, 0}) == nil {
		t.Error("it forgot what it knew of a tile")
	}
	c.dropSite("shop")
	if len(c.leaves.tiles)+len(c.above.tiles)+c.leaves.order.Len() != 0 {
		t.Error("it did not forget the site")
	}
}

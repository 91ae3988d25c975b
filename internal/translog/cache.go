package translog

import (
	"container/list"
	"sync"
)

// Cache keeps tiles of all sites in memory, the least used leave first: those of
// leaves apart from those above, so that whoever reads a whole log does not push
// out what takes long to derive. A tile at the edge of a tree is kept as far as it
// was known; the log only appends, so that what is known of it never changes.
type Cache struct {
	mu            sync.Mutex
	leaves, above lru
}

type tileKey struct {
	site  string
	level int
	n     int64
}

// NewCache keeps at most limit tiles of leaves and as many above them, of up to
// 8 KB each.
func NewCache(limit int) *Cache { return &Cache{leaves: newLRU(limit), above: newLRU(limit)} }

func (c *Cache) half(key tileKey) *lru {
	if key.level == 0 {
		return &c.leaves
	}
	return &c.above
}

// get returns what is known of a tile. Nobody may change it.
func (c *Cache) get(key tileKey) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.half(key).get(key)
}

// put keeps data unless more of the tile is known already.
func (c *Cache) put(key tileKey, data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.half(key).put(key, data)
}

// dropSite forgets everything of a site, so that it is read from the store again.
func (c *Cache) dropSite(site string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leaves.drop(site)
	c.above.drop(site)
}

type lru struct {
	limit int
	order *list.List // of *cached, the last used in front
	tiles map[tileKey]*list.Element
}

type cached struct {
	key  tileKey
	data []byte
}

func newLRU(limit int) lru {
	return lru{limit: limit, order: list.New(), tiles: make(map[tileKey]*list.Element)}
}

func (c *lru) get(key tileKey) []byte {
	element := c.tiles[key]
	if element == nil {
		return nil
	}
	c.order.MoveToFront(element)
	return element.Value.(*cached).data
}

func (c *lru) put(key tileKey, data []byte) {
	if element := c.tiles[key]; element != nil {
		c.order.MoveToFront(element)
		if kept := element.Value.(*cached); len(data) > len(kept.data) {
			kept.data = data
		}
		return
	}
	c.tiles[key] = c.order.PushFront(&cached{key, data})
	if c.order.Len() > c.limit {
		oldest := c.order.Remove(c.order.Back()).(*cached)
		delete(c.tiles, oldest.key)
	}
}

func (c *lru) drop(site string) {
	for key, element := range c.tiles {
		if key.site == site {
			c.order.Remove(element)
			delete(c.tiles, key)
		}
	}
}

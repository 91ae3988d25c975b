package translog

import (
	"container/list"
	"sync"
)

// Cache keeps tiles of all sites in memory, the least used leave first. A tile
// at the edge of a tree is kept as far as it was known; the log only appends, so
// that what is known of it never changes.
type Cache struct {
	mu    sync.Mutex
	limit int
	order *list.List // of *cached, the last used in front
	tiles map[tileKey]*list.Element
}

type tileKey struct {
	site  string
	level int
	n     int64
}

type cached struct {
	key  tileKey
	data []byte
}

// NewCache keeps at most limit tiles of up to 8 KB each.
func NewCache(limit int) *Cache {
	return &Cache{limit: limit, order: list.New(), tiles: make(map[tileKey]*list.Element)}
}

// get returns what is known of a tile. Nobody may change it.
func (c *Cache) get(key tileKey) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	element := c.tiles[key]
	if element == nil {
		return nil
	}
	c.order.MoveToFront(element)
	return element.Value.(*cached).data
}

// put keeps data unless more of the tile is known already.
func (c *Cache) put(key tileKey, data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
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

// dropSite forgets everything of a site, so that it is read from the store again.
func (c *Cache) dropSite(site string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, element := range c.tiles {
		if key.site == site {
			c.order.Remove(element)
			delete(c.tiles, key)
		}
	}
}

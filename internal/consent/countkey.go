package consent

import "strings"

// CountKey names a counter: what is counted and its dimensions, as
// name;dimension=value;…. Values are ids, lists of them and enumerated words, never
// free text.
func CountKey(name string, dimensions ...string) string {
	return newKeys(1).key(name, dimensions...)
}

// keys writes keys one behind another into one string, of which each is a part: a
// decision has two dozen of them.
type keys struct{ all strings.Builder }

// keySize is room for most keys.
const keySize = 64

func newKeys(n int) *keys {
	var k keys
	k.all.Grow(n * keySize)
	return &k
}

func (k *keys) key(name string, dimensions ...string) string {
	at := k.all.Len()
	k.all.WriteString(name)
	for i := 0; i+1 < len(dimensions); i += 2 {
		k.all.WriteByte(';')
		k.all.WriteString(dimensions[i])
		k.all.WriteByte('=')
		k.all.WriteString(dimensions[i+1])
	}
	return k.all.String()[at:]
}

// ParseCountKey is the reverse of CountKey.
func ParseCountKey(key string) (name string, dimensions map[string]string) {
	parts := strings.Split(key, ";")
	dimensions = make(map[string]string, len(parts)-1)
	for _, part := range parts[1:] {
		k, v, _ := strings.Cut(part, "=")
		dimensions[k] = v
	}
	return parts[0], dimensions
}

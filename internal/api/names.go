package api

import (
	"bytes"
	"slices"
)

// maxDepth is more than any body here nests.
const maxDepth = 8

// oddNames reports whether any object of a JSON text repeats a member's name,
// of which encoding/json would silently take the last, or has one of other than
// lower-case letters, digits, _ and -, which it would match in any case. It looks
// at names only; whether the text is JSON at all, the decoder says.
func oddNames(body []byte) bool {
	type level struct {
		object, name bool // a name comes next
		first        int  // of its names in seen
	}
	levels := make([]level, 1, maxDepth+1)
	seen := make([][]byte, 0, 32)
	for i := 0; i < len(body); i++ {
		top := &levels[len(levels)-1]
		switch body[i] {
		case '{', '[':
			if len(levels) > maxDepth {
				return true
			}
			levels = append(levels, level{object: body[i] == '{', name: body[i] == '{', first: len(seen)})
		case '}', ']':
			seen = seen[:top.first]
			levels = levels[:max(len(levels)-1, 1)]
		case ',':
			top.name = top.object
		case '"':
			text := body[i+1 : i+1+stringEnd(body[i+1:])]
			i += len(text) + 1
			if !top.name {
				continue
			}
			if bytes.ContainsFunc(text, oddInName) || slices.ContainsFunc(seen[top.first:], func(s []byte) bool { return bytes.Equal(s, text) }) {
				return true
			}
			seen, top.name = append(seen, text), false
		}
	}
	return false
}

// stringEnd finds the quote that ends a string; the text's end when none does.
func stringEnd(b []byte) int {
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(b)
}

func oddInName(r rune) bool {
	return !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '_' || r == '-')
}

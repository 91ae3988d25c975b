package lang

import "unicode"

// Words counts the words of a text. Two characters of a script that is written
// without spaces count as one.
func Words(text string) int {
	words, characters, within := 0, 0, false
	for _, r := range text {
		switch {
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana):
			characters++
			within = false
		case unicode.IsSpace(r):
			within = false
		case !within && (unicode.IsLetter(r) || unicode.IsNumber(r) || r == '{'):
			words++
			within = true
		}
	}
	return words + (characters+1)/2
}

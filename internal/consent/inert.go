package consent

import "strings"

// Inert keeps a spreadsheet from reading a text as a formula.
// https://owasp.org/www-community/attacks/CSV_Injection
func Inert(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n", rune(text[0])) {
		return "'" + text
	}
	return text
}

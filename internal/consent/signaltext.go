package consent

import "strings"

// Honoured says of another signal, by its name, what GPCHonoured says of Global
// Privacy Control.
func (t Texts) Honoured(signal string) string {
	return strings.Replace(t.GPCHonoured, "Global Privacy Control", signal, 1)
}

// Overridden does the same for GPCOverride.
func (t Texts) Overridden(signal string) string {
	return strings.Replace(t.GPCOverride, "Global Privacy Control", signal, 1)
}

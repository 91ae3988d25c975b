package lang

import (
	"cmp"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// RegionName is a country's name in English, for its ISO 3166-1 code; the code itself
// where there is none.
func RegionName(code string) string {
	region, err := language.ParseRegion(code)
	if err != nil {
		return code
	}
	return cmp.Or(display.English.Regions().Name(region), code)
}

// EnglishName is a language's name in English; its tag where there is none.
func EnglishName(tag string) string {
	parsed, err := language.Parse(tag)
	if err != nil {
		return tag
	}
	return cmp.Or(display.English.Tags().Name(parsed), tag)
}

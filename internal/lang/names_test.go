package lang

import "testing"

func TestNamesAreEnglishAndCodesStandWhereThereIsNone(t *testing.T) {
	for code, want := range map[string]string{"DE": "Germany", "US": "United States", "unknown": "unknown", "": "", "<b>": "<b>"} {
		if got := RegionName(code); got != want {
			t.Errorf("region %q is %q", code, got)
		}
	}
	for tag, want := range map[string]string{"de": "German", "pt-BR": "Brazilian Portuguese", "zh-Hant": "Traditional Chinese", "not a tag": "not a tag"} {
		if got := EnglishName(tag); got != want {
			t.Errorf("language %q is %q", tag, got)
		}
	}
}

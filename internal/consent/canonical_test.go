package consent_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gowebpki/jcs"

	"github.com/consentry/consentry/internal/consent"
)

// everyKind holds a string of each kind that JSON encoders disagree about.
var everyKind = []string{
	"", "plain", `"quoted" \ / back`, "\b\t\n\f\r", "\x00\x01\x1f\x7f", "<script>&amp;</script>", "é ß Ω ї", "漢字", "😀 \U0010FFFF",
	"\u2028\u2029", "\ufeff\ufffd\ufffe", "\u0080\u009f", "e\u0301", "\ud7ff\ue000", "\xff\xfe broken \xed\xa0\x80",
}

// oracle is an independent implementation of RFC 8785.
func oracle(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	out, err := jcs.Transform(raw)
	if err != nil {
		t.Fatalf("the oracle refuses %s: %v", raw, err)
	}
	return string(out)
}

func TestTheCanonicalFormIsTheOneOfRFC8785(t *testing.T) {
	names := map[string]any{}
	for i, s := range everyKind {
		names[s] = i
	}
	for name, v := range map[string]any{
		"scalars":        []any{nil, true, false, 0, -1, 1 << 53, -(1 << 53), "x"},
		"strings":        everyKind,
		"names":          names,
		"nested":         map[string]any{"b": []any{map[string]any{"z": 1, "a": []any{}}, map[string]any{}}, "a": nil},
		"UTF-16 order":   map[string]int{"\ue000": 1, "😀": 2, "a": 3, "aa": 4, "A": 5, "": 6},
		"struct":         shopFrame(shopPolicy()),
		"embedded times": decide(t, shopRequest(t)).Record,
		"raw JSON":       json.RawMessage(`{ "b" : -0 , "a" : "\u0041\/\ud83d\ude00" }`),
	} {
		got, err := consent.Canonical(v)
		if err != nil || string(got) != oracle(t, v) {
			t.Errorf("%s: %s, %v\nwant %s", name, got, err, oracle(t, v))
		}
	}
}

func TestOnlyIntegersThatEveryLanguageKeepsExactlyAreCanonical(t *testing.T) {
	for _, v := range []any{int64(1)<<53 + 1, -(int64(1)<<53 + 1), int64(math.MaxInt64), int64(math.MinInt64), uint64(math.MaxUint64), 0.5, 1e300, json.Number("1e2"), json.Number("1.0")} {
		if got, err := consent.Canonical(map[string]any{"n": []any{v}}); err == nil || got != nil {
			t.Errorf("%v became %s, %v", v, got, err)
		}
	}
	for _, v := range []any{make(chan int), math.NaN(), map[string]any{"f": func() {}}} {
		if got, err := consent.Canonical(v); err == nil || got != nil {
			t.Errorf("%T became %s, %v", v, got, err)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	f.Add(`{"b":[1,{"a":"\u20ac"}],"a":null}`)
	f.Add(`{"\ud83d\ude00":1,"\ue000":{"":[]},"\u0000":"\\\"\/"}`)
	f.Add(`[9007199254740992,-9007199254740992,-0,"\u2028<>&"]`)
	f.Fuzz(func(t *testing.T, text string) {
		dec := json.NewDecoder(strings.NewReader(text))
		dec.UseNumber()
		var tree any
		if dec.Decode(&tree) != nil {
			tree = map[string]any{text: []any{text, map[string]any{"": text}}}
		}
		v := []any{tree} // the oracle wants an object or an array
		got, err := consent.Canonical(v)
		if err != nil {
			return // a number that we do not write
		}
		if want := oracle(t, v); string(got) != want {
			t.Fatalf("%s\nwant %s", got, want)
		}
		if !utf8.Valid(got) {
			t.Fatalf("%q is no UTF-8", got)
		}
		again, err := consent.Canonical(json.RawMessage(got))
		if err != nil || string(again) != string(got) {
			t.Fatalf("%s is not stable: %s, %v", got, again, err)
		}
	})
}

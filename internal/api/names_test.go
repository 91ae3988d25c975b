package api

import (
	"encoding/json"
	"testing"
)

// The scan looks at bytes, so it must agree with the JSON decoder about where
// names are, whatever the strings hold.
func TestNamesAreFoundWhereTheDecoderFindsThem(t *testing.T) {
	for body, odd := range map[string]bool{
		`{}`:                                  false,
		`{"a":1,"b":{"a":1}}`:                 false,
		`{"a":1,"a":2}`:                       true,
		`{"a":1, "b":2 ,"a" : 3}`:             true,
		`{"a":{"b":1,"b":2}}`:                 true,
		`{"a":[{"b":1},{"b":2}]}`:             false,
		`{"a":[{"b":1,"b":2}]}`:               true,
		`{"a":"\",\"a\":","b":"}{,\"a\":\\"}`: false,
		`{"a":"a,","b":"b:{"}`:                false,
		`{"\u0061":1}`:                        true, // an escape spells a name in another way
		`{"A":1}`:                             true,
		`{"ſcope":1}`:                         true,
		`{"":1}`:                              false,
		`[[[[[[[[[1]]]]]]]]]`:                 true,
	} {
		if oddNames([]byte(body)) != odd {
			t.Errorf("%s: got %v", body, !odd)
		}
	}
}

func FuzzOddNames(f *testing.F) {
	f.Add([]byte(`{"a":"\",\"a\":","b":[{"c":null}]}`))
	f.Add([]byte(`{"a`))
	f.Add([]byte(`"\`))
	f.Fuzz(func(t *testing.T, body []byte) {
		odd := oddNames(body)
		var members map[string]json.RawMessage
		if odd || json.Unmarshal(body, &members) != nil {
			return
		}
		for name := range members {
			for _, r := range name {
				if oddInName(r) {
					t.Fatalf("%q was let through", name)
				}
			}
		}
	})
}

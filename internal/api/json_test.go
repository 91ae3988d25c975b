package api

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/consentry/consentry/internal/consent"
)

func jsonRequest(media, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/decisions", strings.NewReader(body))
	r.Header.Set("Content-Type", media)
	return r
}

func TestABodyIsOneObjectOfKnownMembers(t *testing.T) {
	for body, want := range map[string]error{
		`{}`:                                nil,
		` {"locale":"en"}` + "\n":           nil,
		`{"categories":{"analytics":"x"}}`:  nil,
		`{"locale":"en","layout":"en"}`:     nil,
		`{"services":{"a":"x","b":"x"}}`:    nil,
		``:                                  ErrBody,
		`null`:                              ErrBody,
		`[]`:                                ErrBody,
		`"text"`:                            ErrBody,
		`7`:                                 ErrBody,
		`{"locale":"en"`:                    ErrBody,
		`{"locale":7}`:                      ErrBody,
		`{"locale":"e` + "\x01" + `n"}`:     ErrBody,
		`{"nobody":1}`:                      ErrBody,
		`{"locale":"en"}{}`:                 ErrBody,
		`{"locale":"en"} x`:                 ErrBody,
		`{"locale":"en"}]`:                  ErrBody,
		`{"locale":"en",}`:                  ErrBody,
		`{"locale":"en","locale":"de"}`:     ErrBody,
		`{"locale":"en","Locale":"de"}`:     ErrBody,
		`{"LOCALE":"en"}`:                   ErrBody,
		`{"locale":"en","loc\u0061le":"d"}`: ErrBody,
		`{"scope":"keep","ſcope":"once"}`:   ErrBody, // encoding/json folds the long s
		`{"ſcope":"once"}`:                  ErrBody,
		`{"webdriver":true,"Kategories":1}`: ErrBody,
		`{"categories":{"a":"x","a":"y"}}`:  ErrBody,
		`{"categories":{"A":"x"}}`:          ErrBody,
		`{"services":{"a":{"b":1,"b":2}}}`:  ErrBody,
		`{"after_ms":1e99}`:                 ErrBody,
		`{"after_ms":-1.5}`:                 ErrBody,
		`{"id":"short"}`:                    ErrBody,
		`{"categories":` + strings.Repeat("[", 900) + strings.Repeat("]", 900) + `}`:     ErrBody,
		`{"categories":` + strings.Repeat(`{"a":`, 500) + `1` + strings.Repeat("}", 501): ErrBody,
		strings.Repeat("[", 2000): ErrBody,
	} {
		var d consent.Decision
		if err := decodeJSON(jsonRequest("application/json", body), &d); !errors.Is(err, want) {
			t.Errorf("%.60s: %v", body, err)
		}
	}
}

// The short way takes what our script sends, and never reads it otherwise than the long one.
func TestADecisionReadsTheSameByBothWays(t *testing.T) {
	const whole = `{"id":"AAECAwQFBgcICQoLDA0ODw","rendering":"r","locale":"en","layout":"bar","surface":"banner","control":"save","layer":2,` +
		`"scope":"keep","categories":{"analytics":"granted","share":"denied"},"services":{"youtube":"granted"},"gpc":true,"after_ms":1500,"sealed":"s=","ruling":"abcdefgh"}`
	// In the order and with all the members that static/src/record.ts and banner.ts write.
	const banner = `{"id":"AAECAwQFBgcICQoLDA0ODw","rendering":"r","locale":"en","layout":"bar","scope":"keep","gpc":false,"dnt":false,"webdriver":false,` +
		`"surface":"banner","control":"reject-all","layer":1,"categories":{"analytics":"denied"},"after_ms":1500,"untrusted":false}`
	for body, short := range map[string]bool{
		whole:  true,
		banner: true,
		`{}`:   true,
		`{"layer":0,"gpc":false,"categories":{}}`:       true,
		`{"after_ms":999999999}`:                        true,
		` {"layer":1}`:                                  false,
		`{"layer":1} `:                                  false,
		`{"layer": 1}`:                                  false,
		`{"layer":01}`:                                  false,
		`{"layer":1.0}`:                                 false,
		`{"layer":-1}`:                                  false,
		`{"layer":}`:                                    false,
		`{"layer":1234567890}`:                          false,
		`{"after_ms":null}`:                             false,
		`{"webdriver":1}`:                               false,
		`{"locale":"d\u0065"}`:                          false,
		`{"locale":"dé"}`:                               false,
		`{"locale":"en","locale":"en"}`:                 false,
		`{"categories":{"a":"x","a":"x"}}`:              false,
		`{"categories":{"A":"x"}}`:                      false,
		`{"categories":null}`:                           false,
		`{"id":"AAECAwQFBgcICQoLDA0OD"}`:                false,
		`{"locale":"en",}`:                              false,
		`{"locale":"en"`:                                false,
		`{"locale":"en`:                                 false,
		`{"gpc":truefalse}`:                             false,
		whole + whole:                                   false,
		strings.Replace(whole, `"layer"`, `"Layer"`, 1): false,
	} {
		var quick, slow consent.Decision
		if took := readPlain([]byte(body), &quick); took != short {
			t.Errorf("%s: the short way said %v, want %v", body, took, short)
		}
		if !short {
			continue
		}
		dec := json.NewDecoder(strings.NewReader(body))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&slow); err != nil || oddNames([]byte(body)) {
			t.Errorf("%s: the long way refuses: %v", body, err)
		}
		if !reflect.DeepEqual(quick, slow) {
			t.Errorf("%s: %+v, the long way %+v", body, quick, slow)
		}
	}
}

// A text of which the short way has read a part leaves nothing of it behind.
func TestWhatTheShortWayHasReadIsForgotten(t *testing.T) {
	var d consent.Decision
	if err := decodeJSON(jsonRequest("application/json", `{"gpc":true,"services":{"a":"x"},"locale": "en"}`), &d); err != nil || !d.GPC || len(d.Services) != 1 {
		t.Errorf("%+v, %v", d, err)
	}
	d = consent.Decision{}
	if err := decodeJSON(jsonRequest("application/json", `{"gpc":true,"gpc": false}`), &d); err == nil || d.GPC {
		t.Errorf("%+v, %v", d, err)
	}
}

// What a client sent must not reach the log, where errors end.
func TestErrorsAboutABodyDoNotRepeatIt(t *testing.T) {
	for _, body := range []string{
		`{"payload":1}`, `{"locale":payload}`, `{"id":"payload"}`, `{"payload":1,"payload":2}`, `{"after_ms":"payload"}`, `{} payload`,
	} {
		var d consent.Decision
		err := decodeJSON(jsonRequest("application/json", body), &d)
		if err == nil || strings.Contains(err.Error(), "payload") {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestABodyIsJSONByItsTypeToo(t *testing.T) {
	for media, want := range map[string]error{
		"application/json":                  nil,
		"Application/JSON":                  nil,
		"application/json; charset=utf-8":   nil,
		"":                                  ErrMediaType,
		"text/plain":                        ErrMediaType,
		"text/plain; application/json":      ErrMediaType,
		"application/json5":                 ErrMediaType,
		"application/x-www-form-urlencoded": ErrMediaType,
		"application/json, text/plain":      ErrMediaType,
		"multipart/form-data; boundary=x":   ErrMediaType,
	} {
		var d consent.Decision
		if err := decodeJSON(jsonRequest(media, `{}`), &d); !errors.Is(err, want) {
			t.Errorf("%q: %v", media, err)
		}
	}
}

// A body that breaks off is the network's failure, not the client's mistake.
func TestAnErrorWhileReadingIsKept(t *testing.T) {
	r := jsonRequest("application/json", "")
	r.Body = io.NopCloser(iotest.ErrReader(io.ErrUnexpectedEOF))
	var d consent.Decision
	if err := decodeJSON(r, &d); !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, ErrBody) {
		t.Error(err)
	}
}

package consent_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

var update = flag.Bool("update", false, "rewrite golden files; a record's format is forever, so this is for a new record alone")

// fill writes something into every field that v has, of every kind of character
// and number, so that a field which an encoder forgets shows.
func fill(v reflect.Value, r *rand.Rand) {
	if v.Type() == reflect.TypeFor[consent.Timestamp]() {
		at := time.UnixMilli(r.Int64N(4e12)).Add(time.Duration(r.IntN(1e6)))
		v.Set(reflect.ValueOf(consent.Timestamp{Time: at.In(time.FixedZone("", r.IntN(7200)))}))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), r)
		}
	case reflect.String:
		v.SetString(everyKind[r.IntN(len(everyKind))] + everyKind[r.IntN(len(everyKind))])
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Int:
		v.SetInt(r.Int64N(1<<54) - 1<<53)
	case reflect.Array:
		for i := range v.Len() {
			v.Index(i).SetUint(uint64(r.IntN(256)))
		}
	case reflect.Pointer:
		if r.IntN(3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), r)
		}
	case reflect.Slice:
		if r.IntN(5) > 0 {
			v.Set(reflect.MakeSlice(v.Type(), r.IntN(4), 4))
			for i := range v.Len() {
				fill(v.Index(i), r)
			}
		}
	default:
		panic("a record has a field of kind " + v.Kind().String())
	}
}

func TestARecordIsEncodedAsItsCanonicalForm(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var record consent.Record
		fill(reflect.ValueOf(&record).Elem(), r)
		got, err := record.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if want := oracle(t, &record); string(got) != want {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	}
	var empty consent.Record
	if got, err := empty.Encode(); err != nil || string(got) != oracle(t, &empty) {
		t.Errorf("an empty record is %s, %v", got, err)
	}
}

func TestARecordWithANumberThatIsNotCanonicalIsNotEncoded(t *testing.T) {
	record := consent.Record{Action: consent.Action{Layer: 1<<53 + 1}}
	if got, err := record.Encode(); err == nil || got != nil {
		t.Errorf("Encode = %s, %v", got, err)
	}
}

// The log commits to these bytes: a change to them makes every stored record
// unverifiable.
func TestARecordsBytesStayWhatTheyAre(t *testing.T) {
	record := decide(t, returning(t, shopRequest(t))).Record
	got, err := record.Encode()
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/record.json"
	if *update {
		if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(append(got, '\n'), want) {
		t.Errorf("the record is\n%s\nwant\n%s", got, want)
	}
}

func TestARecordIsReadBackFromItsJSON(t *testing.T) {
	record := decide(t, returning(t, shopRequest(t))).Record
	b, err := record.Encode()
	if err != nil {
		t.Fatal(err)
	}
	var again consent.Record
	if err := json.Unmarshal(b, &again); err != nil || !reflect.DeepEqual(again, record) {
		t.Errorf("%+v, %v, want %+v", again, err, record)
	}
}

func TestATimestampIsUTCInWholeMilliseconds(t *testing.T) {
	at := consent.At(time.Date(2026, 1, 2, 3, 4, 5, 6_999_999, time.FixedZone("", 3600)))
	text, err := at.MarshalText()
	if err != nil || string(text) != "2026-01-02T02:04:05.006Z" {
		t.Errorf("%s, %v", text, err)
	}
	for _, bad := range []string{`"2026-01-02T02:04:05Z"`, `"2026-01-02T02:04:05.006+01:00"`, `"2026-01-02 02:04:05.006Z"`, `null`, `17`, `""`} {
		var ts consent.Timestamp
		if err := json.Unmarshal([]byte(bad), &ts); err == nil {
			t.Errorf("%s is read as %v", bad, ts)
		}
	}
}

func TestAFrameIsReadBackAndRefusedWhenItIsSomethingElse(t *testing.T) {
	f := shopFrame(shopPolicy())
	b, digest := frameDigest(t, f)
	again, err := consent.DecodeFrame(b)
	if err != nil || !reflect.DeepEqual(again, f) {
		t.Errorf("%+v, %v", again, err)
	}
	_, old := frameDigest(t, undetailed(f))
	for digest, want := range map[string]string{digest: "noV25OYKXRusM8dCAOXS6QK8lhP-8SH7ZfT1YR2NyG0", old: "ZhGAlFfpiEyJYsdGO6OBZDU0ST-E3QSEoQ-a5pr5fF4"} {
		if digest != want {
			t.Errorf("the frame's digest is %s, want %s", digest, want)
		}
	}
	for _, bad := range []string{``, `{}`, `null`, `[]`, `{"schema":"consentry.frame/2","categories":[{"id":"necessary"}]}`,
		`{"schema":"consentry.frame/1","categories":[]}`, `{"schema":"consentry.frame/1","categories":[{"id":"ads"},{"id":"necessary"}]}`} {
		if f, err := consent.DecodeFrame([]byte(bad)); err == nil || f != nil {
			t.Errorf("%s is read as %+v", bad, f)
		}
	}
}

package consent_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

func TestASealedRecordOpensToWhatWasSealed(t *testing.T) {
	s, f, want := sealedShopRecord(t)
	got, err := consent.OpenRecord(s, f)
	if err != nil || !reflect.DeepEqual(*got, want) {
		t.Errorf("opened %+v, %v, want %+v", got, err, want)
	}
	_, digest := frameDigest(t, f)
	if ref, err := consent.OpenFrameRef(s.Sealed); err != nil || ref != consent.FrameRef(digest) {
		t.Errorf("it names the frame %q, %v, want %q", ref, err, digest[:8])
	}
	t.Logf("a first record takes %d bytes sealed", len(s.Sealed))
}

func TestASingleFlippedBitIsNoticed(t *testing.T) {
	s, f, _ := sealedShopRecord(t)
	for name, part := range map[string][]byte{"sealed": s.Sealed, "secret": s.Secret[:], "leaf": s.Leaf[:], "record id": s.Record[:]} {
		for i := range part {
			for bit := range 8 {
				part[i] ^= 1 << bit
				if r, err := consent.OpenRecord(s, f); err == nil || r != nil {
					t.Fatalf("bit %d of byte %d of the %s is not noticed", bit, i, name)
				}
				part[i] ^= 1 << bit
			}
		}
	}
	if _, err := consent.OpenRecord(s, f); err != nil {
		t.Errorf("the unharmed record does not open: %v", err)
	}
}

func TestATruncatedRecordIsNoticed(t *testing.T) {
	s, f, _ := sealedShopRecord(t)
	whole := s.Sealed
	for n := range whole {
		s.Sealed = whole[:n]
		if r, err := consent.OpenRecord(s, f); err == nil {
			t.Fatalf("%d of %d bytes open as %+v", n, len(whole), r)
		}
	}
}

func TestARecordDoesNotOpenUnderAnotherNotice(t *testing.T) {
	s, f, _ := sealedShopRecord(t)
	other := *f
	other.Rendering = consent.Digest([]byte("another rendering"))
	if r, err := consent.OpenRecord(s, &other); err == nil {
		t.Errorf("opened as %+v", r)
	}
}

func TestAnErasedRecordSaysSo(t *testing.T) {
	s, f, _ := sealedShopRecord(t)
	s.Erased, s.Secret = true, consent.Secret{}
	if r, err := consent.OpenRecord(s, f); !errors.Is(err, consent.ErrErased) || r != nil {
		t.Errorf("opened %+v, %v", r, err)
	}
}

// A client may send one decision id with two contents, so that two servers seal
// both under one secret before either is stored. With one nonce the two together
// would betray each other, erased or not.
func TestTwoRecordsUnderOneSecretShareNoKeyStream(t *testing.T) {
	q := shopRequest(t)
	_, digest := frameDigest(t, q.Asked)
	var packed, sealed [2][]byte
	for i := range 2 {
		q.Now = shopTime.Add(time.Duration(i) * time.Second)
		record := decide(t, q).Record
		var err error
		if packed[i], err = consent.Pack(&record, q.Asked); err != nil {
			t.Fatal(err)
		}
		if sealed[i], _, err = consent.SealRecord(&record, q.Asked, digest, q.Keys.Secret(q.Decision.ID)); err != nil {
			t.Fatal(err)
		}
	}
	const head = 9
	stream := func(i int) []byte {
		out := make([]byte, len(packed[i]))
		for k := range out {
			out[k] = packed[i][k] ^ sealed[i][head+k]
		}
		return out
	}
	if bytes.Equal(stream(0), stream(1)) {
		t.Error("the difference of the two ciphertexts is that of the records")
	}
}

func TestASealNeedsAWholeFrameDigestAndARecordOfTheFrame(t *testing.T) {
	q := shopRequest(t)
	record := decide(t, q).Record
	if sealed, _, err := consent.SealRecord(&record, q.Asked, "", consent.Secret{}); err == nil || sealed != nil {
		t.Errorf("sealed %x, %v", sealed, err)
	}
	record.Origin = "https://evil.example"
	_, digest := frameDigest(t, q.Asked)
	if sealed, _, err := consent.SealRecord(&record, q.Asked, digest, consent.Secret{}); err == nil || sealed != nil {
		t.Errorf("sealed %x, %v", sealed, err)
	}
}

// Logs and stores hold these values, so that they can never change.
func TestSealedBytesAndLeavesStayWhatTheyAre(t *testing.T) {
	q := shopRequest(t)
	q.Asked = undetailed(q.Asked)
	s, _, _ := sealedRecord(t, q)
	recordLeaf := consent.RecordLeaf([32]byte{1, 2, 3}, []byte(`{"schema":"consentry.record/1"}`))
	artefactLeaf := consent.ArtefactLeaf(consent.Artefact{Kind: "frame", Digest: consent.Digest([]byte("body")), Time: shopTime})
	for name, c := range map[string][2]string{
		"sealed record": {hex.EncodeToString(s.Sealed), "015a6847416c466670fd35124d54cf37e17454960882a401e667d73d3c1c7dfc82c5236db467e19ca62ab2703893268847226dde7f1a3c8510f0ef12ed7eed0c05eb351c64aa75a81d1651d6cb55639a892ac53a6655cd4921884324f19f"},
		"leaf of it":    {hex.EncodeToString(s.Leaf[:]), "44bc629a6b6b8f33daf0186bf0f28f98a2a1389d4e8fc2032d37a5acf8994865"},
		"record leaf":   {hex.EncodeToString(recordLeaf[:]), "7796d79a9f14c71f113a0508662149149c0b2cd64751f8bd8608675f7b595f03"},
		"artefact leaf": {hex.EncodeToString(artefactLeaf[:]), "0dc2ed34988a7f1f4d26e808840397486b11ca67b6fa830169107030ed061de1"},
	} {
		if c[0] != c[1] {
			t.Errorf("the %s is %s, want %s", name, c[0], c[1])
		}
	}
}

func TestALeafSaysNothingWithoutItsSalt(t *testing.T) {
	record := []byte(`{}`)
	if consent.RecordLeaf([32]byte{1}, record) == consent.RecordLeaf([32]byte{2}, record) {
		t.Error("the salt does not count")
	}
	at := consent.Artefact{Kind: "frame", Digest: "d", Time: shopTime}
	seen := map[[32]byte]bool{consent.ArtefactLeaf(at): true}
	for _, other := range []consent.Artefact{{Kind: "gate", Digest: "d", Time: shopTime}, {Kind: "frame", Digest: "e", Time: shopTime}, {Kind: "frame", Digest: "d", Time: shopTime.Add(time.Millisecond)}} {
		leaf := consent.ArtefactLeaf(other)
		if seen[leaf] {
			t.Errorf("%+v has the leaf of another artefact", other)
		}
		seen[leaf] = true
	}
}

package consent_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

func TestAnIDIsReadOnlyAsItIsWritten(t *testing.T) {
	id := consent.ID{0xff, 0xfe, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
	if got, err := consent.ParseID(id.String()); err != nil || got != id || len(id.String()) != 22 {
		t.Errorf("%s became %v, %v", id, got, err)
	}
	text := id.String()
	for _, bad := range []string{"", text[:21], text + "A", text[:21] + "=", text[:20] + "\n\n", "\n" + text[:21], text[:21] + "B", " " + text[:21],
		strings.ReplaceAll(text, "_", "/"), text[:21] + "é", base64.StdEncoding.EncodeToString(id[:])} {
		if bad == text {
			t.Fatalf("%q is no bad example", bad)
		}
		if got, err := consent.ParseID(bad); err == nil || got != (consent.ID{}) {
			t.Errorf("%q is read as %v, %v", bad, got, err)
		}
	}
	var v struct{ ID consent.ID }
	if err := json.Unmarshal([]byte(`{"ID":"`+text+`"}`), &v); err != nil || v.ID != id {
		t.Errorf("from JSON %v, %v", v.ID, err)
	}
}

func FuzzID(f *testing.F) {
	f.Add(consent.ID{1}.String())
	f.Add("AAAAAAAAAAAAAAAAAAAAA\n")
	f.Fuzz(func(t *testing.T, s string) {
		if id, err := consent.ParseID(s); err == nil && id.String() != s {
			t.Fatalf("%q is read as %s", s, id)
		}
	})
}

// These never rotate: a change would record every retry twice, orphan every
// receipt and lose every stored record.
func TestDerivedKeysStayWhatTheyAre(t *testing.T) {
	keys := shopKeys(t)
	decision := consent.ID{1, 2, 3}
	receipt := keys.Receipt(keys.Record(decision))
	secret := keys.Secret(decision)
	cookie, err := consent.DeriveKey(bytes.Repeat([]byte{9}, 32), "cookie", "shop")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string][2]string{
		"visitor": {keys.Visitor(decision).String(), "eBhaxWA60PMgg7FTTv_49g"},
		"record":  {keys.Record(decision).String(), "0DAwszd3o_jcM72GSgzAOg"},
		"secret":  {hex.EncodeToString(secret[:]), "c68b686333d6b6b2130b622c774d0cba"},
		"receipt": {hex.EncodeToString(receipt[:]), "3ca237d93cf69c17e38b534628eae14b9553e2974a4cdbfc0e54729b0ca249db"},
		"subject": {keys.Subject(consent.ID{9}).String(), "cZPfbL3-wraS2Dph4dDz_g"},
		"cookie":  {hex.EncodeToString(cookie), "1b6add1865d4d85061ec7b8dfd87017dc4c1f7f4d2a97898893ab4afb7548d0f"},
	} {
		if c[0] != c[1] {
			t.Errorf("%s is %s, want %s", name, c[0], c[1])
		}
	}
}

func TestWhatIsDerivedForOnePurposeOrSiteSaysNothingOfAnother(t *testing.T) {
	root := bytes.Repeat([]byte{7}, 32)
	one := shopKeys(t)
	other, err := consent.DeriveIdentityKeys(root, "shop2")
	if err != nil {
		t.Fatal(err)
	}
	id := consent.ID{1}
	receipt, otherReceipt := one.Receipt(id), other.Receipt(id)
	seen := map[string]bool{}
	for _, v := range []string{
		one.Visitor(id).String(), one.Record(id).String(), consent.ID(one.Secret(id)).String(), one.Subject(id).String(), consent.ID(receipt[:16]).String(),
		other.Visitor(id).String(), other.Record(id).String(), consent.ID(other.Secret(id)).String(), other.Subject(id).String(), consent.ID(otherReceipt[:16]).String(),
	} {
		if seen[v] {
			t.Errorf("%s comes twice", v)
		}
		seen[v] = true
	}
}

func TestAShortSecretDerivesNothing(t *testing.T) {
	if _, err := consent.DeriveIdentityKeys(make([]byte, 31), "shop"); err == nil {
		t.Error("31 bytes are taken for a root")
	}
	if key, err := consent.DeriveKey(nil, "cookie", "shop"); err == nil || key != nil {
		t.Errorf("nothing derives %x", key)
	}
}

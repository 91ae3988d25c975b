package cookie_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// choice is what both cookies of a request permit.
type choice struct {
	Categories map[string][2]string // id: status, digest
	Services   map[string]string    // id: status, which overrides its category's
}

// permits reports whether a category is permitted, or one service under it when
// service is not empty.
func (c choice) permits(category, service string) bool {
	answer, ok := c.Categories[category]
	if status, chosen := c.Services[service]; ok && chosen {
		return status == "granted"
	}
	return category == "necessary" || answer[0] == "granted"
}

// verify answers from the values of the two cookies what a visitor permitted.
// name is the sealed cookie's; keys are the site's, the current one and those
// from before a rotation. Whatever cannot be verified permits nothing.
func verify(name, site string, keys [][]byte, now time.Time, sealed, hint string) choice {
	said, ok := openSealed(name, site, keys, now, sealed)
	told, readable := readHint(hint, now)
	if !ok || !readable {
		return choice{}
	}
	both := choice{Categories: map[string][2]string{}, Services: map[string]string{}}
	for id, answer := range said.Categories {
		other := told.Categories[id]
		if other[1] != answer[1] {
			continue // answered another question, or none
		}
		if other[0] != "granted" {
			answer[0] = "denied"
		}
		both.Categories[id] = answer
	}
	for id, status := range said.Services {
		both.Services[id] = status
	}
	for id := range both.Services {
		if told.Services[id] != "granted" {
			both.Services[id] = "denied"
		}
	}
	for id, status := range told.Services {
		if status != "granted" { // the hint takes away and never gives
			both.Services[id] = status
		}
	}
	return both
}

// openSealed reads base64url(date|base64url(json)|mac), where mac is the
// HMAC-SHA256 of name|date|base64url(json), the name without its prefix.
func openSealed(name, site string, keys [][]byte, now time.Time, value string) (choice, bool) {
	raw, err := base64.URLEncoding.DecodeString(value)
	part := bytes.SplitN(raw, []byte("|"), 3)
	if err != nil || len(part) != 3 {
		return choice{}, false
	}
	name = strings.TrimPrefix(strings.TrimPrefix(name, "__Host-"), "__Secure-")
	signed := bytes.Join([][]byte{[]byte(name), part[0], part[1]}, []byte("|"))
	good := false
	for _, key := range keys {
		mac := hmac.New(sha256.New, key)
		mac.Write(signed)
		good = hmac.Equal(mac.Sum(nil), part[2]) || good
	}
	date, err := strconv.ParseInt(string(part[0]), 10, 64)
	if !good || err != nil || date < now.Unix()-390*24*60*60 {
		return choice{}, false
	}
	var content struct {
		V        int                  `json:"v"`
		Site     string               `json:"site"`
		Expires  int64                `json:"expires"`
		Cats     map[string][2]string `json:"cats"`
		Services map[string]string    `json:"services"`
	}
	plain, err := base64.URLEncoding.DecodeString(string(part[1]))
	if err != nil || json.Unmarshal(plain, &content) != nil {
		return choice{}, false
	}
	valid := content.V == 1 && content.Site == site && now.Unix() < content.Expires
	return choice{Categories: content.Cats, Services: content.Services}, valid
}

// readHint reads 1.<expires>.<category>~<g|d>~<digest>….<service>~<g|d>….
func readHint(value string, now time.Time) (choice, bool) {
	fields := strings.Split(value, ".")
	if len(value) > 4096 || len(fields) < 2 || fields[0] != "1" {
		return choice{}, false
	}
	expires, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil || now.Unix() >= expires {
		return choice{}, false
	}
	statuses := map[string]string{"g": "granted", "d": "denied"}
	told := choice{Categories: map[string][2]string{}, Services: map[string]string{}}
	for _, field := range fields[2:] {
		part := strings.Split(field, "~")
		if len(part) < 2 || len(part) > 3 || statuses[part[1]] == "" {
			return choice{}, false
		}
		_, category := told.Categories[part[0]]
		_, service := told.Services[part[0]]
		if len(part) == 3 && !category {
			told.Categories[part[0]] = [2]string{statuses[part[1]], part[2]}
		} else if len(part) == 2 && !service {
			told.Services[part[0]] = statuses[part[1]]
		} else {
			return choice{}, false
		}
	}
	return told, true
}

// A site's own backend verifies a visitor's choice offline, with the standard
// library: copy verify and what it calls. testdata/verify holds the same for
// Python and Node, and verify.py explains format, key and rules at length.
//
// The site's key is derived from each cookie key of the key file by HKDF-SHA256
// without salt, info "consentry/1/cookie/<site>", 32 bytes. Who holds it can
// verify this site's cookies and could forge them, and nothing else.
func Example_offlineVerification() {
	key, _ := hex.DecodeString("1b6add1865d4d85061ec7b8dfd87017dc4c1f7f4d2a97898893ab4afb7548d0f")
	const sealed = "MTc5NTM0MzQwMHxleUoySWpveExDSnphWFJsSWpvaWMyaHZjQ0lzSW5acGMybDBiM0lpT2lKbFFtaGhlRmRCTmpCUVRXZG5OMFpVVkhaZk5EbG" +
		"5JaXdpY21WamIzSmtJam9pTUVSQmQzTjZaRE52WDJwalRUY3lSMU5uZWtGUFp5SXNJbkpsWjJsdFpTSTZJbTl3ZEMxcGJpSXNJbWx6YzNWbFpD" +
		"STZNVGM1TlRNME16UXdNQ3dpWlhod2FYSmxjeUk2TVRneE1EZzVOVFF3TUN3aVkyRjBjeUk2ZXlKaGJtRnNlWFJwWTNNaU9sc2laM0poYm5SbF" +
		"pDSXNJblZwUzNvdFUwcHFJbDBzSW5Ob1lYSmxJanBiSW1SbGJtbGxaQ0lzSWxoTVlubFJSbUZsSWwxOUxDSnpaWEoyYVdObGN5STZleUo1YjNW" +
		"MGRXSmxJam9pWjNKaGJuUmxaQ0o5ZlE9PXzsg0pJWFWSS6c1PRF1j0xEuptkKCPYJx5aSh0XIrx8mQ=="
	const hint = "1.1810895400.analytics~g~uiKz-SJj.share~d~XLbyQFae.youtube~g"
	now := time.Date(2026, 12, 24, 0, 0, 0, 0, time.UTC)

	c := verify("__Host-consentry", "shop", [][]byte{key}, now, sealed, hint)
	fmt.Println("analytics:", c.permits("analytics", ""))
	fmt.Println("share:", c.permits("share", ""))
	fmt.Println("youtube, under share:", c.permits("share", "youtube"))

	withoutHint := verify("__Host-consentry", "shop", [][]byte{key}, now, sealed, "")
	fmt.Println("analytics without the hint:", withoutHint.permits("analytics", ""))
	// Output:
	// analytics: true
	// share: false
	// youtube, under share: true
	// analytics without the hint: false
}

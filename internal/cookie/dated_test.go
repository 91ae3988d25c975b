package cookie

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

// datedSignature writes gorilla/securecookie's format with a date of choice:
// base64(date|base64(json)|HMAC-SHA256(name|date|base64(json))).
func datedSignature(t *testing.T, key []byte, name string, value any, at time.Time) string {
	t.Helper()
	plain, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	body := fmt.Sprintf("%d|%s", at.Unix(), base64.URLEncoding.EncodeToString(plain))
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(name + "|" + body))
	return base64.URLEncoding.EncodeToString(append([]byte(body+"|"), mac.Sum(nil)...))
}

package dashboard_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// provider is a small OpenID Connect provider that signs with real keys. Its
// person is always signed in.
type provider struct {
	*httptest.Server
	t   *testing.T
	key *rsa.PrivateKey
	now func() time.Time

	mu     sync.Mutex
	codes  map[string]url.Values // what each was asked with; a code works once
	claims map[string]any        // beside or instead of the usual ones
	with   *rsa.PrivateKey       // signs, when it is not key
}

func newProvider(t *testing.T, now func() time.Time) *provider {
	t.Helper()
	p := &provider{t: t, now: now, codes: make(map[string]url.Values), claims: make(map[string]any)}
	p.key = rsaKey(t)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		p.answer(w, map[string]any{
			"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		p.answer(w, map[string]any{"keys": []any{map[string]any{
			"kty": "RSA", "kid": "one", "use": "sig", "alg": "RS256", "n": b64(p.key.N.Bytes()), "e": b64(big.NewInt(int64(p.key.E)).Bytes()),
		}}})
	})
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func rsaKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (p *provider) answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		p.t.Error(err)
	}
}

func (p *provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("client_id") != "consentry" || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || len(q.Get("state")) < 22 || len(q.Get("nonce")) < 22 {
		http.Error(w, "not asked as it should be: "+q.Encode(), http.StatusBadRequest)
		return
	}
	var code [16]byte
	_, _ = rand.Read(code[:])
	p.mu.Lock()
	p.codes[b64(code[:])] = q
	p.mu.Unlock()
	back := url.Values{"code": {b64(code[:])}, "state": {q.Get("state")}}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
}

// token gives the id token for a code, to the client that knows its secret and
// what the code's PKCE challenge was made of.
func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	id, secret, _ := r.BasicAuth()
	secret, _ = url.QueryUnescape(secret) // RFC 6749 §2.3.1
	code := r.FormValue("code")
	p.mu.Lock()
	q, ok := p.codes[code]
	delete(p.codes, code)
	p.mu.Unlock()
	challenge := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	if !ok || id != "consentry" || secret != "client secret" || b64(challenge[:]) != q.Get("code_challenge") || r.FormValue("redirect_uri") != q.Get("redirect_uri") {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"invalid_grant","error_description":"mira@example.com may not use this application"}`))
		return
	}
	p.answer(w, map[string]any{"access_token": "none", "token_type": "Bearer", "expires_in": 60, "id_token": p.signed(q.Get("nonce"))})
}

func (p *provider) signed(nonce string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	claims := map[string]any{
		"iss": p.URL, "sub": "4711", "aud": "consentry", "nonce": nonce, "iat": p.now().Unix(), "exp": p.now().Add(time.Minute).Unix(),
		"email": "Mira@example.com", "email_verified": true,
	}
	for name, value := range p.claims {
		claims[name] = value
	}
	body, err := json.Marshal(claims)
	if err != nil {
		p.t.Error(err)
	}
	text := strings.Join([]string{b64([]byte(`{"alg":"RS256","kid":"one"}`)), b64(body)}, ".")
	key, sum := p.key, sha256.Sum256([]byte(text))
	if p.with != nil {
		key = p.with
	}
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		p.t.Error(err)
	}
	return text + "." + b64(signature)
}

// says makes the provider claim something else than usual; with signs it.
func (p *provider) says(with *rsa.PrivateKey, claims map[string]any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.claims, p.with = claims, with
}

package server_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/consentry/consentry/internal/consent"
)

// auditor reads a site's log as anybody on the web can.
type auditor struct {
	t testing.TB
	r *rig
}

func (a auditor) get(path string) (body string) {
	response, body := a.r.do(a.t, ask{to: "GET /privacy/log/" + path, headers: "Origin: https://auditor.example"}.request(a.t, a.r))
	if response.StatusCode != 200 || response.Header.Get("Access-Control-Allow-Origin") != "*" || response.Header.Get("X-Request-Id") != "" {
		a.t.Fatalf("%s: %d %v", path, response.StatusCode, response.Header)
	}
	return body
}

func (a auditor) Height() int                         { return 8 }
func (a auditor) SaveTiles(_ []tlog.Tile, _ [][]byte) {}
func (a auditor) ReadTiles(tiles []tlog.Tile) (data [][]byte, err error) {
	for _, tile := range tiles {
		data = append(data, []byte(a.get(strings.Replace(tile.Path(), "tile/8/", "tile/", 1))))
	}
	return data, nil
}

// checkpoint verifies what the log shows with its public key.
func (a auditor) checkpoint() (tree tlog.Tree, origin string) {
	verifier, err := note.NewVerifier(strings.TrimSpace(a.get("key")))
	if err != nil {
		a.t.Fatal(err)
	}
	n, err := note.Open([]byte(a.get("checkpoint")), note.VerifierList(verifier))
	if err != nil {
		a.t.Fatal(err)
	}
	var hash string
	if _, err := fmt.Sscanf(n.Text, "%s\n%d\n%s\n", &origin, &tree.N, &hash); err != nil {
		a.t.Fatal(err)
	}
	if tree.Hash, err = tlog.ParseHash(hash); err != nil {
		a.t.Fatal(err)
	}
	return tree, origin
}

// With what the site publishes and a record alone, anybody shows that the record
// is in the log, and that the log of today continues the one of yesterday.
func TestAnybodyCanFollowTheLog(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", shopYAML)
	r := newRig(t, dir, nil)
	a := auditor{t, r}
	decide := func(n int) {
		for range n {
			r.advance(time.Second)
			if response, body := r.post(t, decision(newID(t), r.site(t, "shop").Rendering, "accept-all", "granted")); response.StatusCode != 201 {
				t.Fatal(response.StatusCode, body)
			}
		}
		if err := r.logs["shop"].Sign(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	decide(20)
	yesterday, origin := a.checkpoint()
	decide(280)
	today, _ := a.checkpoint()
	if origin != "shop.example/privacy/log" || today.N <= yesterday.N {
		t.Fatalf("%s grew from %d to %d", origin, yesterday.N, today.N)
	}
	hashes := tlog.TileHashReader(today, a)
	proof, err := tlog.ProveTree(today.N, yesterday.N, hashes)
	if err != nil {
		t.Fatal(err)
	}
	if err := tlog.CheckTree(proof, today.N, today.Hash, yesterday.N, yesterday.Hash); err != nil {
		t.Errorf("today does not continue yesterday: %v", err)
	}
	shown := 0
	err = r.store.Log(t.Context(), "shop", 0, func(e consent.LogEntry) bool {
		if e.Kind != "" || e.Index%50 != 0 {
			return true
		}
		shown++
		r.provesInclusion(t, hashes, today, e)
		return true
	})
	if err != nil || shown < 5 {
		t.Errorf("looked at %d records, %v", shown, err)
	}
	auditsMethods(t, r)
}

// provesInclusion computes the leaf from a record and its salt alone.
func (r *rig) provesInclusion(t *testing.T, hashes tlog.HashReader, tree tlog.Tree, e consent.LogEntry) {
	t.Helper()
	ref, err := consent.OpenFrameRef(e.Record.Sealed)
	if err != nil {
		t.Fatal(err)
	}
	frames, err := r.store.Artefacts(t.Context(), "shop", "frame")
	if err != nil || len(frames) != 1 || consent.FrameRef(frames[0].Digest) != ref {
		t.Fatalf("frames %+v, %v", frames, err)
	}
	stored, err := r.store.Artefact(t.Context(), "shop", frames[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	frame, err := consent.DecodeFrame(stored.Body)
	if err != nil {
		t.Fatal(err)
	}
	record, err := consent.OpenRecord(e.Record, frame)
	if err != nil {
		t.Fatal(err)
	}
	canonical, err := record.Encode()
	if err != nil {
		t.Fatal(err)
	}
	proof, err := tlog.ProveRecord(tree.N, e.Index, hashes)
	if err != nil {
		t.Fatal(err)
	}
	leaf := consent.RecordLeaf(e.Record.Secret.Salt(), canonical)
	if err := tlog.CheckRecord(proof, tree.N, tree.Hash, e.Index, leaf); err != nil {
		t.Errorf("entry %d: %v", e.Index, err)
	}
}

// auditsMethods checks how long each of the three may be cached.
func auditsMethods(t *testing.T, r *rig) {
	t.Helper()
	for path, cache := range map[string]string{"checkpoint": "public, max-age=5", "key": "public, max-age=300", "tile/0/000": "public, max-age=31536000, immutable"} {
		response, _ := r.do(t, ask{to: "GET /privacy/log/" + path}.request(t, r))
		if got := response.Header.Get("Cache-Control"); got != cache {
			t.Errorf("%s may be cached %q", path, got)
		}
	}
}

func TestMetricsTellHowTheLogsAre(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", shopYAML)
	r := newRig(t, dir, nil)
	if err := r.logs["shop"].Sign(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.advance(90 * time.Second)
	_, handler := r.server.Handlers()
	head, err := r.store.Head(t.Context(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	text := fetch(handler, "GET", "/metrics").Body.String()
	for _, line := range []string{
		fmt.Sprintf("consentry_log_entries{site=\"shop\"} %d\n", head.Size), fmt.Sprintf("consentry_log_signed_entries{site=\"shop\"} %d\n", head.Size),
		"consentry_log_checkpoint_age_seconds{site=\"shop\"} 90\n", "consentry_log_unsigned_seconds{site=\"shop\"} 0\n", "consentry_log_problem{site=\"shop\"} 0\n",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("metrics lack %q", line)
		}
	}
	r.copies["shop"] = nil
	if err := r.logs["shop"].Sign(t.Context()); err == nil {
		t.Fatal("a server without a copy signs")
	}
	if text := fetch(handler, "GET", "/metrics").Body.String(); !strings.Contains(text, "consentry_log_problem{site=\"shop\"} 1\n") {
		t.Error("metrics do not tell that nothing is signed")
	}
}

package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// tried is the shop with an experiment that starts on a day.
func tried(start string) string {
	return strings.TrimSpace(shopYAML) + `
experiment:
  id: plain-card
  start: ` + start + `
  block: 6h
  variant: {layout: card, texts: {en: {heading: Your choice here}}}
`
}

// renderingNow is the banner that the gate asks for.
func (r *rig) renderingNow(t *testing.T) (rendering, cache string) {
	t.Helper()
	response, gate := r.do(t, ask{to: "GET /privacy/gate.js"}.request(t, r))
	return between(gate, `rendering:"`, `"`), response.Header.Get("Cache-Control")
}

// An experiment shows each of its banners for whole blocks, as drawn, from the
// server's first answer on; no cache keeps a gate beyond its block. What is answered
// is recorded and counted under the banner that was shown, also when its block is
// over, and all of it is in the log before.
func TestAnExperimentShowsItsVariantsInTurns(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", tried(time.Now().UTC().AddDate(0, 0, 2).Format(time.DateOnly)))
	r := newRig(t, dir, nil)
	usual := r.site(t, "shop").Rendering[:22] // as gates name it
	if got, cache := r.renderingNow(t); got != usual || strings.Contains(cache, "stale") {
		t.Fatalf("before the start: %s, kept for %s", got, cache)
	}
	schedule, ok := r.site(t, "shop").Schedule()
	if !ok {
		t.Fatal("there is no experiment")
	}
	shown := make(map[bool]string)
	for n := range 4 {
		for _, block := range schedule.Pair(n) {
			for _, at := range []time.Time{block.From, block.To.Add(-90 * time.Second)} {
				got, cache := r.at(at).renderingNow(t)
				if want := map[bool]string{false: "public, max-age=300", true: "public, max-age=90"}[at != block.From]; cache != want {
					t.Errorf("at %s the gate is kept for %q, want %q", at, cache, want)
				}
				if before, ok := shown[block.Variant]; ok && before != got {
					t.Errorf("at %s the banner is %s, not %s", at, got, before)
				}
				shown[block.Variant] = got
			}
		}
	}
	if shown[false] != usual || shown[true] == usual || shown[true] == "" {
		t.Fatalf("shown are %v, the usual one is %s", shown, usual)
	}
	r.at(time.Now().UTC())
	for variant, layout := range map[bool]string{false: "bar", true: "card"} {
		r.answerUnder(t, shown[variant], layout, map[bool]string{true: "plain-card"}[variant])
	}
	activations := r.artefacts(t, "activation")
	again := r.restarted(t)
	if n := again.artefacts(t, "activation"); n != activations || activations != 2 || again.artefacts(t, "experiment") != 1 {
		t.Errorf("%d activations, %d after a restart, %d notes of the experiment", activations, n, again.artefacts(t, "experiment"))
	}
}

// at sets the clock.
func (r *rig) at(now time.Time) *rig {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = now
	return r
}

func (r *rig) artefacts(t *testing.T, kind string) int {
	t.Helper()
	list, err := r.store.Artefacts(context.Background(), "shop", kind)
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// answerUnder sees a banner, accepts, and looks for both in the counters and for the
// record's variant.
func (r *rig) answerUnder(t *testing.T, rendering, layout, variant string) {
	t.Helper()
	p := &person{t: t, r: r, country: "DE", page: "/", agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
	p.send("impressions", fmt.Sprintf(`{"rendering":%q,"locale":"en","layout":%q,"again":false,"webdriver":false}`, rendering, layout), http.StatusNoContent)
	body := strings.Replace(decision(newID(t), rendering, "accept-all", "granted"), `"bar"`, `"`+layout+`"`, 1)
	_, answer := r.post(t, body)
	_, receipt := r.do(t, ask{to: "GET " + between(answer, `"receipt":"`, `"`) + "?format=json"}.request(t, r))
	var got struct{ Records []consent.Record }
	if err := json.Unmarshal([]byte(receipt), &got); err != nil || len(got.Records) != 1 || got.Records[0].Variant != variant || !strings.HasPrefix(got.Records[0].Notice.Rendering, rendering) {
		t.Errorf("the record under %s says %+v (%v)", rendering, got.Records, err)
	}
	waitForCount(t, r, consent.ShownCount, variant)
	waitForCount(t, r, consent.DecidedCount, variant)
}

// waitForCount waits until the store has written what it holds back.
func waitForCount(t *testing.T, r *rig, name, variant string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		counts, err := r.store.Counts(context.Background(), "shop", r.clock().Add(-time.Hour), r.clock().Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range counts {
			if got, d := consent.ParseCountKey(c.Key); got == name && d["variant"] == variant && c.N == 1 {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("nothing is %s under %q: %v", name, variant, counts)
		}
	}
}

package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/redisstore"
	"github.com/consentry/consentry/internal/storetest"
)

// noticeKeys are where a Redis keeps the newest rendering and frame of the shop.
func noticeKeys(t *testing.T, redis *storetest.Redis) (keys []string) {
	t.Helper()
	store, err := redisstore.Open(t.Context(), redis.URL(), redisstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	for _, kind := range []string{"rendering", "frame"} {
		list, err := store.Artefacts(t.Context(), "shop", kind)
		if err != nil || len(list) == 0 {
			t.Fatalf("%d of kind %s, %v", len(list), kind, err)
		}
		keys = append(keys, "a:{shop}:"+list[len(list)-1].Digest)
	}
	return keys
}

// A notice of which Redis has lost the bytes alone, as an evicting one drops a key, is
// there again within seconds and at its place in the log: from the server that runs, or
// from the next one.
func TestANoticeWhoseKeyIsGoneIsPutAgainAtItsPlace(t *testing.T) {
	redis := durableRedis(t)
	dir := redisShop(t, redis)
	p := start(t, dir)
	p.recorded()
	keys := noticeKeys(t, redis)
	there := func() bool { return redis.Ask("EXISTS "+strings.Join(keys, " ")) == fmt.Sprintf(":%d", len(keys)) }
	lose := func() {
		t.Helper()
		if got := redis.Ask("DEL " + strings.Join(keys, " ")); got != fmt.Sprintf(":%d", len(keys)) {
			t.Fatalf("redis deletes %q", got)
		}
	}
	lose()
	until(t, "the notice is there again", there)
	p.recorded()
	p.wantReady()
	p.stop()
	wantVerified(t, dir, exitOK, "2 records", "no difference")
	lose()
	wantVerified(t, dir, exitProblem, "that it commits to is missing")
	p = start(t, dir)
	p.recorded()
	p.wantReady()
	if !there() {
		t.Error("a server that is started leaves the notice missing")
	}
	p.stop()
	wantVerified(t, dir, exitOK, "3 records", "no difference")
}

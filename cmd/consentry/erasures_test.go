package main

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// What a visitor decided is erased: no file of the installation holds the record,
// its compact form, its secret, what follows from the secret, or its receipt; and
// an older backup does not bring it back.
func TestErasedRecordIsInNoFile(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	data := filepath.Join(dir, "data", "consentry.db")
	erasesForGood(t, dir, []string{dir}, func() { copyFile(t, data, data+".backup") }, func() {
		for _, old := range []string{data, data + "-wal", data + "-shm"} {
			if err := os.Remove(old); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
		}
		copyFile(t, data+".backup", data)
	}, func() { _ = os.Remove(data + ".backup") })
}

// The same with Redis, its append-only file and its snapshot.
func TestErasedRecordIsInNoFileOfRedis(t *testing.T) {
	redis := storetest.StartRedis(t, "--appendonly", "yes", "--appendfsync", "always", "--save", "3600 1000000", "--rdbcompression", "no")
	dir := redisShop(t, redis)
	backup := filepath.Join(t.TempDir(), "backup")
	copyAll := func(from, to string) {
		if err := os.RemoveAll(to); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(to, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	erasesForGood(t, dir, []string{dir, redis.Dir()}, func() {
		redis.Stop()
		copyAll(redis.Dir(), backup)
		redis.Restart()
	}, func() {
		redis.Stop()
		copyAll(backup, redis.Dir())
		redis.Restart()
	}, func() {})
}

func erasesForGood(t *testing.T, dir string, searched []string, backUp, restore, forget func()) {
	t.Helper()
	p := start(t, dir)
	id := newDecisionID()
	body := decisionBody(id, p.rendering(), "accept-all")
	got := ask(t, p.visitors, "POST", "/privacy/decisions", body, fromPage()...)
	answer := decoded[decisionReply](t, got.body)
	p.wantRecorded()
	p.stop()

	store := openTestStore(t, dir)
	record, err := consent.ParseID(answer.Record)
	if err != nil {
		t.Fatal(err)
	}
	traces := tracesOf(t, store, record)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	backUp()
	if found := traces.in(t, searched); !strings.Contains(found, "secret") || !strings.Contains(found, "receipt") {
		t.Errorf("before the erasure only this was found: %q", found)
	}

	store = openTestStore(t, dir)
	erasure := []consent.Erasure{{Record: record, Time: time.Now()}}
	if err := store.Erase(t.Context(), "shop", erasure); err != nil {
		t.Fatal(err)
	}
	if err := store.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	saved := content(t, filepath.Join(dir, "data", erasuresFile))
	restore()
	p = start(t, dir)
	if !strings.Contains(p.log(), "the store had lost erasures") {
		t.Error("the server does not say that the store had lost an erasure")
	}
	if got := ask(t, p.visitors, "GET", answer.Receipt, "", "Accept: application/json"); got.status != http.StatusNotFound {
		t.Errorf("the receipt of an erased record got %d after an older backup was restored", got.status)
	}
	if got := ask(t, p.visitors, "POST", "/privacy/decisions", body, fromPage()...); got.status != http.StatusGone {
		t.Errorf("the erased decision sent again got %d: %s", got.status, got.body)
	}
	p.wantRecorded()
	p.stop()
	if now := content(t, filepath.Join(dir, "data", erasuresFile)); now != saved {
		t.Errorf("the list of erasures has changed:\n%s", now)
	}
	store = openTestStore(t, dir)
	if err := store.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	forget()
	if found := traces.in(t, searched); found != "" {
		t.Errorf("still in a file after the erasure: %s", found)
	}
}

func openTestStore(t *testing.T, dir string) *listedStore {
	t.Helper()
	config, err := serverConfig(dir)
	if err != nil {
		t.Fatal(err)
	}
	store, err := openListed(t.Context(), config, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// traces are bytes that would tell of a record, by what they are.
type traces map[string][]byte

func tracesOf(t *testing.T, store consent.Store, id consent.ID) traces {
	t.Helper()
	stored, err := store.Record(t.Context(), "shop", id)
	if err != nil {
		t.Fatal(err)
	}
	frame := frameOf(t, store, stored)
	r, err := consent.OpenRecord(stored, frame)
	if err != nil {
		t.Fatal(err)
	}
	canonical, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	packed, err := consent.Pack(r, frame)
	if err != nil {
		t.Fatal(err)
	}
	expanded, err := hkdf.Key(sha256.New, stored.Secret[:], nil, "consentry/1/stored record", 64)
	if err != nil {
		t.Fatal(err)
	}
	return traces{
		"canonical record": canonical, "compact record": packed, "secret": stored.Secret[:],
		"key": expanded[:32], "salt": expanded[32:], "receipt": stored.Receipt[:],
	}
}

func frameOf(t *testing.T, store consent.Store, stored consent.Stored) *consent.Frame {
	t.Helper()
	ref, err := consent.OpenFrameRef(stored.Sealed)
	if err != nil {
		t.Fatal(err)
	}
	list, err := store.Artefacts(t.Context(), "shop", "frame")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range list {
		if consent.FrameRef(a.Digest) != ref {
			continue
		}
		a, err := store.Artefact(t.Context(), "shop", a.Digest)
		if err != nil {
			t.Fatal(err)
		}
		frame, err := consent.DecodeFrame(a.Body)
		if err != nil {
			t.Fatal(err)
		}
		return frame
	}
	t.Fatal("the record's frame is not kept")
	return nil
}

// in names the traces that stand in a file below one of the folders.
func (traces traces) in(t *testing.T, dirs []string) string {
	t.Helper()
	var found []string
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			for what, trace := range traces {
				if bytes.Contains([]byte(content(t, path)), trace) {
					found = append(found, what+" in "+filepath.Base(path))
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return strings.Join(found, ", ")
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	replace(t, to, content(t, from))
}

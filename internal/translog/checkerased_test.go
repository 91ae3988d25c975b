package translog

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/redisstore"
	"github.com/consentry/consentry/internal/storetest"
)

// notePurge has a log tell that the records from one place to another were purged.
func notePurge(t testing.TB, store Store, from, to int64) {
	t.Helper()
	putNote(t, store, consent.PurgeKind, fmt.Sprintf(`{"schema":"consentry.purge/1","site":"shop","ranges":[[%d,%d]]}`, from, to))
}

// noteErasure has a log tell that a record was erased.
func noteErasure(t testing.TB, store Store, at int64) {
	t.Helper()
	putNote(t, store, consent.ErasureKind, fmt.Sprintf(`{"schema":"consentry.erasure/1","site":"shop","entries":[%d]}`, at))
}

func putNote(t testing.TB, store Store, kind, body string) {
	t.Helper()
	a := consent.Artefact{Kind: kind, Digest: consent.Digest([]byte(body)), Time: testTime, Body: []byte(body)}
	a.Leaf = consent.ArtefactLeaf(a)
	if err := store.PutArtefact(t.Context(), "shop", a); err != nil {
		t.Fatal(err)
	}
}

// loseSecret leaves a record as one that was erased, and lists nothing.
func (s *fakeStore) loseSecret(at int64) {
	s.log[at].record.Erased, s.log[at].record.Secret = true, consent.Secret{}
}

// A secret that is gone and that nothing tells of is a difference, and what an
// erasure, a note in the log or a purge tells of is none, also when that was done
// after the check had begun.
func TestASecretThatIsGoneIsToldOfOrFound(t *testing.T) {
	for name, tell := range map[string]func(*fakeStore){
		"listed": func(store *fakeStore) {
			store.erasures = append(store.erasures, consent.Erasure{Record: store.log[7].record.Record, Time: testTime})
		},
		"noted":  func(store *fakeStore) { noteErasure(t, store, 7) },
		"purged": func(store *fakeStore) { notePurge(t, store, 5, 8) },
	} {
		store, s, l := shopLog(t, 20)
		o := CheckOptions{Site: "shop", Store: store, Keys: testKeys(t, l), Receipt: s.receipt}
		store.loseSecret(7)
		if d := checked(t, o).Difference; d == nil || d.Index != 7 || !strings.Contains(d.Found, "secret is gone") {
			t.Errorf("found %v", d)
		}
		whole := o
		whole.Store = &told{fakeStore: store, tell: func() { tell(store) }}
		if d := checked(t, whole).Difference; d != nil {
			t.Errorf("%s while the log was read: %v", name, d)
		}
		if r := checked(t, o); r.Difference != nil || r.Erased != 1 || (r.Purged == 1) != (name == "purged") {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// told is a store in which a record is erased while its log is read.
type told struct {
	*fakeStore
	tell func()
}

func (s *told) Log(ctx context.Context, site string, from int64, yield func(consent.LogEntry) bool) error {
	if s.tell != nil {
		s.tell()
		s.tell = nil
	}
	return s.fakeStore.Log(ctx, site, from, yield)
}

// A secret that was cut out of its bucket in Redis, or evicted with it, is found.
func TestASecretThatIsGoneFromRedisIsFound(t *testing.T) {
	server := storetest.StartRedis(t)
	store, err := redisstore.Open(t.Context(), server.URL(), redisstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	l, _ := begun(t, store)
	s := newShop(t, store)
	s.importVisits(t, store, 30)
	sign(t, l)
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	t.Cleanup(func() { _ = client.Close() })
	stored := s.decide(t, 12)
	bucket, field, held := bucketOf(t, client, stored.Record)
	o := CheckOptions{Site: "shop", Store: store, Keys: testKeys(t, l), Receipt: s.receipt}
	for name, damage := range map[string]func() error{
		"cut":     func() error { return client.HSet(t.Context(), bucket, field, held[32:]).Err() },
		"evicted": func() error { return client.HDel(t.Context(), bucket, field).Err() },
	} {
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		if d := checked(t, o).Difference; d == nil || d.Index != 12 || !strings.Contains(d.Found, "secret is gone") {
			t.Errorf("%s: found %v", name, d)
		}
		if err := client.HSet(t.Context(), bucket, field, held).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Erase(t.Context(), "shop", []consent.Erasure{{Record: stored.Record, Time: testTime}}); err != nil {
		t.Fatal(err)
	}
	if r := checked(t, o); r.Difference != nil || r.Erased != 1 {
		t.Errorf("erased: %+v", r)
	}
}

// bucketOf finds what Redis holds of a record beside the log.
func bucketOf(t *testing.T, client *redis.Client, id consent.ID) (bucket, field, held string) {
	t.Helper()
	keys, err := client.Keys(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		fields, err := client.HGetAll(t.Context(), key).Result()
		if err != nil {
			continue // no hash
		}
		for name, value := range fields {
			if strings.HasSuffix(string(id[:]), name) && len(name) > 8 && len(value) > 32 {
				return key, name, value
			}
		}
	}
	t.Fatal("no bucket holds the record")
	return "", "", ""
}

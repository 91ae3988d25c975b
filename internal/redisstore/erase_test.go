package redisstore

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// plainly are the arguments of a Redis whose files can be searched for bytes.
func plainly(more ...string) []string {
	return append([]string{"--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0", "--rdbcompression", "no"}, more...)
}

func erasures(list []consent.Entry) (all []consent.Erasure) {
	for _, e := range list {
		all = append(all, consent.Erasure{Record: e.Record, Time: storetest.Epoch()})
	}
	return all
}

func singles(from, to int) (list []consent.Entry) {
	for n := from; n < to; n++ {
		list = append(list, single(n))
	}
	return list
}

// After an erasure neither the append-only file, in either form, nor a snapshot
// holds a byte of the secret or of the receipt. The other records are there
// when Redis has read its files again.
func TestErasedSecretsAreInNoFile(t *testing.T) {
	for name, args := range map[string][]string{
		"commands":           plainly("--aof-use-rdb-preamble", "no"),
		"preamble":           plainly("--aof-use-rdb-preamble", "yes"),
		"scheduled snapshot": plainly("--save", "3600 1000000"),
		"snapshots only":     {"--save", "3600 1000000", "--rdbcompression", "no"},
	} {
		t.Run(name, func(t *testing.T) {
			server := storetest.StartRedis(t, args...)
			s := opened(t, server.URL(), patient())
			list := singles(0, 500)
			storetest.AppendAll(t, s, 16, list)
			if !strings.HasPrefix(name, "snap") {
				command(t, s, "BGREWRITEAOF")
			}
			untilQuiet(t, s)
			command(t, s, "SAVE") // by hand, too
			more := singles(500, 600)
			storetest.AppendAll(t, s, 16, more)
			gone := append(list[:50:50], more[:50]...)
			if found := storetest.Found(t, server.Dir(), gone); found < 50 {
				t.Fatalf("%d secrets were found before their erasure: the scan sees little", found)
			}
			if err := s.Erase(t.Context(), "shop", erasures(gone)); err != nil {
				t.Fatal(err)
			}
			if err := s.Scrub(t.Context()); err != nil {
				t.Fatal(err)
			}
			if found := storetest.Found(t, server.Dir(), gone); found > 0 {
				t.Errorf("%d erased secrets are still in a file", found)
			}
			server.Stop()
			server.Restart()
			erased := 0
			for _, e := range storetest.ReadLog(t, opened(t, server.URL(), patient()), "shop", 0) {
				if e.Record.Erased {
					erased++
				}
			}
			if erased != len(gone) {
				t.Errorf("%d records are erased after Redis was started again, want %d", erased, len(gone))
			}
		})
	}
}

func untilQuiet(t *testing.T, s *Store) {
	t.Helper()
	if _, err := untilIdle(t.Context(), s.client); err != nil {
		t.Fatal(err)
	}
}

// Nobody has to ask: the rewrite follows an erasure by itself, and the next
// ones' together.
func TestScrubbingFollowsByItself(t *testing.T) {
	server := storetest.StartRedis(t, plainly()...)
	o := patient()
	o.Scrub = 300 * time.Millisecond
	s := opened(t, server.URL(), o)
	list := singles(0, 200)
	storetest.AppendAll(t, s, 16, list)
	var wg sync.WaitGroup
	for _, e := range list {
		wg.Go(func() {
			if err := s.Erase(t.Context(), "shop", erasures([]consent.Entry{e})); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for end := time.Now().Add(30 * time.Second); storetest.Found(t, server.Dir(), list) > 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("erased secrets stay in a file")
		}
	}
	info, err := infoOf(t.Context(), s.client)
	if err != nil {
		t.Fatal(err)
	}
	if n := number(t, info["aof_rewrites"]); n < 1 || n > 20 {
		t.Errorf("%d rewrites for %d erasures, want a few", n, len(list))
	}
}

// A server that died before its rewrite, or another server's erasures, are
// scrubbed by whoever opens the store next.
func TestOpeningScrubsWhatACrashLeft(t *testing.T) {
	server := storetest.StartRedis(t, plainly()...)
	s := opened(t, server.URL(), patient())
	list := singles(0, 50)
	storetest.AppendAll(t, s, 16, list)
	s.scrubs.turn <- struct{}{} // its own rewrite has to wait, as if it had died
	if err := s.Erase(t.Context(), "shop", erasures(list[:10])); err != nil {
		t.Fatal(err)
	}
	opened(t, server.URL(), patient())
	for end := time.Now().Add(30 * time.Second); storetest.Found(t, server.Dir(), list[:10]) > 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("erased secrets stay in a file")
		}
	}
	<-s.scrubs.turn
}

// Replicas keep files of their own.
func TestReplicasAreScrubbed(t *testing.T) {
	master, replica := storetest.StartRedis(t, plainly()...), storetest.StartRedis(t, plainly("--repl-diskless-sync", "no")...)
	s, r := opened(t, master.URL(), patient()), opened(t, replica.URL(), patient())
	list := singles(0, 50)
	storetest.AppendAll(t, s, 16, list)
	host, port, _ := strings.Cut(master.Addr(), ":")
	command(t, r, "REPLICAOF", host, port)
	for end := time.Now().Add(20 * time.Second); storetest.Found(t, replica.Dir(), list) == 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the replica does not copy")
		}
	}
	untilInfo(t, r, "master_link_status", "up")
	if err := s.Erase(t.Context(), "shop", erasures(list)); err != nil {
		t.Fatal(err)
	}
	if err := s.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	if found := storetest.Found(t, replica.Dir(), list) + storetest.Found(t, master.Dir(), list); found > 0 {
		t.Errorf("%d erased secrets are still in a file", found)
	}
}

// A replica that was away during the rewrite, and comes back with the files that it
// had, rewrites them then, though nobody erases anything any more.
func TestAReplicaThatWasAwayIsScrubbedWhenItIsBack(t *testing.T) {
	master, replica := storetest.StartRedis(t, plainly()...), storetest.StartRedis(t, plainly()...)
	o := patient()
	o.Scrub = 200 * time.Millisecond
	s, r := opened(t, master.URL(), o), opened(t, replica.URL(), patient())
	list := singles(0, 50)
	host, port, _ := strings.Cut(master.Addr(), ":")
	command(t, r, "REPLICAOF", host, port)
	untilInfo(t, r, "master_link_status", "up")
	storetest.AppendAll(t, s, 16, list)
	until := func(what string, done func() bool) {
		t.Helper()
		for end := time.Now().Add(30 * time.Second); !done(); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("waited in vain until %s", what)
			}
		}
	}
	until("the replica has written what it copied", func() bool { return storetest.Found(t, replica.Dir(), list) >= 50 })
	replica.MustDo("REPLICAOF 127.0.0.1 1") // cut off, it keeps its state
	untilInfo(t, s, "connected_slaves", "0")
	if err := s.Erase(t.Context(), "shop", erasures(list)); err != nil {
		t.Fatal(err)
	}
	if err := s.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	if found := storetest.Found(t, master.Dir(), list); found > 0 || storetest.Found(t, replica.Dir(), list) == 0 {
		t.Fatalf("%d secrets are in the master's files, and none in those of the replica that is away", found)
	}
	replica.MustDo("REPLICAOF " + host + " " + port)
	until("the replica's files hold no secret", func() bool { return storetest.Found(t, replica.Dir(), list) == 0 })
	before := rewrites(t, s) + rewrites(t, r)
	if err := s.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := rewrites(t, s) + rewrites(t, r); after > before+1 { // the replica's own may still be noted
		t.Errorf("%d rewrites of files that were clean", after-before)
	}
}

func rewrites(t *testing.T, s *Store) int64 {
	t.Helper()
	info, err := infoOf(t.Context(), s.client)
	if err != nil {
		t.Fatal(err)
	}
	return number(t, info["aof_rewrites"])
}

func untilInfo(t *testing.T, s *Store, name, want string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		info, err := infoOf(t.Context(), s.client)
		if err == nil && info[name] == want {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s is %q, %v; want %q", name, info[name], err, want)
		}
	}
}

// Who may not rewrite the files says so, and erases all the same.
func TestForbiddenRewritesAreSaid(t *testing.T) {
	server := storetest.StartRedis(t, plainly()...)
	server.MustDo("ACL SETUSER consentry on >p " + ACL + " -bgrewriteaof")
	s := opened(t, "redis://consentry:p@"+server.Addr(), patient())
	storetest.MustAppend(t, s, single(0))
	if err := s.Erase(t.Context(), "shop", erasures(singles(0, 1))); err != nil {
		t.Fatal(err)
	}
	if err := s.Scrub(t.Context()); !errors.Is(err, errKeepsFiles) || !errors.Is(err, consent.ErrUnavailable) {
		t.Errorf("scrub: %v, want errKeepsFiles", err)
	}
	if got, err := s.Record(t.Context(), "shop", single(0).Record); err != nil || !got.Erased {
		t.Errorf("record: erased %t, %v", got.Erased, err)
	}
}

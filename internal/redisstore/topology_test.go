package redisstore

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// emptied opens a store and empties what it stands on.
func emptied(t *testing.T, url string) *Store {
	t.Helper()
	s := opened(t, url, patient())
	recovers(t, s)
	if err := s.client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	return s
}

// The contract holds on a cluster of three, whose scripts may touch only keys
// that they name and that lie together; its sites lie on every node.
func TestStoreOnACluster(t *testing.T) {
	servers := storetest.StartCluster(t)
	storetest.Run(t, func(t *testing.T) consent.Store {
		servers.FlushAll()
		return opened(t, servers.URL(), patient())
	})
	t.Run("every key of a site has its hash tag, and every node has sites", func(t *testing.T) {
		servers.FlushAll()
		s := opened(t, servers.URL(), patient())
		for n := range 20 {
			fill(t, s, fmt.Sprint("shop", n))
		}
		for _, server := range servers {
			node := opened(t, server.URL(), patient())
			keys, err := node.client.Keys(t.Context(), "*").Result()
			if err != nil || len(keys) < 8 {
				t.Fatalf("%d keys, %v", len(keys), err)
			}
			for _, key := range keys {
				if key != probeKey && key != sitesKey && !strings.Contains(key, ":{shop") {
					t.Errorf("key %q is not tagged", key)
				}
			}
		}
	})
}

// One node of a cluster that is away takes its sites with it and no others; a
// store that knows one node alone finds the rest.
func TestClusterNodeAway(t *testing.T) {
	servers := storetest.StartCluster(t, append(always(), "--cluster-require-full-coverage", "no")...)
	s := opened(t, "redis+cluster://"+servers[0].Addr(), hasty())
	for n := range 30 {
		storetest.MustAppend(t, s, storetest.Entry(fmt.Sprint("shop", n), 0))
	}
	servers[1].Kill()
	failed := 0
	for n := range 30 {
		if _, _, err := s.Append(t.Context(), storetest.Entry(fmt.Sprint("shop", n), 1)); err != nil {
			failed++
		}
	}
	if failed == 0 || failed > 20 {
		t.Errorf("%d of 30 sites failed with a third of the cluster", failed)
	}
	servers[1].Restart()
	recovers(t, s)
	for n := range 30 {
		site := fmt.Sprint("shop", n)
		if stored := persist(t, s, storetest.Entry(site, 1)); stored.Index != 1 {
			t.Errorf("%s: index %d, want 1", site, stored.Index)
		}
	}
}

// The contract holds under Sentinels, the first half on one master and the rest
// on the one that took over when it died.
func TestStoreUnderSentinels(t *testing.T) {
	servers := storetest.StartWatched(t, always()...)
	servers.Watch(time.Minute) // a failover that nobody meant loses what was acknowledged
	var begun atomic.Int32
	storetest.Run(t, func(t *testing.T) consent.Store {
		if begun.Add(1) == 12 {
			servers.Watch(time.Second)
			servers.KillMaster().Restart()
			servers.Watch(time.Minute)
		}
		return emptied(t, servers.URL())
	})
}

// A store that is open goes on by itself when another master takes over.
func TestStoreFollowsTheMaster(t *testing.T) {
	servers := storetest.StartWatched(t, always()...)
	s := opened(t, servers.URL(), hasty())
	for n := range 10 {
		storetest.MustAppend(t, s, storetest.Entry("shop", n))
	}
	servers.Servers[1].MustDo("REPLCONF LISTENING-PORT 1") // it answers, so it has caught up with what was asked before
	servers.KillMaster()
	for n := range 20 {
		persist(t, s, storetest.Entry("shop", n))
	}
	if log := storetest.ReadLog(t, s, "shop", 0); len(log) != 20 {
		t.Errorf("log has %d entries, want 20", len(log))
	}
}

// Under TLS the server must be one that the named authority vouches for, and may
// ask who this program is.
func TestStoreUnderTLS(t *testing.T) {
	pair := storetest.NewCertificate(t)
	address := storetest.FreeAddress(t)
	_, port, _ := net.SplitHostPort(address)
	storetest.StartRedis(t, "--tls-port", port, "--tls-cert-file", pair.Cert, "--tls-key-file", pair.Key, "--tls-ca-cert-file", pair.CA)
	url := "rediss://" + address + "?ca=" + pair.CA
	s := opened(t, url+"&cert="+pair.Cert+"&key="+pair.Key, patient())
	storetest.MustAppend(t, s, storetest.Entry("shop", 0))
	for what, url := range map[string]string{
		"an authority that nobody knows": "rediss://" + address,
		"another authority":              "rediss://" + address + "?ca=" + storetest.NewCertificate(t).CA,
		"no certificate of our own":      url,
		"no TLS":                         "redis://" + address,
	} {
		s := opened(t, url, hasty())
		if _, err := s.Health(t.Context()); err == nil {
			t.Errorf("%s is healthy", what)
		}
	}
}

// The contract holds over a Unix socket.
func TestStoreOnASocket(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "redis.sock")
	storetest.StartRedis(t, "--unixsocket", socket)
	storetest.Run(t, func(t *testing.T) consent.Store { return emptied(t, "unix://"+socket) })
	storetest.MustAppend(t, opened(t, "unix://"+socket+"?db=1", patient()), storetest.Entry("shop", 0))
}

// ACL is all that the program needs to be allowed: the contract holds for a user
// with nothing else, on one server and on a cluster.
func TestAllowedCommandsSuffice(t *testing.T) {
	rules := "ACL SETUSER consentry on >p@ss " + ACL
	one := storetest.StartRedis(t, always()...)
	one.MustDo(rules)
	storetest.Run(t, func(t *testing.T) consent.Store {
		one.MustDo("FLUSHALL")
		s := opened(t, "redis://consentry:p%40ss@"+one.Addr(), patient())
		if promise, err := s.Health(t.Context()); err != nil || promise != consent.Durable {
			t.Errorf("health: %q, %v", promise, err)
		}
		return s
	})
	servers := storetest.StartCluster(t)
	for _, node := range servers {
		node.MustDo(rules)
	}
	s := opened(t, strings.Replace(servers.URL(), "://", "://consentry:p%40ss@", 1), patient())
	for n := range 20 {
		fill(t, s, fmt.Sprint("shop", n))
	}
	if err := s.client.Set(t.Context(), "foreign", "", 0).Err(); err == nil || !strings.Contains(err.Error(), "NOPERM") {
		t.Errorf("a key of another program: %v, want NOPERM", err)
	}
	if err := s.client.FlushAll(t.Context()).Err(); err == nil {
		t.Error("FLUSHALL is allowed")
	}
}

// Addresses are taken apart as documented.
func TestAddresses(t *testing.T) {
	for url, want := range map[string]string{
		"redis://localhost":               "standalone [localhost:6379] 0 user= master= tls=false",
		"redis://u:p%40@h:1/3":            "standalone [h:1] 3 user=u master= tls=false",
		"rediss://[::1]:7000":             "standalone [[::1]:7000] 0 user= master= tls=true",
		"unix:///run/redis.sock":          "standalone [/run/redis.sock] 0 user= master= tls=false",
		"unix://u:p@/run/redis.sock?db=2": "standalone [/run/redis.sock] 2 user=u master= tls=false",
		"redis+sentinel://a,b:1,c/shop":   "sentinel [a:26379 b:1 c:26379] 0 user= master=shop tls=false",
		"rediss+sentinel://u:p@a/shop/4?sentinel_user=x&sentinel_password=y": "sentinel [a:26379] 4 user=u master=shop tls=true",
		"redis+cluster://a,b:1,[::2]":                                        "cluster [a:6379 b:1 [::2]:6379] 0 user= master= tls=false",
		"rediss+cluster://u:p@a/":                                            "cluster [a:6379] 0 user=u master= tls=true",
	} {
		a, err := ParseURL(url)
		o := a.options
		got := fmt.Sprintf("%s %v %d user=%s master=%s tls=%t", a.topology, o.Addrs, o.DB, o.Username, o.MasterName, o.TLSConfig != nil)
		if err != nil || got != want || a.FailsOver() != (a.topology != standalone) {
			t.Errorf("%s: %s, %v; want %s", url, got, err, want)
		}
	}
}

// What is wrong with an address is said with what to write instead, and without
// its password.
func TestBadAddressesSayWhatToWrite(t *testing.T) {
	for url, want := range map[string]string{
		"":                                      "write redis://HOST:6379/0",
		"localhost:6379":                        "write redis://HOST:6379/0",
		"http://:secret@localhost":              "write redis, redis+sentinel or redis+cluster",
		"redis+replica://:secret@localhost":     "write redis, redis+sentinel or redis+cluster",
		"redis://:secret@":                      "write redis://HOST:6379/…",
		"redis://:secret@local host":            "write HOST:PORT",
		"redis://:secret@localhost:x":           "write HOST:PORT",
		"redis://:secret@::1":                   "an IPv6 address in brackets",
		"redis://:secret@localhost/x":           "write it last, such as /0",
		"redis://:secret@localhost/0?retries=9": `a parameter "retries", and this form of it takes none`,
		"redis://:sec%ret@localhost":            "are written %40",
		"redis://:secret@a,b":                   "write redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST",
		"redis+sentinel://:secret@a,b":          "write redis+sentinel://HOST:26379,HOST:26379,HOST:26379/mymaster",
		"redis+cluster://:secret@a,b/1":         "write redis+cluster://HOST:6379,HOST:6379 without a path",
		"unix://:secret@":                       "write unix:///run/redis/redis.sock?db=0",
		"unix://:secret@host/tmp/redis.sock":    "write unix:///run/redis/redis.sock?db=0",
		"unix://:secret@/tmp/redis.sock?max=9":  "takes no parameter but db",
		"rediss://:secret@h?ca=ca.pem":          "absolute paths",
		"rediss://:secret@h?ca=/nowhere.pem":    "read the Redis authority",
		"rediss://:secret@h?cert=/a.pem":        "go together",
		"redis+sentinel://a/m?ca=/x":            "takes sentinel_user, sentinel_password",
	} {
		_, err := Open(t.Context(), url, hasty())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("open %q: %v, want … %s …", url, err, want)
		} else if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "sec%ret") {
			t.Errorf("open %q tells the password: %v", url, err)
		}
	}
}

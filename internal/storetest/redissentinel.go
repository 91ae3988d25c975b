package storetest

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// Watched is a master and a replica under three Sentinels, which make the
// replica the master when the master is gone for a second.
type Watched struct {
	t         testing.TB
	Servers   [2]*Redis // whichever of them is master
	Sentinels [3]*Redis
}

// masterName is what the Sentinels know the master by.
const masterName = "shop"

// StartWatched starts all of it; master and replica get the further arguments.
func StartWatched(t testing.TB, args ...string) *Watched {
	t.Helper()
	w := &Watched{t: t}
	w.Servers[0] = StartRedis(t, args...)
	_, port, _ := net.SplitHostPort(w.Servers[0].Addr())
	w.Servers[1] = StartRedis(t, append([]string{"--replicaof", "127.0.0.1 " + port}, args...)...)
	w.Servers[1].until("the replica has caught up", func() bool {
		return strings.Contains(w.Servers[1].Ask("INFO replication"), "master_link_status:up")
	})
	for i := range w.Sentinels {
		w.Sentinels[i] = startSentinel(t, port)
	}
	w.settle()
	return w
}

func startSentinel(t testing.TB, port string) *Redis {
	t.Helper()
	r := newServer(t, "redis-server")
	file := r.dir + "/sentinel.conf"
	r.configure = func() []string {
		if _, err := os.Stat(file); err == nil {
			return []string{file, "--sentinel"} // it keeps what it knows in its file
		}
		text := fmt.Sprintf("port %s\nbind 127.0.0.1\ndir %s\nlogfile %s/redis.log\n", r.port, r.dir, r.dir) +
			fmt.Sprintf("sentinel monitor %[1]s 127.0.0.1 %[2]s 2\nsentinel down-after-milliseconds %[1]s 1000\n"+
				"sentinel failover-timeout %[1]s 4000\n", masterName, port)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return []string{file, "--sentinel"}
	}
	r.start()
	return r
}

// settle waits until the Sentinels know each other, the master and a replica.
func (w *Watched) settle() {
	w.t.Helper()
	for _, s := range w.Sentinels {
		s.until("the Sentinels know each other", func() bool {
			info := s.Ask("INFO sentinel")
			return strings.Contains(info, "status=ok") && strings.Contains(info, "slaves=1,sentinels=3")
		})
	}
}

// Watch sets for how long a master must not answer until another one takes over. On
// a busy machine a second can pass without anybody having died.
func (w *Watched) Watch(after time.Duration) {
	w.t.Helper()
	for _, s := range w.Sentinels {
		s.MustDo(fmt.Sprintf("SENTINEL SET %s down-after-milliseconds %d", masterName, after.Milliseconds()))
	}
}

// URL returns where the Sentinels are, as redisstore.Open takes it.
func (w *Watched) URL() string {
	var hosts []string
	for _, s := range w.Sentinels {
		hosts = append(hosts, s.Addr())
	}
	return "redis+sentinel://" + strings.Join(hosts, ",") + "/" + masterName
}

// Master returns the server that the Sentinels agree on.
func (w *Watched) Master() *Redis {
	w.t.Helper()
	var found *Redis
	w.Sentinels[0].until("the Sentinels agree on a master", func() bool {
		votes := make(map[*Redis]int)
		for _, s := range w.Sentinels {
			for _, server := range w.Servers {
				if strings.Contains(s.Ask("INFO sentinel"), "address="+server.Addr()+",") {
					votes[server]++
				}
			}
		}
		for server, n := range votes {
			if n == len(w.Sentinels) && strings.Contains(server.Ask("INFO replication"), "role:master") {
				found = server
				return true
			}
		}
		return false
	})
	return found
}

// KillMaster ends the master as a power failure would, and returns it once the
// other one has taken over.
func (w *Watched) KillMaster() (dead *Redis) {
	w.t.Helper()
	dead = w.Master()
	dead.Kill()
	w.until("the replica takes over", func() bool { return w.Master() != dead })
	return dead
}

func (w *Watched) until(what string, done func() bool) {
	w.t.Helper()
	w.Sentinels[0].until(what, done)
}

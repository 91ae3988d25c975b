package storetest

import (
	"net"
	"strings"
	"testing"
)

// Cluster is a Redis Cluster of masters that share the slots evenly.
type Cluster []*Redis

// StartCluster starts three masters, each with the further arguments.
func StartCluster(t testing.TB, args ...string) Cluster {
	t.Helper()
	return startCluster(t, "redis-server", args)
}

// StartValkeyCluster is StartCluster with valkey-server.
func StartValkeyCluster(t testing.TB, args ...string) Cluster {
	t.Helper()
	return startCluster(t, "valkey-server", args)
}

func startCluster(t testing.TB, program string, args []string) Cluster {
	t.Helper()
	c := make(Cluster, 3)
	buses := make([]string, len(c))
	for i := range c {
		buses[i] = freePort(t)
		c[i] = startServer(t, program, append([]string{
			"--cluster-enabled", "yes", "--cluster-port", buses[i], "--cluster-node-timeout", "2000",
			"--cluster-config-file", "nodes.conf",
		}, args...))
	}
	for i, node := range c {
		node.MustDo("CLUSTER ADDSLOTSRANGE " + []string{"0 5460", "5461 10922", "10923 16383"}[i])
		if i > 0 {
			_, port, _ := net.SplitHostPort(c[0].Addr())
			node.MustDo("CLUSTER MEET 127.0.0.1 " + port + " " + buses[0])
		}
	}
	for _, node := range c {
		node.until("the cluster has formed", func() bool {
			info := node.Ask("CLUSTER INFO")
			return strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_known_nodes:3") &&
				strings.Contains(info, "cluster_size:3")
		})
	}
	return c
}

// URL returns where the cluster is, as redisstore.Open takes it.
func (c Cluster) URL() string {
	hosts := make([]string, len(c))
	for i, node := range c {
		hosts[i] = node.Addr()
	}
	return "redis+cluster://" + strings.Join(hosts, ",")
}

// FlushAll empties every node.
func (c Cluster) FlushAll() {
	for _, node := range c {
		node.MustDo("FLUSHALL")
	}
}

package redisstore

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// rewriteAll makes every server that keeps a copy of the data rewrite its files, but
// those that are clean, and returns the run ids of all that it can see. One that is
// away is seen when it is back.
func (s *Store) rewriteAll(ctx context.Context, clean map[string]bool) (seen []string, err error) {
	cluster, ok := s.client.(*redis.ClusterClient)
	if !ok {
		return s.rewriteShard(ctx, s.client, clean)
	}
	var mu sync.Mutex
	err = cluster.ForEachMaster(ctx, func(ctx context.Context, master *redis.Client) error {
		list, err := s.rewriteShard(ctx, master, clean)
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, list...)
		return err
	})
	return seen, err
}

// rewriteShard does so with a master and its replicas.
func (s *Store) rewriteShard(ctx context.Context, master redis.Cmdable, clean map[string]bool) (seen []string, err error) {
	info, err := infoOf(ctx, master)
	if err != nil {
		return nil, err
	}
	seen = append(seen, info["run_id"])
	if !clean[info["run_id"]] {
		if err := rewriteFiles(ctx, master); err != nil {
			return nil, err
		}
	}
	offset, _ := strconv.ParseInt(info["master_repl_offset"], 10, 64) // Redis writes nothing else
	for name, value := range info {
		address, ok := replicaAddress(name, value)
		if !ok {
			continue
		}
		id, err := s.rewriteReplica(ctx, address, offset, clean)
		if err != nil {
			return nil, fmt.Errorf("replica %s: %w", address, err)
		}
		seen = append(seen, id)
	}
	return seen, nil
}

// replicaAddress reads a line of INFO replication, such as
// slave0:ip=10.0.0.2,port=6379,state=online,….
func replicaAddress(name, value string) (address string, ok bool) {
	if _, err := strconv.Atoi(strings.TrimPrefix(name, "slave")); err != nil {
		return "", false
	}
	fields := make(map[string]string)
	for field := range strings.SplitSeq(value, ",") {
		k, v, _ := strings.Cut(field, "=")
		fields[k] = v
	}
	return net.JoinHostPort(fields["ip"], fields["port"]), fields["ip"] != "" && fields["port"] != ""
}

// rewriteReplica waits until a replica has what its master had, and makes it
// rewrite its files unless they are clean. It returns its run id.
func (s *Store) rewriteReplica(ctx context.Context, address string, offset int64, clean map[string]bool) (id string, err error) {
	options := s.address.Simple()
	options.Addr, options.Network, options.DB, options.OnConnect = address, "tcp", 0, nil
	replica := redis.NewClient(options)
	defer replica.Close()
	for {
		info, err := infoOf(ctx, replica)
		if err != nil {
			return "", err
		}
		id := info["run_id"]
		if clean[id] {
			return id, nil
		}
		if has, _ := strconv.ParseInt(info["slave_repl_offset"], 10, 64); has >= offset {
			return id, rewriteFiles(ctx, replica)
		}
		select {
		case <-time.After(rewriteWait):
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

package redisstore

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// rewriteAll makes every server that keeps a copy of the data rewrite its files.
func (s *Store) rewriteAll(ctx context.Context) error {
	if cluster, ok := s.client.(*redis.ClusterClient); ok {
		return cluster.ForEachMaster(ctx, func(ctx context.Context, master *redis.Client) error { return s.rewriteShard(ctx, master) })
	}
	return s.rewriteShard(ctx, s.client)
}

// rewriteShard does so with a master and its replicas.
func (s *Store) rewriteShard(ctx context.Context, master redis.Cmdable) error {
	info, err := infoOf(ctx, master)
	if err != nil {
		return err
	}
	if err := rewriteFiles(ctx, master); err != nil {
		return err
	}
	offset, _ := strconv.ParseInt(info["master_repl_offset"], 10, 64) // Redis writes nothing else
	for name, value := range info {
		address, ok := replicaAddress(name, value)
		if !ok {
			continue
		}
		if err := s.rewriteReplica(ctx, address, offset); err != nil {
			return fmt.Errorf("replica %s: %w", address, err)
		}
	}
	return nil
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
// rewrite its files.
func (s *Store) rewriteReplica(ctx context.Context, address string, offset int64) error {
	options := s.address.Simple()
	options.Addr, options.Network, options.DB, options.OnConnect = address, "tcp", 0, nil
	replica := redis.NewClient(options)
	defer replica.Close()
	for {
		info, err := infoOf(ctx, replica)
		if err != nil {
			return err
		}
		if has, _ := strconv.ParseInt(info["slave_repl_offset"], 10, 64); has >= offset {
			return rewriteFiles(ctx, replica)
		}
		select {
		case <-time.After(rewriteWait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

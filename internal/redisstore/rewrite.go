package redisstore

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// rewriteWait is the time between two looks at a rewrite in the background.
const rewriteWait = 50 * time.Millisecond

// rewriteFiles makes one server replace its append-only file and its snapshot by
// what it holds now.
func rewriteFiles(ctx context.Context, server redis.Cmdable) error {
	info, err := infoOf(ctx, server)
	if err != nil {
		return err
	}
	if info["aof_enabled"] == "1" {
		if err := inBackground(ctx, server, "aof_last_bgrewrite_status", server.BgRewriteAOF); err != nil {
			return fmt.Errorf("rewrite the append-only file: %w", err)
		}
	}
	if hasSnapshot(ctx, server, info) {
		if err := inBackground(ctx, server, "rdb_last_bgsave_status", server.BgSave); err != nil {
			return fmt.Errorf("rewrite the snapshot: %w", err)
		}
	}
	return nil
}

// hasSnapshot reports whether a server may have a snapshot on its disk: by a
// schedule, by hand (from Redis 7 on they are counted), or from the master that
// it copied its data from.
func hasSnapshot(ctx context.Context, server redis.Cmdable, info map[string]string) bool {
	copied := info["role"] != "master" || strings.Trim(info["master_replid2"], "0") != ""
	if copied || info["rdb_saves"] != "0" {
		return true
	}
	schedule, err := server.ConfigGet(ctx, "save").Result()
	return err != nil || schedule["save"] != ""
}

// inBackground starts work on a server's files that begins with its present
// state, and waits until it has ended well.
func inBackground(ctx context.Context, server redis.Cmdable, status string, start func(context.Context) *redis.StatusCmd) error {
	for {
		if _, err := untilIdle(ctx, server); err != nil {
			return err
		}
		err := start(ctx).Err()
		if err == nil {
			break
		}
		// somebody else was faster, and may have begun before the erasure
		if !strings.Contains(err.Error(), "progress") && !strings.Contains(err.Error(), "child") {
			return err
		}
	}
	info, err := untilIdle(ctx, server)
	if err == nil && info[status] != "ok" {
		err = fmt.Errorf("redis says %s: %q", status, info[status])
	}
	return err
}

// untilIdle waits until a server works on its files no more.
func untilIdle(ctx context.Context, server redis.Cmdable) (map[string]string, error) {
	for {
		info, err := infoOf(ctx, server)
		if err != nil {
			return nil, err
		}
		if info["rdb_bgsave_in_progress"] == "0" && info["aof_rewrite_in_progress"] != "1" && info["aof_rewrite_scheduled"] != "1" {
			return info, nil
		}
		select {
		case <-time.After(rewriteWait):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// infoOf reads what a server says of its files, its role and who it is.
func infoOf(ctx context.Context, server redis.Cmdable) (map[string]string, error) {
	pipe := server.Pipeline()
	persistence, replication, identity := pipe.Info(ctx, "persistence"), pipe.Info(ctx, "replication"), pipe.Info(ctx, "server")
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, err
	}
	info := make(map[string]string)
	for line := range strings.Lines(persistence.Val() + replication.Val() + identity.Val()) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			info[name] = value
		}
	}
	return info, nil
}

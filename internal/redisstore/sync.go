package redisstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// errUnsynced is a write that Redis has taken and not yet brought to its disk.
var errUnsynced = errors.New("the Redis does not confirm that the write is on its disk")

// syncFlushers is how many batches more may be on their way when each waits for
// the disk, for up to a second.
const syncFlushers = 14

// send makes the calls in one pipeline, within the timeout of one round trip. Where Redis can be asked to confirm that
// they are on its disk (WAITAOF, from 7.2 on) it is asked at the end of the same
// pipeline: it answers for the writes of its own connection alone.
func (s *Store) send(ctx context.Context, calls []*call, add func(redis.Pipeliner, *call)) {
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	if !s.health.confirms() {
		pipe := s.client.Pipeline()
		for _, c := range calls {
			add(pipe, c)
		}
		_, _ = pipe.Exec(ctx) // each call has its own error
		return
	}
	cluster, ok := s.client.(*redis.ClusterClient)
	if !ok {
		s.sendSynced(ctx, s.client, calls, add)
		return
	}
	nodes := make(map[*redis.Client][]*call)
	for _, c := range calls {
		node, err := cluster.MasterForKey(ctx, c.keys[0])
		if err != nil {
			c.cmd = redis.NewCmd(ctx)
			c.cmd.SetErr(err)
			continue
		}
		nodes[node] = append(nodes[node], c)
	}
	var wg sync.WaitGroup
	for node, calls := range nodes {
		wg.Go(func() { s.sendSynced(ctx, node, calls, add) })
	}
	wg.Wait()
}

// sendSynced sends to one server and fails the calls that it does not confirm.
func (s *Store) sendSynced(ctx context.Context, server redis.Cmdable, calls []*call, add func(redis.Pipeliner, *call)) {
	pipe := server.Pipeline()
	for _, c := range calls {
		add(pipe, c)
	}
	// A record that was there already is no write of this connection: without one
	// WAITAOF would not wait for it.
	pipe.Set(ctx, "t"+calls[0].keys[0][1:]+":sync", "", time.Minute)
	wait := pipe.Do(ctx, "WAITAOF", 1, 0, (s.options.Timeout * 3 / 4).Milliseconds())
	_, _ = pipe.Exec(ctx) // each call has its own error
	err := synced(wait)
	for _, c := range calls {
		if err != nil && c.cmd.Err() == nil {
			c.cmd.SetErr(err)
		}
	}
}

// synced compares WAITAOF's counts: how many local and replicas' disks have it.
// It answers with counts too when its time was up.
func synced(wait *redis.Cmd) error {
	counts, err := wait.Int64Slice()
	if err != nil {
		return fmt.Errorf("%w: %w", errUnsynced, err)
	}
	if len(counts) != 2 || counts[0] < 1 {
		return errUnsynced
	}
	return nil
}

// widen lets more batches be on their way, once.
func (s *Store) widen() {
	s.closing.RLock()
	defer s.closing.RUnlock()
	if s.closed {
		return
	}
	s.wider.Do(func() {
		for range syncFlushers {
			s.flushers.Go(func() { s.flushJobs(maxBatch) })
		}
	})
}

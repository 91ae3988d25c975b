package redisstore

import (
	"context"
	"os"
	"testing"
	"time"
)

// replays 32-entry batches against REDIS_URL
func TestXX(t *testing.T) {
	s := opened(t, os.Getenv("REDIS_URL"), Options{Timeout: 60 * time.Second, DialTimeout: 60 * time.Second, Wait: 60 * time.Second})
	n := 0
	for n < 8192 {
		var jobs []*job
		for range 32 {
			e := single(n)
			n++
			j := &job{ctx: context.Background(), entry: e, done: make(chan outcome, 1)}
			j.logged, j.secret = encodeRecord(&j.entry)
			jobs = append(jobs, j)
		}
		s.flush(batches(jobs))
		if o := <-jobs[0].done; o.err != nil {
			t.Fatal(o.err)
		}
	}
}

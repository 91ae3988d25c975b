package api

import (
	"sync"
	"testing"
	"time"
)

func TestTheClockNeverGoesBack(t *testing.T) {
	var c clock
	start := time.Date(2026, 3, 1, 12, 0, 0, 999_999, time.FixedZone("", 3600))
	for _, test := range []struct{ step, want time.Duration }{
		{0, 0}, {time.Second, time.Second}, {-time.Hour, time.Second}, {time.Second - time.Millisecond, time.Second}, {2 * time.Second, 2 * time.Second},
	} {
		got := c.read(start.Add(test.step))
		if want := start.Truncate(time.Millisecond).Add(test.want); !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("at %v it is %v, want %v", test.step, got, want)
		}
	}
}

func TestTheClockNeverGoesBackForAnybody(t *testing.T) {
	var c clock
	var wait sync.WaitGroup
	for worker := range 4 {
		wait.Go(func() {
			last := time.Time{}
			for i := range 500 {
				now := c.read(time.UnixMilli(int64(1000 + i*(worker-1))))
				if now.Before(last) {
					t.Errorf("%v after %v", now, last)
				}
				last = now
			}
		})
	}
	wait.Wait()
}

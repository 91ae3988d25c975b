package main

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// progress returns what is told how far something is: a line that is written
// over on a terminal, a new one now and then elsewhere, nothing for what is done
// at once. unit is what is counted; bytes are shown as megabytes.
func (env environment) progress(what, unit string) func(done, of int64) {
	begun, pause, end := env.now(), 10*time.Second, "\n"
	if f, ok := env.stderr.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			pause, end = 200*time.Millisecond, "\r"
		}
	}
	last := begun
	return func(done, of int64) {
		now := env.now()
		if now.Sub(last) < pause {
			return
		}
		last = now
		percent := done * 100 / max(of, 1)
		shown := unit
		if unit == "bytes" {
			done, of, shown = done>>20, of>>20, "MB"
		}
		fmt.Fprintf(env.stderr, "%s: %d of %d %s, %d %%%s", what, done, of, shown, percent, strings.Repeat(" ", 4)+end)
	}
}

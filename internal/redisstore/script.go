package redisstore

import (
	"context"
	_ "embed" // the scripts

	"github.com/redis/go-redis/v9"
)

// scripts are what runs inside Redis.
type scripts struct {
	append, history, artefact, counts *redis.Script
}

func newScripts() scripts {
	return scripts{
		append: redis.NewScript(appendSource), history: redis.NewScript(historySource),
		artefact: redis.NewScript(artefactSource), counts: redis.NewScript(countsSource),
	}
}

var (
	//go:embed append.lua
	appendSource string
	//go:embed history.lua
	historySource string
	//go:embed artefact.lua
	artefactSource string
	//go:embed counts.lua
	countsSource string
)

// call is one run of a script with the keys of one site.
type call struct {
	keys []string
	args []any
	cmd  *redis.Cmd
}

// run makes the calls in one pipeline, within the timeout of one round trip; each
// has its own outcome. A Redis that does not know the script, after a restart,
// is given its text.
func (s *Store) run(ctx context.Context, script *redis.Script, calls []*call) {
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	pipe := s.client.Pipeline()
	for _, c := range calls {
		c.cmd = pipe.EvalSha(ctx, script.Hash(), c.keys, c.args...)
	}
	if _, err := pipe.Exec(ctx); err == nil {
		return
	}
	for _, c := range calls {
		if redis.HasErrorPrefix(c.cmd.Err(), "NOSCRIPT") {
			c.cmd = script.Eval(ctx, s.client, c.keys, c.args...)
		}
		if c.cmd.Err() != nil {
			s.health.expire()
		}
	}
}

package redisstore

import (
	"context"
	_ "embed" // the scripts
	"slices"

	"github.com/redis/go-redis/v9"
)

// scripts are what runs inside Redis.
type scripts struct {
	append, history, artefact, counts, fold, erase, swap, prune, move, orphan, scrubbed, mark script
}

// script is one with its text, which may have to be sent anew.
type script struct {
	*redis.Script
	text string
}

func newScript(text string) script { return script{redis.NewScript(text), text} }

func newScripts() scripts {
	return scripts{
		append: newScript(appendSource), history: newScript(historySource),
		artefact: newScript(artefactSource), counts: newScript(tallySource + countsSource),
		fold:  newScript(tallySource + foldSource),
		erase: newScript(eraseSource), swap: newScript(swapSource),
		prune: newScript(pruneSource), move: newScript(moveSource),
		orphan: newScript(orphanSource), scrubbed: newScript(scrubbedSource),
		mark: newScript(markSource),
	}
}

var (
	//go:embed append.lua
	appendSource string
	//go:embed history.lua
	historySource string
	//go:embed artefact.lua
	artefactSource string
	//go:embed tally.lua
	tallySource string
	//go:embed counts.lua
	countsSource string
	//go:embed fold.lua
	foldSource string
	//go:embed erase.lua
	eraseSource string
	//go:embed swap.lua
	swapSource string
	//go:embed prune.lua
	pruneSource string
	//go:embed move.lua
	moveSource string
	//go:embed orphan.lua
	orphanSource string
	//go:embed scrubbed.lua
	scrubbedSource string
	//go:embed mark.lua
	markSource string
)

// call is one run of a script with the keys of one site.
type call struct {
	keys []string
	args []any
	cmd  *redis.Cmd
}

// run makes the calls in one pipeline; each has its own outcome. A Redis that does not know the script, after a restart,
// is given its text; a node of a cluster that has handed the site on is asked
// where to.
func (s *Store) run(ctx context.Context, script script, calls []*call) {
	s.send(ctx, calls, func(pipe redis.Pipeliner, c *call) {
		c.cmd = pipe.EvalSha(ctx, script.Hash(), c.keys, c.args...)
	})
	var again []*call
	for _, c := range calls {
		moved := redis.HasErrorPrefix(c.cmd.Err(), "MOVED")
		if cluster, ok := s.client.(*redis.ClusterClient); ok && moved {
			cluster.ReloadState(ctx)
		}
		if moved || redis.HasErrorPrefix(c.cmd.Err(), "NOSCRIPT") {
			again = append(again, c)
		}
	}
	if len(again) > 0 {
		s.send(ctx, again, func(pipe redis.Pipeliner, c *call) { c.cmd = pipe.Eval(ctx, script.text, c.keys, c.args...) })
	}
	if slices.ContainsFunc(calls, func(c *call) bool { return c.cmd.Err() != nil }) {
		s.health.expire()
	}
}

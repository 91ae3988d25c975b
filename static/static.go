// Package static holds the browser code, built from TypeScript and embedded, and
// lays a site's policy and words into it. It knows nothing of what they mean,
// and reads no file at run time.
package static

import (
	"bytes"
	_ "embed"
	"slices"
)

//go:generate go run ./build

var (
	//go:embed dist/gate.js
	gateJS []byte
	//go:embed dist/gate-auto.js
	autoGateJS []byte
	//go:embed dist/local.js
	localGateJS []byte
	//go:embed dist/local-auto.js
	localAutoGateJS []byte
	//go:embed dist/opener.js
	openerJS []byte
	//go:embed dist/bootstrap.js
	bootstrapJS []byte
	//go:embed dist/early.js
	earlyJS []byte
	//go:embed dist/banner.js
	bannerJS []byte
	//go:embed dist/preferences.js
	preferencesJS []byte
	//go:embed dist/placeholders.js
	placeholdersJS []byte
	//go:embed dist/declaration.js
	declarationJS []byte
)

var (
	//go:embed dist/dashboard.js
	dashboardJS []byte
	//go:embed dist/uplot.css
	uplotCSS string
)

// Dashboard returns what the operators' pages of figures run, and the style that the
// charts in it need.
func Dashboard() (script []byte, style string) { return dashboardJS, uplotCSS }

//go:embed types/consentry.d.ts
var types []byte

// Types returns the TypeScript declarations of the public API.
func Types() []byte { return types }

// The bundles, cut once at what a site puts into them.
var (
	gate          = cut(gateJS, "__POLICY__", "__SAMPLE__")
	autoGate      = cut(autoGateJS, "__POLICY__", "__SAMPLE__")
	localGate     = cut(localGateJS, "__POLICY__", "__SAMPLE__")
	localAutoGate = cut(localAutoGateJS, "__POLICY__", "__SAMPLE__")
	opener        = cut(openerJS, "__POLICY__")
	bootstrap     = cut(bootstrapJS, "__POLICY__")
	early         = cut(earlyJS, "__POLICY__")
	banner        = cut(bannerJS, "__POLICY__", "__HTML__", "__CSS__")
	preferences   = cut(preferencesJS, "__POLICY__", "__HTML__", "__CSS__")
	placeholders  = cut(placeholdersJS, "__POLICY__", "__HTML__", "__CSS__")
	declaration   = cut(declarationJS, "__HTML__", "__CSS__")
)

// Gate returns the gate with a site's policy, a JSON object, in it. auto is the
// one that holds unmarked tags too, local the one that knows of regimes. sample is
// a JavaScript expression, evaluated once on a page that has nothing to ask.
func Gate(auto, local bool, policy, sample []byte) []byte {
	switch {
	case auto && local:
		return localAutoGate.fill(policy, sample)
	case auto:
		return autoGate.fill(policy, sample)
	case local:
		return localGate.fill(policy, sample)
	}
	return gate.fill(policy, sample)
}

// Opener returns what opens permitted tags and takes things back, with its part
// of the policy. It shows nothing of its own.
func Opener(policy, _, _ []byte) []byte { return opener.fill(policy) }

// Bootstrap returns the script that pages hold inline before Tag Manager; policy
// is a JSON object.
func Bootstrap(policy []byte) []byte { return bootstrap.fill(policy) }

// Early returns the script that pages hold inline before the gate to have layer one
// fetched beside it; policy is a JSON object.
func Early(policy []byte) []byte { return early.fill(policy) }

// Banner returns layer one. All three are JavaScript literals: an object and two
// strings.
func Banner(policy, html, css []byte) []byte { return banner.fill(policy, html, css) }

// Preferences returns layer two; its arguments are those of Banner.
func Preferences(policy, html, css []byte) []byte { return preferences.fill(policy, html, css) }

// Placeholders returns what stands for embeds that wait; its arguments are those
// of Banner.
func Placeholders(policy, html, css []byte) []byte { return placeholders.fill(policy, html, css) }

// Declaration returns the script that puts the declaration into an owner's page.
// Both are JavaScript strings.
func Declaration(html, css []byte) []byte { return declaration.fill(html, css) }

// bundle is a script cut at its holes.
type bundle struct {
	pieces [][]byte
	order  []int // which argument fills each hole
}

// cut finds every hole, wherever the bundler has put it. A bundle without one of
// them was built wrong: a panic, when the program starts.
func cut(script []byte, holes ...string) bundle {
	at := make([]int, len(holes))
	order := make([]int, len(holes))
	for i, hole := range holes {
		if bytes.Count(script, []byte(hole)) != 1 {
			panic("static: a bundle must hold " + hole + " exactly once; run go generate ./static")
		}
		at[i], order[i] = bytes.Index(script, []byte(hole)), i
	}
	slices.SortFunc(order, func(a, b int) int { return at[a] - at[b] })
	b := bundle{order: order}
	from := 0
	for _, i := range order {
		b.pieces = append(b.pieces, script[from:at[i]])
		from = at[i] + len(holes[i])
	}
	b.pieces = append(b.pieces, script[from:])
	return b
}

func (b bundle) fill(values ...[]byte) []byte {
	out := slices.Clone(b.pieces[0])
	for i, value := range b.order {
		out = append(append(out, values[value]...), b.pieces[i+1]...)
	}
	return out
}

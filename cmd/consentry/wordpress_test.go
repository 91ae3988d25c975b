package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

// wordpress is as much of WordPress as the plugin asks for. It prints a page's
// head and body, and what an optimiser would be told.
const wordpress = `<?php
define( 'ABSPATH', '/' );
$hooks = array();
function add_action( $name, $call, $priority = 10 ) { global $hooks; $hooks[ $name ][] = array( $priority, $call ); }
function add_filter( $name, $call ) { add_action( $name, $call ); }
function add_shortcode( $name, $call ) { add_action( 'shortcode ' . $name, $call ); }
function esc_url( $text ) { return str_replace( '&', '&#038;', $text ); }
function esc_html( $text ) { return htmlspecialchars( $text, ENT_QUOTES ); }
function wp_parse_url( $url, $part ) { return parse_url( $url, $part ); }
function run( $name, $argument = null ) {
	global $hooks;
	usort( $hooks[ $name ], function ( $a, $b ) { return $a[0] <=> $b[0]; } );
	foreach ( $hooks[ $name ] as $hook ) { $argument = $hook[1]( $argument ); }
	return $argument;
}
add_action( 'wp_head', function () { echo "<script>theme</script>\n"; }, 1 );
require $argv[1];
$_SERVER['REQUEST_URI'] = "/a page/?x=1&y='\"<";
run( 'wp_head' );
if ( isset( $hooks['wp_body_open'] ) ) { run( 'wp_body_open' ); }
echo run( 'shortcode consentry_settings' ), "\n";
echo run( 'autoptimize_filter_js_exclude', 'a.js' ), "\n", implode( ' ', run( 'rocket_exclude_defer_js', array( 'b.js' ) ) ), "\n";
`

// The plugin is run by PHP itself, with a stand-in for WordPress.
func TestTheWordPressPluginPutsTheGateFirst(t *testing.T) {
	php, err := exec.LookPath("php")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("php is missing; .ci/install installs it")
		}
		t.Skip("there is no php")
	}
	site := exampleSite("shop", `it's <b>"quoted"</b> \ */ ?>`)
	for mode, want := range map[consent.Mode]string{
		consent.ModePath: `<script src="/privacy/gate.js" data-cfasync="false" data-no-optimize="1" data-no-defer="1" data-no-minify="1" data-noptimize="1" nowprocket></script>
<script>theme</script>
<noscript><a href="/privacy/choices?back=%2Fa%20page%2F">it&#039;s &lt;b&gt;&quot;quoted&quot;&lt;/b&gt; \ * / ? &gt;</a></noscript>
<a href="#consentry-settings">it&#039;s &lt;b&gt;&quot;quoted&quot;&lt;/b&gt; \ * / ? &gt;</a>
a.js, /privacy/gate.js
b.js /privacy/gate.js
`,
		consent.ModeRemote: `<script src="https://privacy.example.net/s/shop/gate.js" referrerpolicy="strict-origin" data-cfasync="false" data-no-optimize="1" data-no-defer="1" data-no-minify="1" data-noptimize="1" nowprocket></script>
<script>theme</script>
<a href="#consentry-settings">it&#039;s &lt;b&gt;&quot;quoted&quot;&lt;/b&gt; \ * / ? &gt;</a>
a.js, /s/shop/gate.js
b.js /s/shop/gate.js
`,
	} {
		s, err := newSnippet(inMode(site, mode), "127.0.0.1:8080")
		if err != nil {
			t.Fatal(err)
		}
		var plugin bytes.Buffer
		if err := s.print(&plugin, "wordpress.php.tmpl"); err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		for name, text := range map[string]string{"plugin.php": plugin.String(), "wordpress.php": wordpress} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		out, err := exec.Command(php, "-d", "display_errors=stderr", "-d", "error_reporting=-1", filepath.Join(dir, "wordpress.php"), filepath.Join(dir, "plugin.php")).CombinedOutput()
		if err != nil || string(out) != want {
			t.Errorf("%s: %v\n%s", mode, err, out)
		}
		if strings.Contains(plugin.String(), "{{") {
			t.Errorf("%s: a hole is left", mode)
		}
	}
}

func exampleSite(id, settings string) *consent.Site {
	return &consent.Site{
		ID: id, Policy: consent.NewPolicy(consent.Policy{Site: id}), Locales: []string{"en"}, Texts: map[string]consent.Texts{"en": {Settings: settings}},
		Deployment: consent.Deployment{Mode: consent.ModePath, Origins: []string{"https://shop.example"}, Prefix: "/privacy"},
	}
}

package main

import (
	_ "embed"

	"github.com/consentry/consentry/internal/siteconfig"
)

// configSource is this file: its field comments are the manual.
//
//go:embed config.go
var configSource string

// configFile is the server file's name in the folder that --config names.
const configFile = "consentry.yaml"

// ServerConfig is the server: consentry.yaml. Paths are relative to the folder
// that holds it. A change needs a restart; changes of site files do not.
type ServerConfig struct {
	// Where visitors' browsers, or the proxy in front of them, reach Consentry:
	// host:port, or :port for every address of this machine. It speaks plain HTTP;
	// the proxy in front ends TLS.
	Listen string `yaml:"listen" jsonschema:"default=127.0.0.1:8080"`

	// Where operators reach the dashboard, /metrics, /healthz and /readyz:
	// host:port, another one than listen. Keep it off the public network.
	AdminListen string `yaml:"admin_listen" jsonschema:"default=127.0.0.1:8081"`

	// Where proofs are kept. file:PATH is the embedded store, for one server. A
	// Redis (6.2 or newer), for one server or several, is one of
	// redis://[user:password@]host:port/db,
	// unix://[user:password@]/path?db=0, its socket on this machine,
	// redis+sentinel://[user:password@]host:port,host:port,host:port/name for the
	// master that these Sentinels know by that name (theirs: ?sentinel_user=…&sentinel_password=…),
	// redis+cluster://[user:password@]host:port,host:port for a cluster that any of
	// these nodes belongs to. rediss:// instead of redis:// means TLS, with
	// ?ca=/path.pem for an authority of your own and &cert=/path.pem&key=/path.pem
	// to show a certificate. A password makes this file a secret. In it @ is written
	// %40, / %2F and # %23.
	//
	// The Redis user needs no more than this, to be typed into redis-cli:
	// ACL SETUSER consentry on >PASSWORD resetkeys resetchannels ~?:{*}* ~consentry:* -@all +eval +evalsha +hget +hgetall +hmget +hset +hsetnx +hdel +hincrby +hlen +bitfield +xadd +xrange +xrevrange +xdel +zadd +zrangebyscore +zremrangebyscore +exists +get +set +sadd +sismember +smembers +scan +bgrewriteaof +bgsave +ping +hello +select +info +config|get +cluster|slots +cluster|shards +command
	// and +waitaof as well where Redis is 7.2 or newer, or a Valkey.
	Store string `yaml:"store" jsonschema:"default=file:data/consentry.db"`

	// What the store must promise before a grant takes effect. durable: on disk
	// before the answer (Redis with appendonly yes, appendfsync always and no
	// eviction; from 7.2 on appendfsync everysec will do too, with answers that take
	// up to a second); everysec: on disk within about a second (Redis with
	// appendfsync everysec); any: whatever the store offers, for trying things out.
	// A store that promises less is refused at start; while it promises less later
	// on, decisions wait in the outbox.
	Require string `yaml:"require" jsonschema:"enum=durable,enum=everysec,enum=any,default=durable"`

	// What a Redis promises that does not say so itself, because its owner forbids
	// CONFIG GET as managed ones do: durable or everysec, as require means them, on
	// your word. ask, the default: Redis itself is asked, and one that does not
	// answer promises nothing. What Redis does say counts for more than this.
	Declare string `yaml:"declare" jsonschema:"enum=ask,enum=durable,enum=everysec,default=ask"`

	// Where decisions wait on this server's disk while a Redis is slow or away; the
	// embedded store has none.
	Outbox Outbox `yaml:"outbox"`

	// The folder for what this one server keeps beside the store, such as the
	// dashboard's password and the outbox. It must be writable, on a disk of this
	// machine, and survive restarts.
	Data string `yaml:"data" jsonschema:"default=data"`

	// The folder where this server keeps the newest checkpoint of each site's
	// transparency log; checkpoints below data by default. It is what a restored
	// old backup of the store is noticed by: it must survive restarts, and never be
	// restored together with the store.
	Checkpoints string `yaml:"checkpoints" sample:"/var/lib/consentry/checkpoints"`

	// Where checkpoints are kept outside, so that not even whoever runs this server
	// can rewrite the log unseen. None by default: no outbound connection is
	// opened. One that fails is shown and logged, and holds nothing up.
	Anchors []AnchorConfig `yaml:"anchors" sample:"[{file: /mnt/elsewhere/checkpoints.txt}]"`

	// The key file that "consentry keys new" wrote. The server refuses to start
	// without it. All servers of one store need the same keys.
	Keys string `yaml:"keys" jsonschema:"default=keys.json"`

	// The folder of the site files, below this file's own: every *.yaml in it is
	// one site. They are read again when they change and on SIGHUP.
	Sites string `yaml:"sites" jsonschema:"default=sites"`

	// Signing operators in through an identity provider, by OpenID Connect, beside
	// passwords. Empty, the default: passwords alone, and no outbound connection.
	OpenID OpenID `yaml:"openid"`

	// The proxies in front, as addresses or networks in CIDR form; none by
	// default. Only what they say in X-Forwarded-For, -Proto and -Host is
	// believed. None means that browsers connect directly: behind an undeclared
	// proxy nobody's writes are limited when its address is a private one (the log
	// warns), and else all visitors share one limit. A network that visitors can be
	// in lets them forge their address.
	TrustedProxies []string `yaml:"trusted_proxies" sample:"[127.0.0.1/32]"`

	// The header in which the proxies in front name the visitor's country, as two
	// letters of ISO 3166-1, such as CF-IPCountry; they must set or remove it in
	// every request. Believed from trusted_proxies only. Without it every country
	// is unknown, which means the strictest rules.
	CountryHeader string `yaml:"country_header" sample:"CF-IPCountry"`

	// The header in which they name the state of the United States, with or without
	// US- before it, such as CF-Region-Code; as country_header otherwise. Without it
	// a visitor of the United States is treated as in the strictest state.
	RegionHeader string `yaml:"region_header" sample:"CF-Region-Code"`

	// A file in MaxMind's format (.mmdb), of countries or cities, that says where
	// visitors are when no header does. You supply it; it is read at the start. The
	// address is looked up in memory and not kept.
	Places string `yaml:"places" sample:"GeoLite2-City.mmdb"`

	// How long records are kept after they were made, by the retention class that
	// the site's file names (standard when it names none). The server takes away
	// once a day what is over, and notes that in the log; "consentry prune
	// --dry-run" shows what is due. Never shorter than a choice on the site holds
	// (memory in its file): the server does not start so. Empty, the default: nothing
	// is ever purged.
	Retention map[string]siteconfig.Duration `yaml:"retention" sample:"{standard: 1095d}"`

	// How often one network may write (decisions, impressions, forms). Reading is
	// never limited. Addresses are kept in memory only, salted and for minutes.
	RateLimit RateLimit `yaml:"rate_limit"`

	// How long a slow or silent peer is waited for.
	Timeouts Timeouts `yaml:"timeouts"`

	// What the server writes to standard error. Never in it: addresses, user
	// agents, cookies, paths or queries of visitors.
	Log Log `yaml:"log"`

	dir string // that the file was read from
}

// AnchorConfig is one place outside that keeps checkpoints: exactly one of file,
// git and witness.
type AnchorConfig struct {
	// A file to which checkpoints of all sites are appended. It proves something
	// when it lies where whoever runs this server cannot change it: another
	// machine's disk, or one that only takes appends.
	File string `yaml:"file" sample:"/mnt/elsewhere/checkpoints.txt"`

	// The work tree of a Git repository to which checkpoints are committed, one
	// file for each site. The git program must be installed.
	Git string `yaml:"git" sample:"/srv/consentry-log"`

	// With git: the remote to push to after each commit, such as origin. The
	// repository proves nothing while it is on this machine alone.
	Push string `yaml:"push" sample:"origin"`

	// The address of a witness (C2SP tlog-witness), which follows the log and
	// signs its checkpoints too. It learns the log's name and how many entries it
	// has, nothing else.
	Witness string `yaml:"witness" sample:"https://witness.example/consentry"`

	// With witness: its verifier key, as its operator gives it.
	Key string `yaml:"key" sample:"witness.example+0a1b2c3d+BAAA…"`

	// How often a checkpoint is put there at most. By default every one, about
	// four a minute on a busy site, and with git one an hour.
	Every siteconfig.Duration `yaml:"every" sample:"1h"`
}

// OpenID is an identity provider: all of it, or nothing. Who signs in must have been
// invited with the e-mail address that the provider has verified; their role is
// that of the account.
type OpenID struct {
	// The provider's own name, an https address; what it offers is read from
	// /.well-known/openid-configuration below it when somebody signs in.
	Issuer string `yaml:"issuer" sample:"https://login.example"`

	// What the provider calls this installation.
	ClientID string `yaml:"client_id" sample:"consentry"`

	// A file that holds the client's secret and nothing else, mode 0600.
	ClientSecretFile string `yaml:"client_secret_file" sample:"/etc/consentry/client-secret"`

	// Where operators' browsers reach the dashboard, as scheme and host. Register
	// ADDRESS/admin/openid/callback with the provider.
	Address string `yaml:"address" sample:"https://desk.example"`
}

// Outbox is the decisions that Redis does not have yet.
type Outbox struct {
	// Megabytes that it may take, at 350 bytes a decision: the default is enough for
	// some 700 000. When it is full grants are refused (503), and refusals take
	// effect without a record for now. The log warns from the half on.
	LimitMB int `yaml:"limit_mb" jsonschema:"default=256"`

	// Whether every decision is written here before it goes to Redis. Where replicas
	// may take over, a Redis can lose what it has acknowledged; the outbox then has it
	// for another minute and until a checkpoint covers it, makes sure that Redis
	// still has it, and appends again what it lost. auto: under redis+sentinel and redis+cluster. always: also for one
	// address behind which a provider changes servers.
	First string `yaml:"first" jsonschema:"enum=auto,enum=always,default=auto"`
}

// RateLimit bounds writes per address prefix.
type RateLimit struct {
	// Writes a minute in the long run. 0 switches the limit off.
	PerMinute int `yaml:"per_minute" jsonschema:"default=120"`

	// Writes at once after a quiet time: an office behind one address needs more
	// than a household. At least 1.
	Burst int `yaml:"burst" jsonschema:"default=60"`
}

// Timeouts are lengths of time from 1s to 10m.
type Timeouts struct {
	// From the connection to the end of the request's headers.
	ReadHeader siteconfig.Duration `yaml:"read_header" jsonschema:"default=5s"`

	// From the connection to the end of the request's body, at most 4 KB.
	Read siteconfig.Duration `yaml:"read" jsonschema:"default=10s"`

	// From the end of the request's headers to the end of the answer.
	Write siteconfig.Duration `yaml:"write" jsonschema:"default=20s"`

	// How long an unused connection is kept. Longer than the proxy's own (60s in
	// nginx), so that the proxy never sends into a closing one.
	Idle siteconfig.Duration `yaml:"idle" jsonschema:"default=75s"`

	// How long decisions in flight may take to finish when the server stops.
	Shutdown siteconfig.Duration `yaml:"shutdown" jsonschema:"default=10s"`
}

// Log says how much is written and in which form.
type Log struct {
	// debug, info, warn or error, and everything graver.
	Level string `yaml:"level" jsonschema:"enum=debug,enum=info,enum=warn,enum=error,default=info"`

	// text for people, json for log collectors; one line for each entry.
	Format string `yaml:"format" jsonschema:"enum=text,enum=json,default=text"`
}

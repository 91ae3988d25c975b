package redisstore

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Address is where Redis is and how it is reached, read from a URL of one of
// these forms:
//
//	redis://[user:password@]host:port/db
//	unix://[user:password@]/path?db=0
//	redis+sentinel://[user:password@]host:port,host:port/name/db
//	redis+cluster://[user:password@]host:port,host:port
//
// With rediss in the place of redis every connection is under TLS. Ports default
// to 6379, a Sentinel's to 26379; a database is 0 unless it is named, and a
// cluster has no other. Parameters after a question mark: ca, cert and key are
// absolute paths of PEM files (whom to believe instead of the system's
// authorities, and who this program is); sentinel_user and sentinel_password are
// the Sentinels' own.
type Address struct {
	options  redis.UniversalOptions
	topology topology
}

type topology string

const (
	standalone topology = "standalone"
	sentinel   topology = "sentinel"
	cluster    topology = "cluster"
)

// ACL is what a Redis user of this program must be allowed, as ACL SETUSER takes
// it: its own keys, and no command that reaches others. CONFIG GET tells what
// can be promised; without it the promise is unknown until it is declared. Without
// BGREWRITEAOF and BGSAVE, erased records stay in Redis' files until Redis
// rewrites them by itself.
const ACL = "resetkeys resetchannels ~?:{*}* ~consentry:* -@all " +
	"+eval +evalsha +hget +hgetall +hmget +hset +hsetnx +hdel +hincrby +hlen +bitfield +xadd +xrange +xrevrange +xdel +zadd +zrangebyscore +zremrangebyscore +exists +get +set " +
	"+sadd +sismember +smembers +scan +bgrewriteaof +bgsave +ping +hello +select +info +config|get +cluster|slots +cluster|shards +command"

// FailsOver reports whether replicas may take over, which may lose what Redis
// has acknowledged: they are sent it afterwards.
func (a Address) FailsOver() bool { return a.topology != standalone }

// ParseURL reads an address. Its errors say what to write, and leave out the URL,
// which may hold a password.
func ParseURL(text string) (Address, error) {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return Address{}, errors.New("the address of a Redis begins with redis://, redis+sentinel://, redis+cluster:// or unix://; write redis://HOST:6379/0")
	}
	// Several hosts are no URL in the eyes of the standard library.
	authority, path := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	user, hosts := "", authority
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		user, hosts = authority[:i+1], authority[i+1:]
	}
	u, err := url.Parse("redis://" + user + "host" + path)
	if err != nil || u.Fragment != "" {
		return Address{}, errors.New("the address of the Redis cannot be read; characters such as @, / or # in a password are written %40, %2F, %23")
	}
	a := Address{topology: standalone}
	a.options.Username = u.User.Username()
	a.options.Password, _ = u.User.Password()
	if scheme == "unix" {
		return a, a.socket(hosts, u)
	}
	kind, secure := strings.CutPrefix(scheme, "rediss")
	if !secure {
		kind, ok = strings.CutPrefix(scheme, "redis")
	}
	if kind != "" && kind != "+sentinel" && kind != "+cluster" || !ok {
		return Address{}, fmt.Errorf("a Redis is not reached by %q; write redis, redis+sentinel or redis+cluster, with rediss for TLS, or unix", scheme+"://")
	}
	if kind != "" {
		a.topology = topology(kind[1:])
	}
	return a, a.network(scheme, hosts, secure, u)
}

// socket reads the rest of unix://.
func (a *Address) socket(host string, u *url.URL) error {
	if host != "" || u.Path == "" || u.Path == "/" {
		return errors.New("the Redis socket has no path; write unix:///run/redis/redis.sock?db=0")
	}
	query := u.Query()
	db := query.Get("db")
	if query.Del("db"); len(query) > 0 {
		return errors.New("the address of a Redis socket takes no parameter but db; write unix:///run/redis/redis.sock?db=0")
	}
	a.options.Addrs = []string{u.Path}
	return a.database(db)
}

// network reads the rest of the other forms.
func (a *Address) network(scheme, hosts string, secure bool, u *url.URL) (err error) {
	if a.options.Addrs, err = a.hosts(scheme, hosts); err != nil {
		return err
	}
	path := strings.TrimPrefix(u.Path, "/")
	switch a.topology {
	case sentinel:
		a.options.MasterName, path, _ = strings.Cut(path, "/")
		if a.options.MasterName == "" {
			return fmt.Errorf("the address of the Sentinels lacks the name that they know the master by; write %s://HOST:26379,HOST:26379,HOST:26379/mymaster", scheme)
		}
	case cluster:
		a.options.IsClusterMode = true
		if path != "" && path != "0" {
			return fmt.Errorf("a Redis Cluster has one database only; write %s://HOST:6379,HOST:6379 without a path", scheme)
		}
	}
	if err := a.database(path); err != nil {
		return err
	}
	return a.parameters(secure, u.Query())
}

func (a *Address) hosts(scheme, text string) (list []string, err error) {
	usual := "6379"
	if a.topology == sentinel {
		usual = "26379"
	}
	for host := range strings.SplitSeq(text, ",") {
		u, err := url.Parse("redis://" + host)
		if err != nil || strings.ContainsAny(host, "@ ") || strings.Contains(u.Hostname(), ":") && host[0] != '[' {
			return nil, errors.New("a Redis host cannot be read; write HOST:PORT, several with a comma between, and an IPv6 address in brackets: [::1]:6379")
		}
		if u.Hostname() == "" {
			return nil, fmt.Errorf("the Redis address has no host; write %s://HOST:%s/…", scheme, usual)
		}
		list = append(list, net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), usual)))
	}
	if len(list) > 1 && a.topology == standalone {
		return nil, errors.New("redis:// takes one host; for several write redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST")
	}
	return list, nil
}

func (a *Address) database(text string) (err error) {
	if text == "" {
		return nil
	}
	if a.options.DB, err = strconv.Atoi(text); err != nil || a.options.DB < 0 {
		return errors.New("the Redis database is no number; write it last, such as /0")
	}
	return nil
}

// parameters reads what follows the question mark.
func (a *Address) parameters(secure bool, query url.Values) error {
	known := []string{}
	if secure {
		known = append(known, "ca", "cert", "key")
		a.options.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if a.topology == sentinel {
		known = append(known, "sentinel_user", "sentinel_password")
	}
	for name, values := range query {
		if !slices.Contains(known, name) || len(values) != 1 {
			return fmt.Errorf("the Redis address has a parameter %q, and this form of it takes %s", name, cmp.Or(strings.Join(known, ", "), "none"))
		}
	}
	a.options.SentinelUsername, a.options.SentinelPassword = query.Get("sentinel_user"), query.Get("sentinel_password")
	if !secure {
		return nil
	}
	return certificates(a.options.TLSConfig, query.Get("ca"), query.Get("cert"), query.Get("key"))
}

// certificates reads the PEM files that the address names.
func certificates(c *tls.Config, ca, cert, key string) error {
	for _, path := range []string{ca, cert, key} {
		if path != "" && !filepath.IsAbs(path) {
			return fmt.Errorf("ca, cert and key of the Redis address are absolute paths, unlike %q", path)
		}
	}
	if ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return fmt.Errorf("read the Redis authority: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return fmt.Errorf("%s holds no certificate in PEM form", ca)
		}
	}
	if (cert == "") != (key == "") {
		return errors.New("cert and key of the Redis address go together")
	}
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return fmt.Errorf("read the certificate for Redis: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return nil
}

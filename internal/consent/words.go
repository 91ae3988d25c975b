package consent

import "regexp"

// Status is what a visitor said about a category or a service.
type Status string

const (
	Granted Status = "granted"
	Denied  Status = "denied"
)

// Regime is the legal rule under which a choice is asked for.
type Regime string

const (
	OptIn      Regime = "opt-in"
	OptOut     Regime = "opt-out"
	NoticeOnly Regime = "notice-only"
)

// Event is what a decision means beside the one before it; see DeriveEvent.
type Event string

const (
	Given     Event = "given"     // everything optional is permitted now
	Refused   Event = "refused"   // a first decision that permits nothing
	Partial   Event = "partial"   // some is permitted, nothing was taken back
	Withdrawn Event = "withdrawn" // something permitted before is denied now
	Renewed   Event = "renewed"   // the same answer again
	Signal    Event = "signal"    // a browser signal narrowed a choice
	Objected  Event = "objected"  // an objection, made on a receipt
	Corrected Event = "corrected" // supersedes a record that was wrong
	Imported  Event = "imported"  // carried over from another tool
	Erased    Event = "erased"    // stands in history for an erased record
)

// Scope says how long a decision holds: Keep writes cookies, Once is a single
// load of one embed and changes none.
type Scope string

const (
	Keep Scope = "keep"
	Once Scope = "once"
)

// Necessary is the category that every site has and nobody can deny.
const Necessary = "necessary"

// The ids that a client may send, in the order in which compact records number
// them. Append only: a removed or moved word would change old records.
var (
	events   = [...]Event{Given, Refused, Partial, Withdrawn, Renewed, Signal, Objected, Corrected, Imported, Erased}
	regimes  = [...]Regime{OptIn, OptOut, NoticeOnly}
	surfaces = [...]string{"banner", "preferences", "placeholder", "page", "api", "signal", "receipt"}
	controls = [...]string{"accept-all", "reject-all", "save", "withdraw", "allow-service", "load-once", "api", "signal", "object", "correct"}
	layouts  = [...]string{"bar", "card", "dialog", "page"}
	sources  = [...]string{"none", "header", "script", "both"}
	families = [...]string{"other", "chrome", "firefox", "safari", "edge", "opera", "samsung", "bot"}
	forms    = [...]string{"other", "desktop", "phone", "tablet"}
	autos    = [...]string{"no", "yes", "suspect"}
)

var idPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

// ValidID reports whether s can name a site, category or service: 1 to 32
// lower-case letters, digits and hyphens, not starting with a hyphen. The
// characters are safe in a cookie value, a URL path and a store key.
func ValidID(s string) bool { return idPattern.MatchString(s) }

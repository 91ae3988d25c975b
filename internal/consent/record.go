package consent

import "time"

// RecordSchema is the version of Record's JSON.
const RecordSchema = "consentry.record/1"

// timeLayout is RFC 3339 in UTC with milliseconds, the form of every time that
// a record carries.
const timeLayout = "2006-01-02T15:04:05.000Z"

// Record is the proof of one decision. Its canonical JSON is what the log
// commits to. It holds nothing about the person that the proof does not need:
// no address, user agent, path, referrer or free text.
type Record struct {
	Schema         string           `json:"schema"`
	ID             ID               `json:"record_id"`
	Previous       *ID              `json:"prev_record_id"`
	Site           string           `json:"site"`
	Controller     Controller       `json:"controller"`
	Subject        ID               `json:"subject_ref"`
	Event          Event            `json:"event"`
	Time           Timestamp        `json:"event_time"`
	Decisions      []RecordDecision `json:"decisions"`
	Action         Action           `json:"action"`
	DefaultsShown  []RecordDefault  `json:"defaults_shown"`
	Signals        Signals          `json:"signals"`
	Notice         NoticeRef        `json:"notice"`
	Regime         RegimeRef        `json:"regime"`
	Validity       Validity         `json:"validity"`
	Origin         string           `json:"origin"`
	UAClass        UAClass          `json:"ua_class"`
	Automated      string           `json:"automated"`
	Variant        string           `json:"variant"`
	RetentionClass string           `json:"retention_class"`
	Server         ServerVersion    `json:"server"`
}

// RecordDecision is the status of a category (Service empty) or of one service.
type RecordDecision struct {
	Category string `json:"category"`
	Service  string `json:"service,omitempty"`
	Status   Status `json:"status"`
	Scope    Scope  `json:"scope"`
}

// RecordDefault is a switch as it stood before the visitor touched it.
type RecordDefault struct {
	Category string `json:"category"`
	Status   Status `json:"status"`
}

// Action is what the visitor did.
type Action struct {
	Surface string `json:"surface"`
	Control string `json:"control"`
	Layer   int    `json:"layer"`
	JS      bool   `json:"js"`
}

// Signals are the browser's own signals and where they were seen.
type Signals struct {
	GPC    bool   `json:"gpc"`
	DNT    bool   `json:"dnt"`
	Source string `json:"source"` // none, header, script, both
	// Honoured says that one of them counted for this visitor.
	Honoured bool `json:"honoured,omitempty"`
}

// NoticeRef identifies what was on the screen.
type NoticeRef struct {
	Digest    string `json:"digest"`
	Rendering string `json:"rendering"`
	Locale    string `json:"locale"`
	Layout    string `json:"layout"`
	Gate      string `json:"gate_sha256"`
}

// RegimeRef is the legal rule applied, the country it was chosen for, if known,
// and what told the country.
type RegimeRef struct {
	ID      Regime `json:"id"`
	Country string `json:"country"`
	Source  string `json:"source"`
}

// Validity says until when the decision holds.
type Validity struct {
	Expires Timestamp `json:"expires"`
}

// UAClass is all that is kept of the user agent: which layout it saw.
type UAClass struct {
	Family string `json:"family"`
	Form   string `json:"form"`
}

// Timestamp is a UTC instant in whole milliseconds.
type Timestamp struct{ time.Time }

// At truncates t to what a record keeps.
func At(t time.Time) Timestamp { return Timestamp{t.UTC().Truncate(time.Millisecond)} }

func (t Timestamp) MarshalText() ([]byte, error) { return []byte(t.UTC().Format(timeLayout)), nil }

// MarshalJSON keeps time.Time's own from being promoted.
func (t Timestamp) MarshalJSON() ([]byte, error) {
	return []byte(`"` + t.UTC().Format(timeLayout) + `"`), nil
}

func (t *Timestamp) UnmarshalJSON(b []byte) error {
	parsed, err := time.Parse(`"`+timeLayout+`"`, string(b))
	t.Time = parsed.UTC()
	return err
}

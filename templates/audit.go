package templates

import (
	"strconv"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// AuditPage shows what operators did, as one site's log keeps it.
type AuditPage struct {
	Nonce    string
	Viewer   Viewer
	ID, Name string
	Sites    []SiteName // that the viewer may choose from
	Rows     []AuditRow // newest first
	Older    bool       // there are more
	Signed   int64      // entries of the log under its newest checkpoint
}

// AuditRow is one entry of the trail and its place in the log.
type AuditRow struct {
	Index   int64
	At      time.Time
	Entry   consent.AuditEntry
	Altered bool // what is stored is not what was logged; Entry means nothing
}

func (p *AuditPage) older() string {
	return "?before=" + strconv.FormatInt(p.Rows[len(p.Rows)-1].Index, 10)
}

// who is in the words of a reader.
func (r AuditRow) who() string {
	if r.Entry.Actor == "" {
		return "nobody known"
	}
	return r.Entry.Actor
}

// what says what was done.
func (r AuditRow) what() string {
	e := r.Entry
	words := map[string]string{
		consent.AuditSignedIn: "signed in", consent.AuditRefused: "was refused", consent.AuditSignedOut: "signed out",
		consent.AuditPasswordSet: "set the password of", consent.AuditInvited: "invited", consent.AuditChanged: "changed",
		consent.AuditDisabled: "disabled", consent.AuditReset: "made a new set-up link for", consent.AuditTokenMade: "made the token",
		consent.AuditTokenRevoked: "revoked the token", consent.AuditRecordRead: "read the record at entry", consent.AuditExported: "took the file",
		consent.AuditAnswered: "answered the request", consent.AuditExperimentEnd: "ended the experiment", consent.AuditListed: "listed the service",
	}[e.Action]
	if e.Entry != nil && e.Action == consent.AuditExported {
		return words + " " + e.About + " of the record at entry " + grouped(*e.Entry)
	}
	if e.Entry != nil {
		words += " " + grouped(*e.Entry)
	}
	if e.About != "" {
		words += " " + e.About
	}
	if e.Detail != "" {
		words += " (" + e.Detail + ")"
	}
	if e.Times > 1 {
		words += ", " + strconv.Itoa(e.Times) + " times since the last such entry"
	}
	return words
}

package consent

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// AuditKind is the artefacts' kind by which a log tells what operators did.
const AuditKind = "audit"

const auditSchema = "consentry.audit/1"

// What operators do. The words are part of the log and never change.
const (
	AuditSignedIn      = "signed-in"       // Detail: password, link, openid
	AuditRefused       = "sign-in-refused" // About: the account when there is one
	AuditSignedOut     = "signed-out"
	AuditPasswordSet   = "password-set"
	AuditInvited       = "account-invited" // Detail: role and scope
	AuditChanged       = "account-changed" // Detail: role and scope
	AuditDisabled      = "account-disabled"
	AuditReset         = "account-reset"
	AuditTokenMade     = "token-made" // Detail: role and scope
	AuditTokenRevoked  = "token-revoked"
	AuditRecordRead    = "record-read"      // Entry: the record's
	AuditExported      = "exported"         // About: which file
	AuditAnswered      = "request-answered" // About: the request's digest; Detail: the answer
	AuditExperimentEnd = "experiment-ended" // About: the experiment; Detail: what was adopted
	AuditListed        = "service-listed"   // About: the service; Detail: the category
)

var auditActions = [...]string{
	AuditSignedIn, AuditRefused, AuditSignedOut, AuditPasswordSet, AuditInvited, AuditChanged, AuditDisabled, AuditReset,
	AuditTokenMade, AuditTokenRevoked, AuditRecordRead, AuditExported, AuditAnswered, AuditExperimentEnd, AuditListed,
}

// AuditEntry is one thing that an operator did, as the log of a site keeps it. It
// says nothing of visitors: a record is named by its place in the log, so that
// nothing is left of it once it is erased. What somebody typed who has no account
// is not in it either.
type AuditEntry struct {
	Schema string    `json:"schema"` // consentry.audit/1
	Site   string    `json:"site"`
	ID     ID        `json:"id"` // random, so that two that are alike are two
	At     Timestamp `json:"at"`
	Actor  string    `json:"actor"` // account:NAME, token:NAME, command; "" for nobody who is known
	Action string    `json:"action"`
	About  string    `json:"about,omitempty"`
	Detail string    `json:"detail,omitempty"`
	Entry  *int64    `json:"entry,omitempty"` // of a record
	Times  int       `json:"times,omitempty"` // of sign-ins refused since the last such entry; 0 means 1
}

// ErrAudit is an entry that is none.
var ErrAudit = errors.New("not an entry of the audit trail")

// Artefact checks an entry and returns it as the log takes it.
func (e AuditEntry) Artefact() (Artefact, error) {
	e.Schema = auditSchema
	if !slices.Contains(auditActions[:], e.Action) || e.Site == "" || e.ID == (ID{}) {
		return Artefact{}, ErrAudit
	}
	return noteOf(AuditKind, e, e.At)
}

// ReadAudit reads an entry that a store holds for a site. Errors: ErrAudit when it
// is not what its leaf commits to, or another site's.
func ReadAudit(site string, a Artefact) (e AuditEntry, err error) {
	if a.Kind != AuditKind || Digest(a.Body) != a.Digest || ArtefactLeaf(a) != a.Leaf {
		return e, fmt.Errorf("%w: its bytes are not those that were logged", ErrAudit)
	}
	dec := json.NewDecoder(bytes.NewReader(a.Body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&e); err != nil {
		return e, fmt.Errorf("%w: %w", ErrAudit, err)
	}
	if owner, _ := LogOf(site); e.Schema != auditSchema || e.Site != owner || !e.At.Equal(At(a.Time).Time) {
		return e, fmt.Errorf("%w: form, site or time are others", ErrAudit)
	}
	return e, nil
}

package consent

import "strings"

// gdprPlaces are where the GDPR holds, ISO 3166-1: the European Economic Area and
// what has a code of its own in the Union.
const gdprPlaces = " AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE IS LI NO GP GF MQ YT RE MF AX "

// linkedLaw is what DPV has terms for of the law that a record was made under.
// Nothing is said where it has none.
type linkedLaw struct {
	profile  string // of dpv-27560
	law      string
	consent  string // legal basis of what is asked for
	contract string // legal basis of what is necessary
}

// lawOf goes by a record's regime and place. Consent is the basis under opt-in
// alone: elsewhere things may run unasked. Where nobody knows the place, opt-in
// goes by the GDPR.
func lawOf(r RegimeRef) linkedLaw {
	l := linkedLaw{profile: "https://w3id.org/dpv/schema/dpv-27560#record"}
	switch {
	case r.Country == "" && r.ID == OptIn, r.Country != "" && strings.Contains(gdprPlaces, " "+r.Country+" "):
		l = linkedLaw{l.profile + "-eu-gdpr", "eu-gdpr:GDPR", "eu-gdpr:A6-1-a", "eu-gdpr:A6-1-b"}
	case r.Country == "GB":
		l.law, l.consent = "legal-gb:law-GDPR", "dpv:Consent"
	case r.ID == OptIn:
		l.consent = "dpv:Consent"
	}
	if r.ID != OptIn {
		l.consent = ""
	}
	return l
}

// linkStatus returns the DPV terms for what a record says of the consent as a
// whole. Where nothing that was asked about is granted, none is given; and one is
// expressed where the visitor said yes.
func linkStatus(r *Record) []string {
	switch {
	case r.Event == Erased:
		return []string{"dpv:ConsentInvalidated"}
	case r.Event == Withdrawn:
		return []string{"dpv:ConsentWithdrawn"}
	case r.expresses() && r.Event == Renewed:
		return []string{"dpv:RenewedConsentGiven", "dpv:ExpressedConsent"}
	case r.expresses():
		return []string{"dpv:ConsentGiven", "dpv:ExpressedConsent"}
	}
	return []string{"dpv:ConsentRefused"}
}

// expresses reports whether the record is somebody's word for a grant.
func (r *Record) expresses() bool {
	switch r.Event {
	case Given, Partial, Renewed, Imported:
		return r.permits()
	}
	return false
}

// linkDecisionStatus returns the DPV term for one decision. Of what is necessary
// none is asked for, and outside opt-in a grant that nobody expressed is none.
func linkDecisionStatus(r *Record, d RecordDecision) string {
	switch {
	case d.Category == Necessary:
		return "dpv:ConsentUnknown"
	case d.Status != Granted:
		return "dpv:ConsentRefused"
	case r.Regime.ID != OptIn && !r.expresses():
		return "dpv:ConsentUnknown"
	}
	return "dpv:ConsentGiven"
}

func linkID(id string) *linkedID {
	if id == "" {
		return nil
	}
	return &linkedID{id}
}

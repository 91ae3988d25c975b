package consent

import (
	"encoding/json"
	"slices"
)

// dpvPurposes are the W3C DPV terms of our purposes. A purpose that has none
// stands in the record under its own id.
var dpvPurposes = map[string]string{
	"service-provision":    "dpv:RequestedServiceProvision",
	"audience-measurement": "dpv:ServiceUsageAnalytics",
	"social-sharing":       "dpv:SocialMediaMarketing",
	"advertising":          "dpv:TargetedAdvertising",
	"security":             "dpv:EnforceSecurity",
}

// linkedContext names the vocabularies. It stands in every document, so that
// nothing has to be fetched to read one.
var linkedContext = map[string]string{
	"dct": "http://purl.org/dc/terms/", "dpv": "https://w3id.org/dpv#", "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
	"legal-gb": "https://w3id.org/dpv/legal/gb#", "loc": "https://w3id.org/dpv/loc#",
	"xsd": "http://www.w3.org/2001/XMLSchema#", "consentry": "urn:consentry:",
}

type linkedID struct {
	ID string `json:"@id"`
}

type linkedTime struct {
	Type  string    `json:"@type"` // xsd:dateTime
	Value Timestamp `json:"@value"`
}

// linkedRecord is a record as dpv-27560, the DPV profile of ISO/IEC TS 27560,
// shapes it. https://w3id.org/dpv/guides/consent-27560
type linkedRecord struct {
	Context    map[string]string `json:"@context"`
	ID         string            `json:"@id"`
	Type       string            `json:"@type"`
	Identifier string            `json:"dct:identifier"`
	ConformsTo linkedID          `json:"dct:conformsTo"`
	Replaces   *linkedID         `json:"dct:replaces,omitempty"`
	Subject    linkedID          `json:"dpv:hasDataSubject"`
	Controller linkedParty       `json:"dpv:hasDataController"`
	Law        *linkedID         `json:"dpv:hasApplicableLaw,omitempty"`
	Place      *linkedID         `json:"dpv:hasJurisdiction,omitempty"`
	Process    []linkedProcess   `json:"dpv:hasProcess"`
	Notice     linkedNotice      `json:"dpv:hasNotice"`
	Status     linkedStatus      `json:"dpv:hasConsentStatus"`
	Expires    linkedTime        `json:"dct:valid"`
	Source     linkedID          `json:"dct:source"`
}

type linkedParty struct {
	Type    string `json:"@type"`
	Name    string `json:"dpv:hasName"`
	Address string `json:"dpv:hasAddress"`
	Contact string `json:"dpv:hasContact"`
}

// linkedProcess is one category, or one service that was decided apart.
type linkedProcess struct {
	Type       string        `json:"@type"`
	Title      string        `json:"dct:title"`
	Purposes   []linkedID    `json:"dpv:hasPurpose,omitempty"`
	Recipients []linkedParty `json:"dpv:hasRecipient,omitempty"`
	Basis      *linkedID     `json:"dpv:hasLegalBasis,omitempty"`
	Status     linkedID      `json:"dpv:hasConsentStatus"`
	Scope      Scope         `json:"consentry:scope"`
}

type linkedNotice struct {
	ID     string `json:"@id"`
	Type   string `json:"@type"`
	Locale string `json:"dct:language"`
	Gate   string `json:"consentry:gate"`
	Layout string `json:"consentry:layout"`
}

type linkedStatus struct {
	Types     []string   `json:"@type"`
	By        linkedID   `json:"dpv:isIndicatedBy"`
	Method    string     `json:"dpv:hasIndicationMethod"`
	Indicated linkedTime `json:"dpv:isIndicatedAtTime"`
}

// Linked returns a record as JSON-LD in the terms of W3C DPV. Purposes and
// recipients are those of p, whose notice must be the record's; p may be nil, and
// of another notice it is left aside: then categories stand by their ids alone.
func Linked(r *Record, p *Policy) ([]byte, error) {
	if p != nil && p.NoticeDigest() != r.Notice.Digest {
		p = nil
	}
	law := lawOf(r.Regime)
	l := linkedRecord{
		Context: linkedContext, ID: "urn:consentry:record:" + r.ID.String(), Type: "dpv:ConsentRecord", Identifier: r.ID.String(),
		ConformsTo: linkedID{law.profile},
		Subject:    linkedID{"urn:consentry:subject:" + r.Subject.String()},
		Controller: linkedParty{"dpv:DataController", r.Controller.Name, r.Controller.Address, r.Controller.Contact},
		Law:        linkID(law.law), Source: linkedID{r.Origin},
		Notice: linkedNotice{"urn:consentry:notice:" + r.Notice.Digest, "dpv:ConsentNotice", r.Notice.Locale, r.Notice.Gate, r.Notice.Layout},
		Status: linkedStatus{
			Types: linkStatus(r), By: linkedID{"dpv:DataSubject"},
			Method: r.Action.Surface + "/" + r.Action.Control, Indicated: linkedTime{"xsd:dateTime", r.Time},
		},
		Expires: linkedTime{"xsd:dateTime", r.Validity.Expires},
	}
	if r.Previous != nil {
		l.Replaces = &linkedID{"urn:consentry:record:" + r.Previous.String()}
	}
	if r.Regime.Country != "" {
		l.Place = &linkedID{"loc:" + r.Regime.Country}
	}
	for _, d := range r.Decisions {
		process := linkDecision(d, p)
		process.Basis, process.Status.ID = linkID(law.consent), linkDecisionStatus(r, d)
		if d.Category == Necessary {
			process.Basis = linkID(law.contract)
		}
		l.Process = append(l.Process, process)
	}
	return json.MarshalIndent(l, "", "  ")
}

// permits reports whether anything that was asked about is granted.
func (r *Record) permits() bool {
	return slices.ContainsFunc(r.Decisions, func(d RecordDecision) bool { return d.Category != Necessary && d.Status == Granted })
}

func linkDecision(d RecordDecision, p *Policy) linkedProcess {
	process := linkedProcess{Type: "dpv:Process", Title: d.Category, Scope: d.Scope}
	if d.Service != "" {
		process.Title = d.Service
	}
	if p == nil {
		return process
	}
	i := slices.IndexFunc(p.Categories, func(c Category) bool { return c.ID == d.Category })
	if i < 0 {
		return process
	}
	for _, purpose := range p.Categories[i].Purposes {
		term := dpvPurposes[purpose]
		if term == "" {
			term = "consentry:purpose:" + purpose
		}
		process.Purposes = append(process.Purposes, linkedID{term})
	}
	for _, s := range p.Categories[i].Services {
		if d.Service == "" || d.Service == s.ID {
			process.Recipients = append(process.Recipients, linkedParty{"dpv:Recipient", s.Company, s.Country, s.PolicyURL})
		}
	}
	return process
}

package templates_test

import (
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/doctor"
	"github.com/consentry/consentry/templates"
)

func deskPages() map[string]page {
	record := receiptRecord()
	return map[string]page{
		"requests":        templates.Requests(requestsPage()),
		"requests-none":   templates.Requests(templates.RequestsPage{Nonce: testNonce, Viewer: owner, Now: now}),
		"requests-unread": templates.Requests(templates.RequestsPage{Nonce: testNonce, Viewer: owner, Now: now, Unread: []string{"Kiln & Leaf"}}),
		"record-ask":      templates.Record(templates.RecordPage{Nonce: testNonce, Viewer: owner}),
		"record": templates.Record(templates.RecordPage{Nonce: testNonce, Viewer: owner, Asked: record.ID.String(), SiteName: "Kiln & Leaf", ID: record.ID.String(),
			Stored: &consent.Stored{}, Record: record, Proof: templates.ProofState{Holds: &templates.Inclusion{Index: 41, Size: 4711, Origin: "shop.example/privacy/log"}}}),
		"record-broken": templates.Record(templates.RecordPage{Nonce: testNonce, Viewer: owner, Asked: record.ID.String(), SiteName: "Kiln & Leaf", ID: record.ID.String(),
			Stored: &consent.Stored{}, Record: record, Proof: templates.ProofState{Broken: true, Says: "The proof does not hold: it is not in the log that was signed"}}),
		"state":            templates.State(statePage()),
		"requests-auditor": templates.Requests(auditorsRequests()),
		"forbidden":        templates.Forbidden(templates.ForbiddenPage{Nonce: testNonce, Viewer: templates.Viewer{Name: "mira"}, Says: "your role does not open this"}),
		"problem":          templates.Problem(templates.ProblemPage{Nonce: testNonce, Viewer: templates.Viewer{Name: "mira"}, Says: "wrong period: to is before from; swap them", Back: "/admin/sites/shop", BackTo: "the site"}),
		"problem-door":     templates.Problem(templates.ProblemPage{Nonce: testNonce, Says: "this set-up link is not valid (any more)", Back: "/admin/"}),
		"password":         templates.Password(templates.PasswordPage{Nonce: testNonce, Viewer: owner, Minimum: 12, Problem: "This is not your password."}),
		"signed-in":        templates.SignedIn(templates.SignedInPage{Nonce: testNonce}),
		"login-provider":   templates.Login(templates.LoginPage{Nonce: testNonce, Provider: true}),
		"access":           templates.Access(accessPage()),
		"audit":            templates.Audit(auditPage()),
		"installation":     templates.Installation(installationPage()),
		"installation-ask": templates.Installation(templates.InstallationPage{Nonce: testNonce, Viewer: owner, ID: "shop", Name: "Kiln & Leaf", Page: "https://shop.example/", Days: 7, Gate: consent.GateMarked}),
		"installation-not": templates.Installation(unreachedPage()),
		"unlisted":         templates.Unlisted(unlistedPage(nil, "", "")),
		"unlisted-own":     templates.Unlisted(unlistedPage(ownStorage(), "This cannot be listed: an id is 1 to 32 small letters, digits and hyphens.", "")),
		"unlisted-by-hand": templates.Unlisted(unlistedPage(nil, "The site file cannot be written from here.", "categories:\n  - id: analytics\n    services:\n      - ga4")),
		"unlisted-none":    templates.Unlisted(templates.UnlistedPage{Nonce: testNonce, Viewer: owner, ID: "shop", Name: "Kiln & Leaf", File: "sites/shop.yaml"}),
		"audit-none":       templates.Audit(templates.AuditPage{Nonce: testNonce, Viewer: owner, ID: "shop", Name: "Kiln & Leaf"}),
	}
}

func receiptRecord() *consent.Record {
	previous := consent.ID{2}
	return &consent.Record{
		ID: consent.ID{3}, Previous: &previous, Controller: consent.Controller{Name: "Kiln & Leaf Ltd"}, Event: consent.Partial, Time: consent.At(now),
		Decisions: []consent.RecordDecision{
			{Category: consent.Necessary, Status: consent.Granted, Scope: consent.Keep},
			{Category: "analytics", Status: consent.Granted, Scope: consent.Keep},
			{Category: "analytics", Service: "heat", Status: consent.Denied, Scope: consent.Keep},
		},
		Action: consent.Action{Surface: "preferences", Control: "save"}, Notice: consent.NoticeRef{Digest: consent.Digest([]byte("n")), Rendering: consent.Digest([]byte("r")), Locale: "en", Layout: "bar"},
		Regime: consent.RegimeRef{ID: consent.OptIn}, Validity: consent.Validity{Expires: consent.At(now.AddDate(0, 6, 0))}, RetentionClass: "standard",
	}
}

func askedFor(kind, reason string, ago time.Duration) consent.Asked {
	return consent.Asked{VisitorRequest: consent.VisitorRequest{Site: "shop", Kind: kind, Reason: reason, At: consent.At(now.Add(-ago))}, Digest: "DIGEST"}
}

func requestsPage() templates.RequestsPage {
	const day = 24 * time.Hour
	row := func(a consent.Asked) templates.RequestRow {
		return templates.RequestRow{Site: "shop", SiteName: "Kiln & Leaf", Asked: a, Record: consent.ID{3}.String()}
	}
	erased := row(askedFor(consent.Correction, "not-chosen", 2*day))
	erased.Erased = true
	held := row(askedFor(consent.ErasureAsked, "", 3*day))
	done, refused := askedFor(consent.Objection, "", 20*day), askedFor(consent.Correction, "not-me", 20*day)
	done.Settled, refused.Settled = &consent.Settlement{Done: true, At: consent.At(now)}, &consent.Settlement{Reason: "record-right", At: consent.At(now)}
	return templates.RequestsPage{
		Nonce: testNonce, Viewer: owner, Now: now,
		Waiting: []templates.RequestRow{
			row(askedFor(consent.Correction, "not-me", 33*day)), row(askedFor(consent.Objection, "", 30*day-time.Hour)), erased, held,
		},
		Answered: []templates.RequestRow{row(done), row(refused)},
	}
}

func statePage() templates.StatePage {
	const day = 24 * time.Hour
	return templates.StatePage{
		Nonce: testNonce, Viewer: owner, Now: now, Proofs: templates.Proofs{Promise: "durable: it was on a disk before the visitor had the answer."},
		Outbox: &templates.OutboxState{Waiting: 3, Bytes: 5 << 20, Limit: 64 << 20, Oldest: 12 * time.Second},
		Sites: []templates.SiteState{
			{ID: "shop", Name: "Kiln & Leaf", Class: "standard", Oldest: now.AddDate(-1, 0, 0), Log: &templates.LogState{
				Entries: 4711, Signed: 4700, Since: now.Add(-9 * time.Second), Waiting: now.Add(-4 * time.Second),
				Anchors: []templates.AnchorState{{Name: "git", Entries: 4600, Behind: 100}, {Name: "witness", Problem: "it does not answer"}},
			}, NextPurge: now.Add(7 * time.Hour), Kept: []templates.KeptClass{
				{Class: "standard", Keep: 1095 * day, Known: true, Oldest: now.AddDate(-1, 0, 0)},
				{Class: "brief", Keep: 400 * day, Known: true, Oldest: now.AddDate(0, 0, -399), NotBefore: true},
				{Class: "gone", Keep: day, Known: true}, {Class: "forgotten", Known: true}, {Class: "new", Keep: 12 * time.Hour},
			}},
			{ID: "journal", Name: "The Potter’s Journal", Class: "standard", Hold: "a dispute", Log: &templates.LogState{Problem: "the copy outside is newer than the store"}},
			{ID: "away", Name: "Away", Class: "standard", Unread: true, Purging: true, Purge: "site away: the store cannot keep a record now"},
		},
	}
}

var owner = templates.Viewer{Name: "admin", Records: true, Answers: true, Configures: true, Manages: true}

func auditorsRequests() templates.RequestsPage {
	p := requestsPage()
	p.Viewer = templates.Viewer{Name: "ada", Records: true}
	return p
}

func accessPage() templates.AccessPage {
	return templates.AccessPage{
		Nonce: testNonce, Viewer: owner, Roles: []string{"owner", "marketer", "auditor"},
		Sites:  []templates.SiteName{{ID: "shop", Name: "Kiln & Leaf"}, {ID: "journal", Name: "The Potter’s Journal"}},
		Minted: "warehouse", Token: "consentry_TEXT",
		Tokens: []templates.TokenRow{
			{Name: "warehouse", Role: "marketer", All: true, By: "admin", Expires: now.AddDate(0, 3, 0)},
			{Name: "old", Role: "auditor", Sites: []string{"shop"}, By: "admin", Expires: now.AddDate(0, -1, 0), Expired: true},
		},
		Invited: "mira", Link: "https://desk.example/admin/invite/TOKEN",
		People: []templates.PersonRow{
			{Name: "admin", Role: "owner", All: true, State: "active"},
			{Name: "mira", Role: "marketer", Sites: []string{"shop", "gone"}, State: "invited", Email: "mira@example.com"},
			{Name: "ada", Role: "auditor", All: true, State: "disabled"},
		},
	}
}

func auditPage() templates.AuditPage {
	entry := int64(4711)
	row := func(index int64, e consent.AuditEntry) templates.AuditRow {
		return templates.AuditRow{Index: index, At: now.Add(-time.Hour), Entry: e}
	}
	return templates.AuditPage{
		Nonce: testNonce, Viewer: owner, ID: "shop", Name: "Kiln & Leaf", Signed: 4720, Older: true,
		Sites: []templates.SiteName{{ID: "shop", Name: "Kiln & Leaf"}, {ID: "journal", Name: "The Potter’s Journal"}},
		Rows: []templates.AuditRow{
			row(4721, consent.AuditEntry{Actor: "account:ada", Action: consent.AuditRecordRead, Entry: &entry}),
			row(4719, consent.AuditEntry{Action: consent.AuditRefused, About: "mira", Detail: "password", Times: 14}),
			{Index: 4718, At: now.Add(-time.Hour), Altered: true},
			row(4712, consent.AuditEntry{Actor: "account:admin", Action: consent.AuditInvited, About: "mira", Detail: "marketer, this site"}),
		},
	}
}

func installationPage() templates.InstallationPage {
	return templates.InstallationPage{
		Nonce: testNonce, Viewer: owner, ID: "shop", Name: "Kiln & Leaf", Page: "https://shop.example/pots", Looked: now, Days: 7, Counted: &templates.Tally{Shown: 4711, Events: 1903},
		Gate: consent.GateKnown, Smallest: 10,
		Leaks: []templates.LeakRow{
			{ID: "ga4", Name: "Google Analytics", Leak: templates.Leak{People: 4210, Automated: 61}},
			{ID: "a-service-with-an-id-that-is-long", Name: "A Service of a Long Name & More", Few: true},
		},
		Findings: []doctor.Finding{
			{Check: "gate tag", Level: doctor.Right, Says: "The page loads the gate."},
			{Check: "first in head", Level: doctor.Wrong, Says: "Before the gate stands <script> of https://cdn.vendor.example/a-rather-long-name-of-a-file-that-nobody-can-break-in-a-good-place.js, which runs unheld.", Mend: "Move the gate's tag before it."},
			{Check: "version", Level: doctor.Right, Says: "It is the gate that this configuration makes."},
			{Check: "cookies", Level: doctor.Warning, Says: "Set by a subdomain: kept 180 days, in Safari 7 where the name is a CNAME to another domain or the address is not near the site's.", Mend: "Serve it under a path of the site (mode: path) for the full time in every browser."},
			{Check: "Global Privacy Control", Level: doctor.Right, Says: "The header Sec-GPC arrives."},
		},
	}
}

func unreachedPage() templates.InstallationPage {
	return templates.InstallationPage{
		Nonce: testNonce, Viewer: owner, ID: "shop", Name: "Kiln & Leaf", Page: "https://shop.example/gone", Days: 7, Counted: &templates.Tally{}, Gate: consent.GateStrict,
		Problem: "The page could not be looked at: fetch the page: it answers 404",
	}
}

func unlistedPage(own *templates.OwnService, problem, lines string) templates.UnlistedPage {
	seen := func(kind, name string) consent.Sighting {
		return consent.Sighting{Kind: kind, Name: name, First: now.AddDate(0, 0, -9), Last: now}
	}
	return templates.UnlistedPage{
		Nonce: testNonce, Viewer: owner, ID: "shop", Name: "Kiln & Leaf", File: "sites/shop.yaml", Reports: true, Categories: []string{"necessary", "analytics", "share", "marketing"},
		Rows: []templates.UnlistedRow{
			{Sighting: seen(consent.SeenCookie, "_ga_*"), Matches: []templates.ServiceMatch{{ID: "ga4", Name: "Google Analytics", Category: "analytics"}}},
			{Sighting: seen(consent.SeenHost, "google.com"), Matches: []templates.ServiceMatch{{ID: "google-maps", Name: "Google Maps", Category: "share"}, {ID: "recaptcha", Name: "Google reCAPTCHA with a long name for a narrow screen", Category: "share"}}},
			{Sighting: seen(consent.SeenHost, `"><script>alert(1)</script>`)},
			{Sighting: seen(consent.SeenStorage, "a-name-of-sixty-four-characters-without-any-place-to-break-it-aa")},
		},
		Own: own, Problem: problem, Lines: lines,
	}
}

func ownStorage() *templates.OwnService {
	return &templates.OwnService{
		Seen: consent.Sighting{Kind: consent.SeenStorage, Name: "visits-*"}, ID: "Visits!", Category: "analytics", Service: "Visits", Company: "Visits Ltd", Country: "IE",
		Policy: "https://visits.example/privacy", Purpose: "Counts visits.", Duration: "13 months", Kept: "session",
	}
}

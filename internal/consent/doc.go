// Package consent holds the words and rules of a consent decision: what a site
// asks, what a visitor answered, what is recorded of it and what it permits.
//
// It is pure: it opens no file, reads no clock, keeps no state and imports the
// standard library only. Whoever calls it hands in the time. Everything here is
// closed when unsure: an unknown id, a missing digest or an expired value denies.
//
// Words follow ISO/IEC TS 27560, W3C DPV, Google Consent Mode and W3C GPC.
package consent

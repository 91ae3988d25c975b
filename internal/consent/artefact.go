package consent

import "slices"

// ShardsKind is the kind of the artefacts by which a log tells how many logs its site
// has.
const ShardsKind = "shards"

// ReferredKinds are the kinds of artefacts that records and pages may refer to later,
// in an order in which they can be stored. Notes of what happened are not among them:
// they stay in the log that they were made in.
func ReferredKinds() []string {
	return []string{
		"root", ShardsKind, "opener", "banner", "preferences", "placeholders", "page", "gate", "gate-regime", "gate-advanced",
		ForeignNoticeKind, ImportKind, frameKind, "rendering", "experiment", "activation",
	}
}

// Referred reports whether a kind is one of them.
func Referred(kind string) bool { return slices.Contains(ReferredKinds(), kind) }

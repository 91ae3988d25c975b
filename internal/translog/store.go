// Package translog is the transparency log of a site: a Merkle tree (RFC 6962)
// over the leaves of the store's log, tiles and signed checkpoints in the forms
// of C2SP (tlog-tiles, tlog-checkpoint, tlog-proof, tlog-witness), the proofs
// that follow from them, and the full check of all of it.
//
// It never signs a tree that does not continue every checkpoint it knows of, it
// never changes an entry, and it publishes leaf hashes only: entry bundles would
// be the records themselves, which are private.
package translog

import (
	"context"

	"github.com/consentry/consentry/internal/consent"
)

// Store is the part of consent.Store that a log stands on; its comments are the
// contract.
type Store interface {
	Log(ctx context.Context, site string, from int64, yield func(consent.LogEntry) bool) error
	Head(ctx context.Context, site string) (consent.Head, error)
	Leaves(ctx context.Context, site string, from int64, n int) ([][32]byte, error)

	PutArtefact(ctx context.Context, site string, a consent.Artefact) error
	Artefact(ctx context.Context, site, digest string) (consent.Artefact, error)
	Artefacts(ctx context.Context, site, kind string) ([]consent.Artefact, error)

	Erasures(ctx context.Context, site string, from int64, yield func(position int64, e consent.Erasure) bool) error

	Checkpoint(ctx context.Context, site string) ([]byte, error)
	SwapCheckpoint(ctx context.Context, site string, old, next []byte) error
	PutTile(ctx context.Context, site, name string, body []byte) error
	Tile(ctx context.Context, site, name string) ([]byte, error)
}

// Memory is where one server keeps the newest checkpoint that it knows of each
// site. It must lie outside the store and its backups: it is what a restored old
// backup is noticed by.
type Memory interface {
	// Read returns a site's checkpoint, nil when there is none.
	Read(site string) ([]byte, error)
	// Write replaces it. The new one is on disk when Write returns, and a crash
	// leaves the old one or the new one, whole.
	Write(site string, checkpoint []byte) error
}

// Inceptions is where an installation remembers which logs were begun under its keys:
// beside the keys, apart from the store and from Memory. It tells a log's first start
// from one after both of these were lost, which would sign a second history under
// the same name.
type Inceptions interface {
	// Begun returns the newest name under which a site's log was begun, "" for none.
	Begun(site string) (name string, err error)
	// Note replaces it, durably.
	Note(site, name string) error
}

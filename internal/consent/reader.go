package consent

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Reader opens stored records with the frames that they need. Frames never
// change and are kept; only those that the store holds are, so that nobody can
// fill it from outside. It is safe for concurrent use, and its zero value with a
// Store is ready.
type Reader struct {
	Store interface {
		Artefact(ctx context.Context, site, digest string) (Artefact, error)
		Artefacts(ctx context.Context, site, kind string) ([]Artefact, error)
	}

	mu       sync.Mutex
	byDigest map[string]*Frame
	byRef    map[string]string // site and reference → digest
}

// Open regenerates the record of a stored entry, and returns the frame that it
// was made under. Errors: ErrErased, ErrUnavailable; any other means that bytes
// were altered or are missing.
func (r *Reader) Open(ctx context.Context, s Stored) (*Record, *Frame, error) {
	if s.Erased {
		return nil, nil, ErrErased
	}
	ref, err := OpenFrameRef(s.Sealed)
	if err != nil {
		return nil, nil, err
	}
	digest, err := r.digest(ctx, s.Site, ref)
	if err != nil {
		return nil, nil, err
	}
	f, err := r.Frame(ctx, s.Site, digest)
	if err != nil {
		return nil, nil, err
	}
	record, err := OpenRecord(s, f)
	return record, f, err
}

// Frame returns the frame that a digest names. Errors: ErrNotFound,
// ErrUnavailable.
func (r *Reader) Frame(ctx context.Context, site, digest string) (*Frame, error) {
	r.mu.Lock()
	f := r.byDigest[digest]
	r.mu.Unlock()
	if f != nil {
		return f, nil
	}
	stored, err := r.Store.Artefact(ctx, site, digest)
	if err != nil {
		return nil, fmt.Errorf("read frame: %w", err)
	}
	if f, err = DecodeFrame(stored.Body); err != nil {
		return nil, err
	}
	if owner, _ := LogOf(site); f.Site != owner || Digest(stored.Body) != digest {
		return nil, fmt.Errorf("read frame: %w", ErrNotFound)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byDigest == nil {
		r.byDigest = make(map[string]*Frame)
	}
	r.byDigest[digest] = f
	return f, nil
}

// digest finds the frame that a sealed record refers to.
func (r *Reader) digest(ctx context.Context, site string, ref [frameRefSize]byte) (string, error) {
	key := site + "/" + string(ref[:])
	r.mu.Lock()
	digest := r.byRef[key]
	r.mu.Unlock()
	if digest != "" {
		return digest, nil
	}
	list, err := r.Store.Artefacts(ctx, site, "frame")
	if err != nil {
		return "", fmt.Errorf("list frames: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byRef == nil {
		r.byRef = make(map[string]string)
	}
	for _, item := range list {
		itemRef := FrameRef(item.Digest)
		r.byRef[site+"/"+string(itemRef[:])] = item.Digest
	}
	if r.byRef[key] == "" {
		return "", errors.New("the store lacks the frame of a record")
	}
	return r.byRef[key], nil
}

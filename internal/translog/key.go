package translog

import (
	"crypto/ed25519"
	"fmt"
	"strconv"

	"golang.org/x/mod/sumdb/note"

	"github.com/consentry/consentry/internal/consent"
)

// keyKind is the kind of the artefacts by which a log's key is rotated. The
// first key has none; every further one is in the log before it signs.
const keyKind = "log-key"

// keyChange is such an artefact's body.
type keyChange struct {
	Schema     string            `json:"schema"` // consentry.log-key/1
	Site       string            `json:"site"`
	Generation int               `json:"generation"`
	Key        string            `json:"key"` // verifier key of C2SP signed-note
	Previous   string            `json:"previous"`
	Time       consent.Timestamp `json:"time"`
}

// generation derives one of a site's log keys from the installation's root. The
// first is generation 1.
func generation(root []byte, site string, n int) (ed25519.PrivateKey, error) {
	purpose := "log"
	if n > 1 {
		purpose = "log-" + strconv.Itoa(n)
	}
	seed, err := consent.DeriveKey(root, purpose, site)
	if err != nil {
		return nil, fmt.Errorf("derive log key: %w", err)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// keyring is a log's keys, the newest first. The newest two sign, so that whoever
// knows a key when it is replaced can follow to the next.
type keyring []ed25519.PrivateKey

func deriveKeys(root []byte, site string, generations int) (keyring, error) {
	ring := make(keyring, generations)
	for i := range ring {
		key, err := generation(root, site, generations-i)
		if err != nil {
			return nil, err
		}
		ring[i] = key
	}
	return ring, nil
}

// texts returns the public keys under a log's name, as C2SP signed-note writes
// them.
func (k keyring) texts(origin string) ([]string, error) {
	list := make([]string, len(k))
	for i, key := range k {
		text, err := note.NewEd25519VerifierKey(origin, key.Public().(ed25519.PublicKey))
		if err != nil {
			return nil, err
		}
		list[i] = text
	}
	return list, nil
}

func (k keyring) verifiers(origin string) ([]note.Verifier, error) {
	texts, err := k.texts(origin)
	if err != nil {
		return nil, err
	}
	list := make([]note.Verifier, len(texts))
	for i, text := range texts {
		if list[i], err = note.NewVerifier(text); err != nil {
			return nil, fmt.Errorf("name %q: %w", origin, err)
		}
	}
	return list, nil
}

type signer struct {
	note.Verifier // for its name and hash
	key           ed25519.PrivateKey
}

func (s signer) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }

// sign signs a checkpoint with the newest two keys, the newest first.
func (k keyring) sign(c Checkpoint) (*signed, error) {
	verifiers, err := k.verifiers(c.Origin)
	if err != nil {
		return nil, err
	}
	var signers []note.Signer
	for i, v := range verifiers[:min(len(verifiers), 2)] {
		signers = append(signers, signer{v, k[i]})
	}
	raw, err := note.Sign(&note.Note{Text: c.text()}, signers...)
	if err != nil {
		return nil, fmt.Errorf("sign checkpoint: %w", err)
	}
	return openCheckpoint(raw, k.verifiers, nil)
}

// rotation is the artefact that puts the key after those of ring into use.
func rotation(root []byte, site, origin string, ring keyring, at consent.Timestamp) (consent.Artefact, string, error) {
	next, err := deriveKeys(root, site, len(ring)+1)
	if err != nil {
		return consent.Artefact{}, "", err
	}
	texts, err := next.texts(origin)
	if err != nil {
		return consent.Artefact{}, "", err
	}
	body, err := consent.Canonical(keyChange{
		Schema: "consentry.log-key/1", Site: site, Generation: len(next), Key: texts[0], Previous: texts[1], Time: at,
	})
	if err != nil {
		return consent.Artefact{}, "", err
	}
	a := consent.Artefact{Kind: keyKind, Digest: consent.Digest(body), Time: at.Time, Body: body}
	a.Leaf = consent.ArtefactLeaf(a)
	return a, texts[0], nil
}

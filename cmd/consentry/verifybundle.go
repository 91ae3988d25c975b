package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/translog"
)

const verifyBundleLong = `Checks a bundle offline: derives every leaf from the record or the bytes that it
commits to, the root from the leaves, and holds it against the signed checkpoint,
against the copies in the bundle and against those that --copy names, which
somebody else kept. Every record's notice and gate must be there, the tables must
say what the entries say, and nothing else may be in it. README.txt, history.txt and
what is in config are written for people and follow from no entry.

Give the log's public key with --key, as "consentry log show" prints it or the
site serves it under log/key, from elsewhere than the bundle. Without it the key in
the bundle is used, which shows that the bundle is sound and not whose it is.

Exit status 1 when something differs; the first difference is printed.`

// Bounds on what a bundle that somebody has sent may make this program read.
const (
	maxBundleLine = 1 << 20
	maxBundleFile = 64 << 20
)

func newVerifyBundle(env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use: "verify-bundle FILE", Short: "Check a bundle offline, with public keys alone", Long: verifyBundleLong, GroupID: groupLookAfter, Args: cobra.ExactArgs(1),
	}
	keys := cmd.Flags().StringArray("key", nil, "public key of the log or of a witness, or a file of them; may be repeated")
	copies := cmd.Flags().StringArray("copy", nil, "file with checkpoints that were kept elsewhere; may be repeated")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		texts, err := keyTexts(*keys)
		if err != nil {
			return err
		}
		file, err := zip.OpenReader(args[0])
		if err != nil {
			return fmt.Errorf("%s is no bundle: %w", args[0], err)
		}
		defer file.Close()
		v := &bundleVerifier{zip: &file.Reader, keys: texts, kinds: make(map[string]int64), held: make(map[string]bool), used: make(map[string]bool), claims: make(map[int64][]bundleClaim)}
		if err := v.run(*copies, env.progress("verify", "entries")); err != nil {
			return err
		}
		v.print(env.stdout, len(*keys) == 0)
		return nil
	}
	return cmd
}

// bundleClaim is a checkpoint that the tree of its size must have the root of.
type bundleClaim struct {
	translog.Checkpoint
	where string
}

type bundleVerifier struct {
	zip    *zip.Reader
	keys   []string
	tree   translog.Tree
	kinds  map[string]int64
	held   map[string]bool // digests of artefacts so far
	used   map[string]bool // files that entries stand for
	table  []byte          // of the page that is read
	signed translog.Checkpoint
	claims map[int64][]bundleClaim // by size
	copies int
}

func (v *bundleVerifier) run(copies []string, progress func(done, of int64)) error {
	if err := v.checkNames(); err != nil {
		return err
	}
	if len(v.keys) == 0 {
		own, err := v.read("log/key.txt")
		if err != nil {
			return err
		}
		v.keys = strings.Fields(string(own))
	}
	raw, err := v.read("log/checkpoint")
	if err != nil {
		return err
	}
	if v.signed, _, err = translog.OpenCheckpoint(raw, v.keys...); err != nil {
		return fmt.Errorf("the checkpoint is not signed by the log's key: %w", err)
	}
	if err := v.collect(copies); err != nil {
		return err
	}
	for _, name := range v.names("log/entries/") {
		if err := v.page(name, progress); err != nil {
			return err
		}
		if err := v.checkTable(name); err != nil {
			return err
		}
	}
	if v.tree.Size() != v.signed.Size || v.tree.Root() != v.signed.Root {
		return fmt.Errorf("DIFFERENCE: the %d entries of the bundle do not derive the signed root of %d: entries were changed, removed or put in", v.tree.Size(), v.signed.Size)
	}
	for size, list := range v.claims {
		if size > v.tree.Size() {
			return fmt.Errorf("DIFFERENCE: %s says that %d entries were signed, and the bundle has %d: it is older, or the newest are left out", list[0].where, size, v.tree.Size())
		}
	}
	return v.checkRest()
}

// collect opens the copies in the bundle and those of somebody else.
func (v *bundleVerifier) collect(files []string) error {
	var list []translog.Copy
	for _, name := range v.names("log/copies/") {
		raw, err := v.read(name)
		if err != nil {
			return err
		}
		list = append(list, translog.Copy{Where: name, Raw: raw})
	}
	inside := len(list)
	for _, path := range files {
		notes, err := readNotes(path)
		if err == nil && len(notes) == 0 {
			err = fmt.Errorf("%s holds no checkpoint", path)
		}
		if err != nil {
			return err
		}
		list = append(list, notes...)
	}
	for i, kept := range list {
		c, _, err := translog.OpenCheckpoint(kept.Raw, v.keys...)
		switch {
		case err != nil && i < inside:
			continue // torn, or by a key that this one replaced
		case err != nil:
			return fmt.Errorf("%s: %w", kept.Where, err)
		case c.Size > v.signed.Size && i < inside:
			continue // signed while the bundle was written
		}
		v.claims[c.Size] = append(v.claims[c.Size], bundleClaim{c, kept.Where})
	}
	return v.settle()
}

// settle holds the tree against the copies of its size.
func (v *bundleVerifier) settle() error {
	for _, claim := range v.claims[v.tree.Size()] {
		if claim.Root != v.tree.Root() {
			return fmt.Errorf("DIFFERENCE: over its first %d entries the bundle has another root than the checkpoint in %s: an entry before it was changed after it was signed", claim.Size, claim.where)
		}
		v.copies++
	}
	return nil
}

func (v *bundleVerifier) page(name string, progress func(done, of int64)) error {
	f, err := v.zip.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxBundleLine)
	for lines.Scan() {
		var e bundledEntry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return fmt.Errorf("DIFFERENCE: %s, after entry %d: %w", name, v.tree.Size()-1, err)
		}
		if e.Index != v.tree.Size() {
			return fmt.Errorf("DIFFERENCE: entry %d is missing: the bundle goes on with %d", v.tree.Size(), e.Index)
		}
		leaf, err := v.leaf(e)
		if err != nil {
			return fmt.Errorf("DIFFERENCE: entry %d: %w", e.Index, err)
		}
		v.tree.Add(leaf)
		v.kinds[e.Kind]++
		progress(e.Index, v.signed.Size)
		if err := v.settle(); err != nil {
			return err
		}
	}
	return lines.Err()
}

// leaf derives an entry's leaf from what is here of it.
func (v *bundleVerifier) leaf(e bundledEntry) (leaf [32]byte, err error) {
	said, err := hex.DecodeString(e.Leaf)
	if err != nil || len(said) != len(leaf) {
		return leaf, errors.New("it has no leaf")
	}
	switch e.Kind {
	case "erased", "purged", "left-out":
		return [32]byte(said), nil
	case "record":
		if leaf, err = v.recordLeaf(e); err != nil {
			return leaf, err
		}
		if err := v.tableRow(e); err != nil {
			return leaf, err
		}
	default:
		at, err := time.Parse(time.RFC3339, e.Time)
		if err != nil {
			return leaf, err
		}
		name := "artefacts/" + e.Kind + "/" + e.Digest
		body, err := v.read(name)
		if err != nil {
			return leaf, err
		}
		if consent.Digest(body) != e.Digest {
			return leaf, fmt.Errorf("the bytes of the %s have another digest: they were altered", e.Kind)
		}
		v.held[e.Digest], v.used[name] = true, true
		leaf = consent.ArtefactLeaf(consent.Artefact{Kind: e.Kind, Digest: e.Digest, Time: at})
	}
	if !bytes.Equal(leaf[:], said) {
		return leaf, errors.New("it is not what its leaf commits to")
	}
	return leaf, nil
}

func (v *bundleVerifier) recordLeaf(e bundledEntry) (leaf [32]byte, err error) {
	salt, err := hex.DecodeString(e.Salt)
	if err != nil || len(salt) != 32 {
		return leaf, errors.New("it has no salt")
	}
	var r consent.Record
	if err := json.Unmarshal([]byte(e.Record), &r); err != nil {
		return leaf, err
	}
	for what, digest := range map[string]string{"notice": r.Notice.Rendering, "gate": r.Notice.Gate} {
		if !v.held[digest] {
			return leaf, fmt.Errorf("the %s that record %s names was not in the log before it", what, r.ID)
		}
	}
	return consent.RecordLeaf([32]byte(salt), []byte(e.Record)), nil
}

func (v *bundleVerifier) read(name string) ([]byte, error) {
	f, err := v.zip.Open(name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return nil, fmt.Errorf("%q is not in the bundle", name)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxBundleFile))
}

// names lists the files below a folder of the bundle, in order.
func (v *bundleVerifier) names(folder string) (list []string) {
	for _, f := range v.zip.File {
		if strings.HasPrefix(f.Name, folder) && !strings.HasSuffix(f.Name, "/") {
			list = append(list, f.Name)
		}
	}
	slices.Sort(list)
	return list
}

func (v *bundleVerifier) print(w io.Writer, ownKey bool) {
	artefacts := v.tree.Size() - v.kinds["record"] - v.kinds["erased"] - v.kinds["purged"] - v.kinds["left-out"]
	fmt.Fprintf(w, "No difference: the bundle derives what was signed, %s\n", v.signed)
	fmt.Fprintf(w, "  %s with their content, %d erased, %d purged, %d left out; %s\n", counted64(v.kinds["record"], "record", "records"),
		v.kinds["erased"], v.kinds["purged"], v.kinds["left-out"], counted64(artefacts, "notice or other artefact", "notices and other artefacts"))
	fmt.Fprintf(w, "  %s\n", counted64(int64(v.copies), "copy of a checkpoint agrees", "copies of checkpoints agree"))
	if ownKey {
		fmt.Fprintln(w, "  The key was the bundle's own: that it is the site's must be known from elsewhere. Give that one with --key.")
	}
}

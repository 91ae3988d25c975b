package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"slices"

	"github.com/spf13/cobra"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/translog"
)

const verifyLong = `Derives everything anew and holds it against what is stored: each record from
its sealed bytes, its leaf from the record, notices from their bytes, what
records and their subjects are found by from the log, tiles and root from the
leaves, and then the root against the signed checkpoint in the store, against
this server's own copy, and against every copy in the files and Git repositories
that consentry.yaml names as anchors.

Of a site with several logs each is checked, and that none is missing.

It reads only, and may run beside the server. The first difference is printed
with the entry it concerns and what it means; exit status 1.

What it shows is as strong as the copies: without one outside the reach of
whoever runs the server, they could have rewritten store and checkpoint alike.
Name one that somebody else kept with --copy.`

func newVerify(env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use: "verify", Short: "Check every record, notice, proof and checkpoint of the store",
		Long: verifyLong, GroupID: groupLookAfter, Args: cobra.NoArgs,
	}
	site := cmd.Flags().String("site", "", "one site only")
	copies := cmd.Flags().StringArray("copy", nil, "file with checkpoints that were kept elsewhere; may be repeated")
	_ = cmd.MarkFlagFilename("copy")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		d, err := openDesk(cmd.Context(), env, configDir(cmd))
		if err != nil {
			return err
		}
		defer d.close()
		return d.verify(cmd.Context(), *site, *copies)
	}
	return cmd
}

// logDesk is what commands about transparency logs work with.
type logDesk struct {
	env    environment
	config ServerConfig
	ring   *consent.Keyring
	store  consent.Store
	logs   *logSet
}

// openDesk opens an installation's store for reading, also beside a server.
func openDesk(ctx context.Context, env environment, dir string) (*logDesk, error) {
	return openDeskWith(ctx, env, dir, openForReading)
}

func openDeskWith(ctx context.Context, env environment, dir string, open storeOpener) (*logDesk, error) {
	config, err := serverConfig(dir)
	if err != nil {
		return nil, err
	}
	ring, err := readKeyring(config.KeysPath())
	if err != nil {
		return nil, err
	}
	store, err := open(ctx, config, newLogger(env.stderr, config.Log))
	if err != nil {
		return nil, err
	}
	logs, err := newLogSet(env, config, ring, store, nil)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return &logDesk{env: env, config: config, ring: ring, store: store, logs: logs}, nil
}

func (d *logDesk) close() { _ = d.store.Close() } // of one that was read, or that has answered

// sites returns the logs of those that are configured and of those that the store
// holds, in order, or those of the one that is asked for, see withLogs.
func (d *logDesk) sites(ctx context.Context, only string) ([]*consent.Site, error) {
	configured, _ := readSites(d.config) // one that cannot be read is still in the store
	owner, _ := consent.LogOf(only)
	sites, err := withHeld(ctx, d.store, d.config, configured, owner)
	if err != nil {
		return nil, err
	}
	return withLogs(ctx, d.store, sites, only)
}

// withHeld adds the sites that only a store holds to those that are configured.
func withHeld(ctx context.Context, store consent.Store, config ServerConfig, configured []*consent.Site, only string) ([]*consent.Site, error) {
	held, err := store.Sites(ctx)
	if err != nil {
		return nil, fmt.Errorf("list sites: %w", err)
	}
	for _, id := range held {
		id, _ := consent.LogOf(id)
		if !slices.ContainsFunc(configured, func(s *consent.Site) bool { return s.ID == id }) {
			configured = append(configured, &consent.Site{ID: id, Deployment: consent.Deployment{Mode: consent.ModeRemote}})
		}
	}
	if only == "" {
		return configured, nil
	}
	i := slices.IndexFunc(configured, func(s *consent.Site) bool { return s.ID == only })
	if i < 0 {
		return nil, fmt.Errorf("there is no site %q, neither in %s nor in the store", only, config.SitesDir())
	}
	return configured[i : i+1], nil
}

func (d *logDesk) verify(ctx context.Context, only string, copies []string) error {
	sites, err := d.sites(ctx, only)
	if err == nil && only == "" {
		sites, err = d.withRemembered(sites)
	}
	if err != nil {
		return err
	}
	named, err := d.namedCopies(ctx, sites, copies)
	if err != nil {
		return err
	}
	whole := true
	for _, site := range sites {
		report, err := d.verifySite(ctx, site, named[site.ID])
		if err != nil {
			return fmt.Errorf("site %s: %w", site.ID, err)
		}
		if report.Size == 0 && len(logsOf(sites, site)) > 1 {
			report.Difference = &translog.Difference{Index: -1, What: "log", Found: fmt.Sprintf(
				"it is empty, and the site has %d logs, each of which says so: this one is missing", len(logsOf(sites, site)))}
		}
		printReport(d.env.stdout, site.ID, report)
		whole = whole && report.Difference == nil
	}
	if !whole {
		return errReported
	}
	return nil
}

func (d *logDesk) verifySite(ctx context.Context, site *consent.Site, named []translog.Copy) (translog.Report, error) {
	keys, err := d.logs.of(site).VerifierKeys(ctx)
	if err != nil {
		return translog.Report{}, err
	}
	for _, a := range d.config.Anchors {
		if a.Witness != "" {
			keys = append(keys, a.Key)
		}
	}
	owner, _ := consent.LogOf(site.ID)
	identity, err := consent.DeriveIdentityKeys(d.ring.Root, owner)
	if err != nil {
		return translog.Report{}, err
	}
	copies, err := d.copies(site.ID, named)
	if err != nil {
		return translog.Report{}, err
	}
	return translog.Check(ctx, translog.CheckOptions{
		Site: site.ID, Store: d.store, Filing: d.store, Keys: keys, Copies: copies, Workers: runtime.GOMAXPROCS(0),
		Receipt: func(record consent.ID) [16]byte {
			token := identity.Receipt(record)
			sum := sha256.Sum256(token[:])
			return [16]byte(sum[:16])
		},
		Progress: d.env.progress("site "+site.ID, "entries"),
	})
}

// copies collects a site's checkpoints outside the store: this server's own, those
// that were named, and those in anchors of this machine.
func (d *logDesk) copies(site string, named []translog.Copy) (list []translog.Copy, err error) {
	own, err := d.logs.memory.Read(site)
	if err != nil {
		return nil, err
	}
	if own != nil {
		list = append(list, translog.Copy{Where: d.logs.memory.path(site), Raw: own, Own: true})
	}
	list = append(list, named...)
	for _, a := range d.logs.anchors {
		path := ""
		switch a := a.(type) {
		case *translog.FileAnchor:
			path = a.Path
		case *translog.GitAnchor:
			path = a.Path(site)
		default:
			continue
		}
		notes, err := readNotes(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // nothing was put there yet
			return nil, err
		}
		list = append(list, notes...)
	}
	return list, nil
}

func readNotes(path string) (list []translog.Copy, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	for i, raw := range translog.ReadNotes(b) {
		list = append(list, translog.Copy{Where: fmt.Sprintf("%s (no. %d)", path, i+1), Raw: raw})
	}
	return list, nil
}

// printReport says what was found in a site's log.
func printReport(w io.Writer, site string, r translog.Report) {
	fmt.Fprintf(w, "%s: %s (%s, %d erased; %s), root %s\n", site, counted64(r.Size, "entry", "entries"),
		counted64(r.Records, "record", "records"), r.Erased, counted64(r.Artefacts, "notice or other artefact", "notices and other artefacts"), r.Root)
	if r.Audits > 0 {
		fmt.Fprintf(w, "  %s what operators did\n", counted64(r.Audits, "of the artefacts tells", "of the artefacts tell"))
	}
	if r.NoTiles > 0 {
		fmt.Fprintf(w, "  %s not stored; the server derives them when they are asked for\n", counted64(r.NoTiles, "tile is", "tiles are"))
	}
	if r.Purged > 0 {
		fmt.Fprintf(w, "  %s purged, since their retention had ended\n", counted64(r.Purged, "of the erased entries was", "of the erased entries were"))
	}
	printNotes(w, r)
	for _, where := range r.Torn {
		fmt.Fprintf(w, "  %s is no checkpoint that this log's key signed; a crash may have torn it\n", where)
	}
	if r.Difference != nil {
		fmt.Fprintf(w, "  DIFFERENCE in %v\n", r.Difference)
		return
	}
	switch {
	case r.Signed == nil:
		fmt.Fprintln(w, "  no difference; nothing is signed yet, so that anything could have been changed before")
		return
	case r.Signed.Size < r.Size:
		fmt.Fprintf(w, "  %s newer than the checkpoint\n", counted64(r.Size-r.Signed.Size, "entry is", "entries are"))
	}
	fmt.Fprintf(w, "  no difference; signed: %s\n", r.Signed)
	if r.Copies == 0 {
		fmt.Fprintln(w, "  no copy outside the store was compared: whoever holds the store and the keys could have rewritten both")
		return
	}
	fmt.Fprintf(w, "  %s outside the store\n", counted64(int64(r.Copies), "copy agrees", "copies agree"))
}

// printNotes says which erasures the log itself did not tell of in their time.
func printNotes(w io.Writer, r translog.Report) {
	if r.Unnoted > 0 {
		fmt.Fprintf(w, "  %s listed, and the log has no note of it: a server that was killed while it erased leaves that until it runs again, "+
			"and so does whoever deletes a secret and puts it on the list\n", counted64(r.Unnoted, "of the erasures is", "of the erasures are"))
	}
	if r.Afterwards > 0 {
		fmt.Fprintf(w, "  %s noted only afterwards, from the list: after a kill, a restored backup, or a wait in an outbox; "+
			"ask who erased, if there was none of these\n", counted64(r.Afterwards, "of the erasures was", "of the erasures were"))
	}
}

func counted64(n int64, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

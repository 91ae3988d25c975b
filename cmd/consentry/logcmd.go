package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/outbox"
	"github.com/consentry/consentry/internal/sqlitestore"
	"github.com/consentry/consentry/internal/translog"
)

const logLong = `Every record, notice, key change and erasure of a site is an entry of its
transparency log. About four times a minute the server signs what is new: a
checkpoint says how many entries there are and what they hash to. It signs only
what continues every checkpoint it knows of, and keeps the newest of its own in
a folder outside the store (checkpoints in consentry.yaml).

When a server refuses to sign, the reason is in its log and on /readyz, with
what to do. Everything else goes on meanwhile: the gate, decisions, receipts.`

func newLog(env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use: "log", Short: "Show, repair and look after the signed transparency logs", Long: logLong, GroupID: groupLookAfter,
	}
	cmd.AddCommand(newLogShow(env), newLogAdopt(env), newLogRotate(env), newLogRestart(env))
	return cmd
}

func newLogShow(env environment) *cobra.Command {
	return &cobra.Command{
		Use: "show [SITE]", Short: "Print each log's newest checkpoint and public keys",
		Long: `Prints each log's newest checkpoint, as the store has it, and its public keys,
the newest first. A copy of the checkpoint that is kept elsewhere lets anybody
prove later that nothing before it was changed.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := openDesk(cmd.Context(), env, configDir(cmd))
			if err != nil {
				return err
			}
			defer d.close()
			return d.show(cmd.Context(), strings.Join(args, ""))
		},
	}
}

func (d *logDesk) show(ctx context.Context, only string) error {
	sites, err := d.sites(ctx, only)
	if err != nil {
		return err
	}
	for _, site := range sites {
		l := d.logs.of(site)
		keys, err := l.VerifierKeys(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(d.env.stdout, "Site %s\n", site.ID)
		for _, key := range keys {
			fmt.Fprintf(d.env.stdout, "Key %s\n", key)
		}
		raw, err := l.Checkpoint(ctx)
		switch {
		case errors.Is(err, consent.ErrNotFound):
			fmt.Fprintln(d.env.stdout, "\nnothing is signed yet")
		case err != nil:
			return err
		default:
			fmt.Fprintf(d.env.stdout, "\n%s", raw)
		}
		fmt.Fprintln(d.env.stdout)
	}
	return nil
}

const logAdoptLong = `Gives this server a checkpoint that was kept elsewhere, for a server that has
none: a second one on the same store, or one whose data folder was lost. FILE is
the checkpoint, - reads it from standard input; another server keeps it in its
checkpoints folder, and the log's public address shows it:

  curl https://www.example.com/privacy/log/checkpoint | consentry log adopt -

It must be signed with this log's key, be what the store's log continues, and
not be older than what this server knows. The running server looks at it within
seconds.

With --never-signed SITE no copy is needed: for a log that is older than this
program's checkpoints. Never use it for a log that was signed before.`

func newLogAdopt(env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use: "adopt [FILE]", Short: "Give this server a checkpoint that was kept elsewhere", Long: logAdoptLong, Args: cobra.MaximumNArgs(1),
	}
	never := cmd.Flags().String("never-signed", "", "begin to sign this site's log, of which no checkpoint was ever signed")
	publish := cmd.Flags().Bool("publish", false, "also put it in the place of a damaged checkpoint in the store")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if (len(args) == 1) == (*never != "") || *publish && *never != "" {
			return usagef("name a FILE with a checkpoint, or a site with --never-signed")
		}
		open := openForReading
		if *publish {
			open = openStore
		}
		d, err := openDeskWith(cmd.Context(), env, configDir(cmd), open)
		if err != nil {
			return err
		}
		defer d.close()
		if *never != "" {
			return d.neverSigned(cmd.Context(), *never)
		}
		return d.adopt(cmd.Context(), args[0], *publish)
	}
	return cmd
}

// adopt finds out which site a checkpoint is of: the one whose key signed it.
func (d *logDesk) adopt(ctx context.Context, file string, publish bool) error {
	raw, err := d.readInput(file)
	if err != nil {
		return err
	}
	notes := translog.ReadNotes(raw)
	if len(notes) == 0 {
		return fmt.Errorf("%s holds no checkpoint", file)
	}
	sites, err := d.sites(ctx, "")
	if err != nil {
		return err
	}
	for _, site := range sites {
		c, err := d.logs.of(site).Adopt(ctx, notes[len(notes)-1], publish)
		if errors.Is(err, translog.ErrCheckpoint) {
			continue // another site's
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(d.env.stdout, "site %s: kept in %s: %s\n", site.ID, d.logs.memory.path(site.ID), c)
		return nil
	}
	return fmt.Errorf("no site's log key signed the checkpoint in %s; is %s the right key file?", file, d.config.KeysPath())
}

func (d *logDesk) readInput(file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(d.env.stdin)
	}
	return os.ReadFile(file)
}

func (d *logDesk) neverSigned(ctx context.Context, id string) error {
	sites, err := d.sites(ctx, id)
	if err != nil {
		return err
	}
	c, err := d.logs.of(sites[0]).BeginLate(ctx)
	if err != nil {
		return fmt.Errorf("site %s: %w", id, err)
	}
	fmt.Fprintf(d.env.stdout, "site %s: the log begins as %s; the server signs it within seconds\n", id, c.Origin)
	return nil
}

func newLogRotate(env environment) *cobra.Command {
	return &cobra.Command{
		Use: "rotate-key SITE", Short: "Put a new key into use for a site's log",
		Long: `Puts a new key into use. It is announced by an entry of the log itself, and
checkpoints carry its signature and the one of the key before, so that whoever
knows that one can follow. The keys derive from the root in the key file: a new
one does not help against somebody who has that file.

` + besideLong,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return operate(cmd, env, "rotate-key", &rotateTask{Site: args[0]})
		},
	}
}

// rotateTask puts a new key into use for a site's log.
type rotateTask struct {
	Site string
}

func (t *rotateTask) run(ctx context.Context, b *workbench) error {
	sites, err := b.siteLogs(ctx, t.Site)
	if err != nil {
		return err
	}
	key, err := b.logs.of(sites[0]).RotateKey(ctx)
	if err != nil {
		return err
	}
	b.say("%s\nIt signs from the next checkpoint on. Tell those who verify your log.", key)
	return nil
}

const logRestartLong = `For a log that was signed and whose entries are lost for good: it can never be
signed again under its name without contradicting what was signed. This begins a
new log over what is left, under the same name with a number behind it. Its first
entry says where the old one broke and why, so that everybody who follows the
log can see that. Receipts of the old log still verify.

Try everything else first: the newest backup, the replicas, the outbox. It
refuses for a log that can go on. Stop this installation's server first, and
start it again afterwards. Other servers of the store need the new checkpoint afterwards:
consentry log adopt.`

func newLogRestart(env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use: "restart SITE", Short: "Begin a new log where signed entries are lost for good", Long: logRestartLong, Args: cobra.ExactArgs(1),
	}
	sure := cmd.Flags().Bool("yes", false, "the entries are lost for good")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !*sure {
			return usagef("this cannot be taken back; read consentry log restart --help, then add --yes")
		}
		return withLog(cmd, env, args[0], func(ctx context.Context, d *logDesk, l *translog.Log) error {
			name, err := l.Restart(ctx)
			if err == nil {
				fmt.Fprintf(env.stdout, "the log of site %s goes on as %s\n", args[0], name)
			}
			return err
		})
	}
	return cmd
}

// withLog opens the store for writing and acts on one site's log.
func withLog(cmd *cobra.Command, env environment, id string, act func(context.Context, *logDesk, *translog.Log) error) error {
	ctx, cancel := context.WithTimeout(cmd.Context(), time.Minute)
	defer cancel()
	d, err := openDeskWith(ctx, env, configDir(cmd), openStore)
	if errors.Is(err, sqlitestore.ErrLocked) || errors.Is(err, outbox.ErrLocked) {
		return fmt.Errorf("a running server uses the data folder; stop that server first, then run again: consentry log restart %s --yes", id)
	}
	if err != nil {
		return err
	}
	defer d.close()
	sites, err := d.sites(ctx, id)
	if err != nil {
		return err
	}
	return act(ctx, d, d.logs.of(sites[0]).Log)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/sqlitestore"
	"github.com/consentry/consentry/internal/translog"
)

const restoreLong = `Puts a backup in the place of the embedded store.

` + besideLong + `
The server reads the file whole and copies it while visitors go on deciding. Then
it ends what it is doing, as when it is stopped, and begins anew on the copy, while
whoever connects waits for some moments. When anything fails it goes on with the
store that it had.

The file is read whole before anything is changed: one that is damaged, no store,
or a newer program's is refused, and so is one that lacks entries which the
present store has, unless --older says that they are to be lost. What was there is
kept beside the store as NAME.before-restore.bak until the next erasure or purge.

Records that were erased after the backup was made are erased again, from
data/erasures.log, before this command ends. Should that file be lost as well, put
back its newest copy first.

The signed log is not bent: a server never signs an older state than it has
signed. After an old backup it serves, records and answers, signs nothing, and
says on /readyz what to do; this command says it too. Never restore an older
data/checkpoints together with the store.`

func newRestore(env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use: "restore FILE", Short: "Put a backup in the place of the embedded store", Long: restoreLong, GroupID: groupLookAfter, Args: cobra.ExactArgs(1),
	}
	older := cmd.Flags().Bool("older", false, "also when the present store has entries that the backup lacks: they are lost")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		config, err := serverConfig(configDir(cmd))
		if err != nil {
			return err
		}
		from, err := filepath.Abs(args[0])
		if err != nil {
			return err
		}
		err = restore(ctx, env, config, &restoreTask{From: from, Older: *older})
		if err != nil && ctx.Err() != nil {
			return errors.New("cancelled")
		}
		return err
	}
	return cmd
}

// restoreTask has a running server take a backup for its store.
type restoreTask struct {
	From  string // absolute
	Older bool
}

func (t *restoreTask) run(ctx context.Context, b *workbench) error {
	path, embedded := b.config.StoreFile()
	if !embedded || b.exchange == nil {
		return errors.New("this server has no embedded store")
	}
	if err := lost(ctx, t.From, path); err != nil && !t.Older {
		return err
	}
	draft, err := sqlitestore.Prepare(ctx, t.From, path, b.progress("restore", "bytes"))
	if err != nil {
		return err
	}
	next, err := b.exchange(&exchange{draft: draft, older: t.Older, from: t.From, path: path})
	if err := errors.Join(err, draft.Discard()); err != nil {
		return err
	}
	return tellRestored(ctx, b.say, b.config, next.store, path)
}

func restore(ctx context.Context, env environment, config ServerConfig, t *restoreTask) error {
	path, embedded := config.StoreFile()
	if !embedded {
		return errors.New("the store is a Redis: put back its append-only file or its snapshot while it is stopped, with its own means; the server then erases again what that brings back")
	}
	if _, err := readKeyring(config.KeysPath()); err != nil {
		return err // before receipts turn out not to open
	}
	conn, err := dialControl(ctx, filepath.Join(config.DataDir(), controlFile))
	if err != nil {
		return err
	}
	if conn != nil {
		defer conn.Close()
		return askServer(ctx, env, conn, "restore", t)
	}
	if err := lost(ctx, t.From, path); err != nil && !t.Older {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make the store's folder: %w", err)
	}
	if err := sqlitestore.Restore(ctx, t.From, path, env.progress("restore", "bytes")); err != nil {
		return err
	}
	return settleRestored(ctx, env, config, path)
}

// lost reports what the store at path has and the backup does not.
func lost(ctx context.Context, from, path string) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	older, err := sqlitestore.BackupIsOlder(ctx, from)
	if err != nil {
		return err
	}
	if older {
		return fmt.Errorf("an older program made the backup %s, which cannot be compared with the present store; to put it in its place, and lose what it lacks, add --older", from)
	}
	now, err := sqlitestore.Open(path, sqlitestore.Options{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("the present store cannot be read, so that nobody knows what the backup lacks; add --older to put the backup in its place: %w", err)
	}
	defer now.Close()
	backup, err := sqlitestore.Open(from, sqlitestore.Options{ReadOnly: true, Still: true})
	if err != nil {
		return fmt.Errorf("the backup cannot be compared with the present store: %w", err)
	}
	defer backup.Close()
	names, err := now.Sites(ctx)
	if err != nil {
		return err
	}
	var lines []string
	for _, site := range names {
		line, err := lostOf(ctx, backup, now, site)
		if err != nil {
			return err
		}
		if line != "" {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return fmt.Errorf("the present store has what the backup lacks:\n  %s\nNothing was changed. To lose these entries add --older; to keep a copy of them first: consentry backup FILE",
		strings.Join(lines, "\n  "))
}

// lostOf compares the newest entry that both may have, and their sizes.
func lostOf(ctx context.Context, backup, now consent.Store, site string) (string, error) {
	old, err := backup.Head(ctx, site)
	if err != nil {
		return "", err
	}
	head, err := now.Head(ctx, site)
	if err != nil {
		return "", err
	}
	if head.Size > old.Size {
		return fmt.Sprintf("site %s: %s, up to %s; the backup has %d", site, counted64(head.Size, "entry", "entries"),
			head.Newest.UTC().Format("2006-01-02 15:04:05 MST"), old.Size), nil
	}
	if head.Size == 0 {
		return "", nil
	}
	mine, err := now.Leaves(ctx, site, head.Size-1, 1)
	if err != nil {
		return "", err
	}
	theirs, err := backup.Leaves(ctx, site, head.Size-1, 1)
	if err != nil || mine[0] == theirs[0] {
		return "", err
	}
	return fmt.Sprintf("site %s: another log; its entry %d differs", site, head.Size-1), nil
}

// settleRestored erases again what the backup brought back, from the store's
// files too, and says what every log is from now on.
func settleRestored(ctx context.Context, env environment, config ServerConfig, path string) error {
	store, err := openListed(ctx, config, slog.New(slog.NewTextHandler(env.stderr, nil)))
	if err != nil {
		return fmt.Errorf("the backup is in its place, and what was erased since could not be erased again; the server does it when it starts: %w", err)
	}
	say := func(format string, args ...any) { fmt.Fprintf(env.stdout, format+"\n", args...) }
	return errors.Join(tellRestored(ctx, say, config, store, path), store.Close())
}

// tellRestored waits until nothing that was erased again is in the store's files, and
// says what every log is.
func tellRestored(ctx context.Context, say func(format string, args ...any), config ServerConfig, store *listedStore, path string) error {
	err := store.Scrub(ctx)
	say("%s holds the backup", path)
	names, sitesErr := store.Sites(ctx)
	err = errors.Join(err, sitesErr)
	memory := checkpointDir(config.CheckpointsDir())
	for _, site := range names {
		line, tellErr := restoredLog(ctx, store, memory, site)
		err = errors.Join(err, tellErr)
		say("%s", line)
	}
	return err
}

// restoredLog says whether a log goes on from where it was signed.
func restoredLog(ctx context.Context, store consent.Store, memory checkpointDir, site string) (string, error) {
	head, err := store.Head(ctx, site)
	if err != nil {
		return "", err
	}
	line := fmt.Sprintf("site %s: %s", site, counted64(head.Size, "entry", "entries"))
	raw, err := memory.Read(site)
	if err != nil {
		return line, err
	}
	if raw == nil {
		return line + fmt.Sprintf(". This server has no checkpoint of its log in %s and signs nothing until it is given one: consentry log adopt --help", string(memory)), nil
	}
	signed, err := translog.ReadCheckpoint(raw)
	if err != nil {
		return line, fmt.Errorf("read %s: %w", memory.path(site), err)
	}
	said := fmt.Sprintf(", and %d were signed", signed.Size)
	if signed.Size <= head.Size {
		root, err := rootOf(ctx, store, site, signed.Size)
		if err != nil {
			return line, err
		}
		if root == signed.Root {
			return line + ", and the log goes on", nil
		}
		said += ", which are others than the first of these"
	}
	return line + said + fmt.Sprintf(": the server serves and signs nothing, since it would contradict itself.\n"+
		"  Look for a newer backup first. When there is none, stop the server and run: consentry log restart %s", site), nil
}

// rootOf derives the root over the first size entries of a log.
func rootOf(ctx context.Context, store consent.Store, site string, size int64) (root [32]byte, err error) {
	var tree translog.Tree
	for tree.Size() < size {
		leaves, err := store.Leaves(ctx, site, tree.Size(), int(min(leavesAtOnce, size-tree.Size())))
		if err == nil && len(leaves) == 0 {
			err = fmt.Errorf("the log of %s lacks entry %d", site, tree.Size())
		}
		if err != nil {
			return root, err
		}
		for _, leaf := range leaves {
			tree.Add(leaf)
		}
	}
	return tree.Root(), nil
}

const leavesAtOnce = 4096

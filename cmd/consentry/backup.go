package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

const backupLong = `Writes the embedded store's present state to one file, readable by its owner
alone, while visitors go on deciding. TO is the new file, or a folder, in which the
file is named after the time. It appears whole or not at all.

` + besideLong + `

The file has everything of the store and nothing beside it. Keep apart from it:

  keys.json          without it no receipt of the backup opens; never in the same
                     place, since together they tell everything
  data/erasures.log  what was erased: "consentry restore" erases it again
  data/checkpoints   by them a server notices that an old backup was restored; never
                     restore an older state of them

A backup holds the secrets of records that are erased later. Keep none for longer
than you have to. A Redis is backed up with its own means (its append-only file or
snapshot); the server erases again what that brings back.`

// backupTask writes the store's state to a file.
type backupTask struct {
	To string // absolute
}

func newBackup(env environment) *cobra.Command {
	return &cobra.Command{
		Use: "backup TO", Short: "Copy the embedded store to a file while it is in use", Long: backupLong, GroupID: groupLookAfter, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			to, err := filepath.Abs(args[0])
			if err != nil {
				return err
			}
			if info, err := os.Stat(to); err == nil && info.IsDir() {
				to = filepath.Join(to, "consentry-"+env.now().UTC().Format("20060102T150405Z")+".db")
			}
			return operate(cmd, env, "backup", &backupTask{To: to})
		},
	}
}

func (t *backupTask) run(ctx context.Context, b *workbench) error {
	store := b.embedded()
	if store == nil {
		return errors.New("the store is a Redis, which is backed up with its own means: copy its append-only file or its snapshot; see consentry backup --help")
	}
	if err := store.Backup(ctx, t.To, b.progress("backup", "bytes")); err != nil {
		return err
	}
	info, err := os.Stat(t.To)
	if err != nil {
		return err
	}
	b.say("wrote %s, %s", t.To, megabytes(info.Size()))
	return nil
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/(1<<20)) }

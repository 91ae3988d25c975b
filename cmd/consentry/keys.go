package main

import (
	"errors"
	"fmt"
	"io/fs"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/cookie"
)

const keysLong = `The key file (keys.json unless consentry.yaml says otherwise) holds two kinds
of secrets:

  root     names records, receipts and visitors. It never changes; without it
           retries are recorded twice and no receipt opens again.
  cookie   sign the cookies. The newest signs, all of them verify, so that a
           new one asks no visitor again.

It also notes the names of the transparency logs that were begun with it, so that
a server whose store and data folder were lost never signs a second history.

Whoever holds the file can forge choices and link cookies with records. Keep it
readable for the server alone, keep a copy apart from the store's backups, and
never put it into a repository.`

func newKeys(env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "keys",
		Short:   "Make, rotate and list the secrets that sign cookies and name records",
		Long:    keysLong,
		GroupID: groupLookAfter,
	}
	cmd.AddCommand(newKeysNew(env), newKeysRotate(env), newKeysList(env), newKeysSite(env))
	return cmd
}

func newKeysNew(env environment) *cobra.Command {
	return &cobra.Command{
		Use:   "new",
		Short: "Write a new key file where there is none",
		Long: `Writes a new key file, mode 0600. It refuses to replace one: with other keys
every cookie turns invalid and every receipt is lost.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := serverConfig(configDir(cmd))
			if err != nil {
				return err
			}
			if err := createKeys(env, config.KeysPath()); err != nil {
				return err
			}
			fmt.Fprintf(env.stdout, "wrote %s. Keep a copy of it apart from the store's backups.\n", config.KeysPath())
			return nil
		},
	}
}

// createKeys draws a keyring and writes it to a file that must not exist yet.
func createKeys(env environment, path string) error {
	ring, err := consent.NewKeyring(env.random, env.now())
	if err != nil {
		return err
	}
	text, err := ring.Format()
	if err != nil {
		return err
	}
	err = writeWhole(path, text, secretMode, false)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists and is left as it is; for a new cookie key use: consentry keys rotate", path)
	}
	return err
}

func newKeysRotate(env environment) *cobra.Command {
	return &cobra.Command{
		Use:   "rotate",
		Short: "Add a cookie key that signs from now on",
		Long: `Adds a cookie key that signs new cookies. The older keys go on verifying, so
nobody is asked again. To drop an old key, remove its entry from the file once
every cookie it signed has expired (at most 390 days).

A running server reads the file again on SIGHUP. With several servers copy the
file to all of them first, then signal them one after the
other in quick succession; a server without the new key takes its cookies for
invalid and asks again.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := serverConfig(configDir(cmd))
			if err != nil {
				return err
			}
			return rotateKeys(env, config.KeysPath())
		},
	}
}

func rotateKeys(env environment, path string) error {
	var id string
	err := changeKeys(path, func(ring *consent.Keyring) error {
		err := ring.Rotate(env.random, env.now())
		id = ring.Cookie[0].ID
		return err
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "added cookie key %s to %s.\n", id, path)
	fmt.Fprintln(env.stdout, "Servers sign with it once they get SIGHUP or are restarted; the older keys still verify.")
	return nil
}

func newKeysList(env environment) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the keys by name and age, never the secrets",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := serverConfig(configDir(cmd))
			if err != nil {
				return err
			}
			ring, err := readKeyring(config.KeysPath())
			if err != nil {
				return err
			}
			return listKeys(env, ring)
		},
	}
}

func listKeys(env environment, ring *consent.Keyring) error {
	w := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "KEY\tKIND\tCREATED\tUSE")
	fmt.Fprintf(w, "%s\troot\t\tnames records and receipts\n", ring.RootCheck())
	for i, key := range ring.Cookie {
		use := "verifies"
		if i == 0 {
			use = "signs and verifies"
		}
		fmt.Fprintf(w, "%s\tcookie\t%s\t%s\n", key.ID, key.Created.Format(time.RFC3339), use)
	}
	return w.Flush()
}

func newKeysSite(env environment) *cobra.Command {
	return &cobra.Command{
		Use:   "site SITE",
		Short: "Print one site's cookie keys, for its backend to verify choices offline",
		Long: `Prints the keys that sign one site's cookies, newest first, as hex, so that the
site's own backend can verify a visitor's choice without asking Consentry.

These are secrets. Who holds them can forge any visitor's choice on this site;
they open no record, no receipt and no other site's cookies. After "keys rotate"
the backend needs the new one too.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			config, err := serverConfig(configDir(cmd))
			if err != nil {
				return err
			}
			site, err := findSite(config, args[0])
			if err != nil {
				return err
			}
			ring, err := readKeyring(config.KeysPath())
			if err != nil {
				return err
			}
			return printSiteKeys(env, ring, site.ID)
		},
	}
}

func printSiteKeys(env environment, ring *consent.Keyring, site string) error {
	for _, key := range ring.Cookie {
		derived, err := cookie.SiteKey(key, site)
		if err != nil {
			return err
		}
		fmt.Fprintf(env.stdout, "%s  %x\n", key.ID, derived)
	}
	fmt.Fprintln(env.stderr, "These are secrets: whoever holds them can forge choices on this site.")
	return nil
}

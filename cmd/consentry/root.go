package main

import "github.com/spf13/cobra"

const rootLong = `Consentry asks visitors before third-party tags run, and keeps the proof.

It is a small server that a website puts in front of its analytics and share
widgets. It serves one script and one banner, holds the marked tags back until
the visitor permits them, signs the choice into a cookie, writes a verifiable
proof of it to a store, and counts how visitors decide.

The first five minutes:

  consentry init shop --site shop --origin https://www.example.com
                            writes settings, a site file and keys into ./shop
  cd shop
  $EDITOR sites/shop.yaml   say who you are and which services the site uses
  consentry check           finds mistakes: file, line, and how to mend them
  consentry snippet shop    what to paste into the pages and the web server
  consentry serve           starts; it says where the dashboard is

Only looking? "consentry demo" opens a small shop on this machine that shows
the whole of it, with stand-ins for the vendors.

Files, in the folder that --config names (default: the current one):

  consentry.yaml   the server: addresses, store, proxies   consentry help config
  sites/*.yaml     one file for each site                  consentry help site
  keys.json        secrets. Without them no cookie is valid and no receipt
                   opens: keep a copy, and show it to nobody
  data/            the embedded store

Exit status: 0 all is well, 1 a problem was found, 2 the command was used
wrongly.`

// Groups under which --help lists the commands.
const (
	groupStart     = "start"
	groupLookAfter = "look-after"
	groupReference = "reference"
)

// newRoot assembles the whole command line.
func newRoot(env environment) *cobra.Command {
	root := &cobra.Command{
		Use:           "consentry",
		Short:         "Ask visitors before third-party tags run, and keep the proof",
		Long:          rootLong,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetIn(env.stdin)
	root.SetOut(env.stdout)
	root.SetErr(env.stderr)
	root.PersistentFlags().String("config", ".", "folder with consentry.yaml")
	_ = root.MarkPersistentFlagDirname("config") // fails only for an unknown flag
	root.AddGroup(
		&cobra.Group{ID: groupStart, Title: "Start:"},
		&cobra.Group{ID: groupLookAfter, Title: "Look after:"},
		&cobra.Group{ID: groupReference, Title: "Look up:"},
	)
	root.SetHelpCommandGroupID(groupReference)
	root.SetCompletionCommandGroupID(groupReference)
	root.AddCommand(commands(env)...)
	root.AddCommand(newTopics(env)...)
	return root
}

// commands lists the subcommands in the order in which a new owner meets them.
func commands(env environment) []*cobra.Command {
	return []*cobra.Command{
		newInit(env),
		newCheck(env),
		newSnippetCommand(env),
		newPolicyText(env),
		newServe(env),
		newDemo(env),
		newAccounts(env),
		newKeys(env),
		newLog(env),
		newVerify(env),
		newProve(env),
		newVerifyReceipt(env),
		newVerifyCookie(env),
		newReproduce(env),
		newExport(env),
		newBackup(env),
		newRestore(env),
		newErase(env),
		newPrune(env),
		newMigrate(env),
		newBundle(env),
		newVerifyBundle(env),
		newImport(env),
		newExperiment(env),
		newDoctor(env),
		newCatalogue(env),
		newRegimes(env),
		newSchema(env),
		newVersion(env),
	}
}

// configDir returns the folder that --config names.
func configDir(cmd *cobra.Command) string {
	dir, err := cmd.Flags().GetString("config")
	if err != nil {
		panic(err) // the flag is defined on the root
	}
	if dir == "" {
		return "."
	}
	return dir
}

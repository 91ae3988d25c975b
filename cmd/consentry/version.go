package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the linker: -ldflags "-X main.version=v1.2.3". Everything
// else asks programVersion.
var version string

// programVersion names this build: what the linker said, else the module's
// version, else the commit it was built from.
func programVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return cmp.Or(version, "unknown")
	}
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		return cmp.Or(version, info.Main.Version)
	}
	settings := make(map[string]string)
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	commit := settings["vcs.revision"]
	if commit == "" {
		return cmp.Or(version, "dev")
	}
	commit = "dev-" + commit[:min(12, len(commit))]
	if settings["vcs.modified"] == "true" {
		commit += "-dirty"
	}
	return cmp.Or(version, commit)
}

func newVersion(env environment) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print version, Go version and platform",
		GroupID: groupReference,
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(env.stdout, "consentry %s (%s, %s/%s)\n",
				programVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}

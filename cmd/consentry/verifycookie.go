package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/consentry/consentry/internal/cookie"
)

const verifyCookieLong = `Checks the value of a site's sealed cookie with the site's keys and prints what
it says. The value is taken as a browser shows it, with the name and = in front
or without; - reads it from standard input, so that it stays out of the shell's
history. Exit status 1 when the signature does not hold or it has run out.`

func newVerifyCookie(env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use: "verify-cookie SITE VALUE", Short: "Check a sealed cookie and print what it says",
		Long: verifyCookieLong, GroupID: groupLookAfter, Args: cobra.ExactArgs(2),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		value := args[1]
		if value == "-" {
			b, err := readInput(env, "-")
			if err != nil {
				return err
			}
			value = string(b)
		}
		return verifyCookie(env, configDir(cmd), args[0], value)
	}
	return cmd
}

func verifyCookie(env environment, dir, id, value string) error {
	config, err := serverConfig(dir)
	if err != nil {
		return err
	}
	ring, err := readKeyring(config.KeysPath())
	if err != nil {
		return err
	}
	site, err := findSite(config, id)
	if err != nil {
		return err
	}
	jar, err := cookie.New(site, ring)
	if err != nil {
		return err
	}
	value = strings.TrimSpace(value)
	if _, after, named := strings.Cut(value, "="); named && strings.Contains(value[:len(value)-len(after)], "consentry") {
		value = after
	}
	sealed, err := jar.Decode(value, env.now())
	if err != nil {
		return fmt.Errorf("the cookie is not valid for site %s now: %w", id, err)
	}
	out, err := json.MarshalIndent(sealed, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.stdout, "%s\n", out)
	return err
}

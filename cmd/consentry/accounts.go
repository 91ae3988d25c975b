package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/dashboard"
)

const accountsLong = `Lists who may open the dashboard, and invites, resets and disables accounts, as
the dashboard's page Access does. A forgotten password is mended with

  consentry accounts reset NAME

which prints a link that sets another, once and within 72 hours. What is done
stands in the audit trail, as done by command.

` + besideLong

// accountsTask changes one account.
type accountsTask struct {
	Do    string // invite, reset, disable
	Name  string
	Email string
	Role  string
	Sites []string // none: all
}

func newAccounts(env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use: "accounts", Short: "Say who may open the dashboard", Long: accountsLong, GroupID: groupLookAfter, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return listAccounts(env, configDir(cmd)) },
	}
	invite := accountCommand(env, "invite", "Invite somebody and print a one-time link")
	invite.cmd.Flags().StringVar(&invite.task.Role, "role", "marketer", "owner, marketer or auditor")
	invite.cmd.Flags().StringVar(&invite.task.Email, "email", "", "address by which an identity provider names them")
	invite.cmd.Flags().StringSliceVar(&invite.task.Sites, "site", nil, "only this site; may be repeated (default: all sites)")
	cmd.AddCommand(invite.cmd, accountCommand(env, "reset", "End a password and print a link that sets another").cmd,
		accountCommand(env, "disable", "End an account, its sessions and the tokens that it made").cmd)
	return cmd
}

type oneAccount struct {
	cmd  *cobra.Command
	task *accountsTask
}

func accountCommand(env environment, do, short string) oneAccount {
	t := &accountsTask{Do: do}
	cmd := &cobra.Command{Use: do + " NAME", Short: short, Long: short + ".\n\n" + besideLong, Args: cobra.ExactArgs(1)}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		t.Name = args[0]
		return operate(cmd, env, "accounts", t)
	}
	return oneAccount{cmd, t}
}

func listAccounts(env environment, dir string) error {
	config, err := serverConfig(dir)
	if err != nil {
		return err
	}
	list, err := dashboard.NewAccountsFile(config.AccountsPath()).List(env.now())
	if err != nil {
		return err
	}
	if len(list) == 0 {
		fmt.Fprintln(env.stdout, "no account yet; consentry serve prints the link that sets the first password")
		return nil
	}
	out := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	for _, one := range list {
		sites := "all sites"
		if !one.Scope.All {
			sites = strings.Join(one.Scope.Sites, ",")
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\n", one.Name, one.Role, sites, one.State, one.Email)
	}
	return out.Flush()
}

func (t *accountsTask) run(ctx context.Context, b *workbench) error {
	trail, err := b.trail(ctx)
	if err != nil {
		return err
	}
	p := dashboard.Person{Name: t.Name, Email: t.Email, Role: dashboard.Role(t.Role), Scope: dashboard.Scope{All: len(t.Sites) == 0, Sites: t.Sites}}
	note := func(action, detail string, opens *dashboard.Scope) func(dashboard.Scope) error {
		return func(scope dashboard.Scope) error {
			return trail.WriteOpening(ctx, scope, consent.AuditEntry{Actor: "command", Action: action, About: t.Name, Detail: detail}, opens)
		}
	}
	token := ""
	switch t.Do {
	case "invite":
		if _, err := b.sitesNamed(ctx, t.Sites); err != nil {
			return err
		}
		token, err = b.accounts.Invite(p, b.env.now(), note(consent.AuditInvited, t.Role, &p.Scope))
	case "reset":
		token, err = b.accounts.Reset(t.Name, b.env.now(), note(consent.AuditReset, "", nil))
	case "disable":
		err = b.accounts.Disable(t.Name, b.env.now(), note(consent.AuditDisabled, "", nil), func(token string, scope dashboard.Scope) error {
			return trail.Write(ctx, scope, consent.AuditEntry{Actor: "command", Action: consent.AuditTokenRevoked, About: token})
		})
	}
	if err != nil {
		return fmt.Errorf("account %s: %w", t.Name, err)
	}
	if token == "" {
		b.say("%s is disabled", t.Name)
		return nil
	}
	b.say("Send this link to %s; it sets the password, once and within 72 hours:\n  %s/admin/invite/%s", t.Name, b.config.deskAddress(), token)
	return nil
}

// sitesNamed finds sites by their ids.
func (b *workbench) sitesNamed(ctx context.Context, ids []string) (list []*consent.Site, err error) {
	for _, id := range ids {
		found, err := b.sites(ctx, id)
		if err != nil {
			return nil, err
		}
		list = append(list, found...)
	}
	return list, nil
}

// deskAddress is where operators' browsers reach the dashboard, as far as the
// configuration says.
func (c ServerConfig) deskAddress() string {
	if c.OpenID.Address != "" {
		return c.OpenID.Address
	}
	return "http://" + c.AdminListen
}

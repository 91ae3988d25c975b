package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/siteconfig"
)

func newRegimes(env environment) *cobra.Command {
	return &cobra.Command{
		Use:   "regimes [PLACE]",
		Short: "List which rule holds where, for sites with regime: local",
		Long: `Lists the built-in table of regimes: by country (ISO 3166-1) and state of the
United States. A place that is not in it is opt-in. It is not legal advice; a
site file changes it under regimes. With a place only its line is shown.`,
		GroupID: groupReference,
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			date, rules := siteconfig.Regimes()
			found := false
			w := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintf(w, "PLACE\tREGIME\tGPC BINDS\tCOOL-DOWN\tSOURCE (as of %s)\n", date)
			for _, r := range rules {
				if len(args) > 0 && !strings.EqualFold(args[0], r.Place) {
					continue
				}
				found = true
				binds, coolDown := "", ""
				if r.GPC {
					binds = "yes"
				}
				if r.CoolDown > 0 {
					coolDown = r.CoolDown.String()
				}
				fmt.Fprintln(w, strings.Join([]string{r.Place, r.Regime, binds, coolDown, r.Source}, "\t"))
			}
			if len(args) > 0 && !found {
				fmt.Fprintln(w, strings.ToUpper(args[0])+"\topt-in\t\t\tno place of this table")
			}
			return w.Flush()
		},
	}
}

func newPolicyText(env environment) *cobra.Command {
	return &cobra.Command{
		Use:   "policy-text SITE",
		Short: "Print the paragraph for a site's privacy policy, as it is configured",
		Long: `Prints, in English, what the site's privacy policy can say of choices and signals:
it describes what is configured now. Print it again after each change of the
site's file.`,
		GroupID: groupStart,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			config, err := serverConfig(configDir(cmd))
			if err != nil {
				return err
			}
			site, err := findSite(config, args[0])
			if err != nil {
				return err
			}
			writePolicyText(env.stdout, site)
			return nil
		},
	}
}

// writePolicyText describes a site's regimes and signals, one sentence a line.
func writePolicyText(w io.Writer, site *consent.Site) {
	p := site.Policy
	if p.ChildDirected {
		fmt.Fprintf(w, "%s is for children. It loads nothing of other companies, asks nothing and stores no choice.\n", site.Name)
		return
	}
	days := int(p.Memory.Hours() / 24)
	if len(p.Regimes.Rules) == 0 {
		fmt.Fprintf(w, "%s runs nothing that is not necessary before you allow it, wherever you are.\n", site.Name)
	} else {
		fmt.Fprintf(w, "%s goes by the law of the place where you are, as far as your country or your state of the United States can be told from your address; the address is not kept for that. "+
			"Where consent is needed, and where your country is not known, nothing that is not necessary runs before you allow it. "+
			"Elsewhere it runs until you object under %q (%s/choices), which you can do at any time. "+
			"Where the law says so, whoever has objected is not asked again for twelve months.\n", site.Name, site.Texts[site.Locales[0]].PrivacyChoices, site.Base())
	}
	fmt.Fprintf(w, "A choice, a refusal as much as a permission, is remembered for %d days or longer where the law asks for it; you can change it at any time.\n", days)
	for _, c := range p.Optional() {
		if len(c.Exempt) > 0 {
			fmt.Fprintf(w, "In %s the category %q only measures the audience of this site for its publisher and runs without consent, until you object.\n", strings.Join(c.Exempt, " and "), site.Texts[site.Locales[0]].Categories[c.ID].Title)
		}
	}
	where := "everywhere"
	if p.Signals.GPCBinding {
		where = "where the law binds us to it"
	}
	fmt.Fprintf(w, "We honour Global Privacy Control (Sec-GPC) %s: it takes back what you had permitted without it and permits nothing. %s\n", where, afterSignal(site))
	switch p.Signals.DNT {
	case consent.DNTHonor:
		fmt.Fprintln(w, "We treat Do Not Track in the same way, everywhere.")
	case consent.DNTDisclose:
		fmt.Fprintln(w, "We do not respond to Do Not Track.")
	}
}

// afterSignal says what a click counts while the browser signals.
func afterSignal(site *consent.Site) string {
	var kept []string
	for _, c := range site.Policy.Optional() {
		if site.Policy.Yields(c.ID) {
			kept = append(kept, strconv.Quote(site.Texts[site.Locales[0]].Categories[c.ID].Title))
		}
	}
	switch {
	case len(kept) == 0:
		return "What you allow on this site after that counts all the same; the page tells you of the signal when you are asked."
	case len(kept) == len(site.Policy.Optional()):
		return "While your browser sends it, nothing optional can be allowed on this site but single embeds where they stand."
	}
	return "While your browser sends it, " + strings.Join(kept, ", ") + " cannot be allowed on this site as a whole, only single embeds where they stand; anything else that you allow after that counts."
}

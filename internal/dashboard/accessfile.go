package dashboard

import (
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
)

// accessFile is who may open the dashboard and the API. Nothing in it opens either.
type accessFile struct {
	Accounts []accessAccount `json:"accounts"`
	Tokens   []accessToken   `json:"tokens"`
}

type accessAccount struct {
	Name  string `json:"name"`
	Email string `json:"email"`
	Role  Role   `json:"role"`
	Scope Scope  `json:"scope"`
	State string `json:"state"`
}

type accessToken struct {
	Name    string            `json:"name"`
	Role    string            `json:"role"`
	Scope   Scope             `json:"scope"`
	By      string            `json:"made_by"`
	Expires consent.Timestamp `json:"expires"`
	Expired bool              `json:"expired"`
}

func (d *Dashboard) accessNow() (out accessFile, err error) {
	out = accessFile{Accounts: []accessAccount{}, Tokens: []accessToken{}}
	people, err := d.Accounts.List(d.Now())
	if err != nil {
		return out, err
	}
	for _, p := range people {
		out.Accounts = append(out.Accounts, accessAccount{p.Name, p.Email, p.Role, p.Scope, p.State})
	}
	tokens, err := d.Accounts.tokenRows(d.Now())
	for _, t := range tokens {
		out.Tokens = append(out.Tokens, accessToken{t.Name, t.Role, Scope{All: t.All, Sites: t.Sites}, t.By, consent.At(t.Expires), t.Expired})
	}
	return out, err
}

func (d *Dashboard) getAccessJSON(c echo.Context) error {
	out, err := d.accessNow()
	if err != nil {
		return err
	}
	return attachJSON(c, "access", out)
}

func (d *Dashboard) getAccountsCSV(c echo.Context) error {
	out, err := d.accessNow()
	if err != nil {
		return err
	}
	rows := [][]string{{"name", "email", "role", "sites", "state"}}
	for _, a := range out.Accounts {
		rows = append(rows, []string{a.Name, a.Email, string(a.Role), a.Scope.column(), a.State})
	}
	return writeRows(c, "accounts", rows)
}

func (d *Dashboard) getTokensCSV(c echo.Context) error {
	out, err := d.accessNow()
	if err != nil {
		return err
	}
	rows := [][]string{{"name", "role", "sites", "made_by", "expires", "expired"}}
	for _, t := range out.Tokens {
		rows = append(rows, []string{t.Name, t.Role, t.Scope.column(), t.By, written(&t.Expires), strconv.FormatBool(t.Expired)})
	}
	return writeRows(c, "tokens", rows)
}

// column is a scope in one column: no id of a site has a blank or an asterisk in it.
func (s Scope) column() string {
	if s.All {
		return "*"
	}
	return strings.Join(s.Sites, " ")
}

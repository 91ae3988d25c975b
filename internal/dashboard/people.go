package dashboard

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"time"
)

// inviteLifetime is how long a set-up link of an account works.
const inviteLifetime = 72 * time.Hour

// ErrAccount is a change of accounts that cannot be made: 422, or 404 of one that
// there is not. What wraps it says why.
var (
	ErrAccount   = errors.New("this cannot be done")
	ErrNoAccount = errors.New("there is no such account")
)

var accountName = regexp.MustCompile(`^[a-z0-9][a-z0-9._@+-]{0,63}$`)

// Person is an account as it is invited or changed.
type Person struct {
	Name  string // lower case: letters, digits and . _ @ + -
	Email string // "" for none
	Role  Role
	Scope Scope
}

func (p Person) check() error {
	switch {
	case !accountName.MatchString(p.Name):
		return fmt.Errorf("%w: a name is 1 to 64 lower-case letters, digits and . _ @ + -", ErrAccount)
	case !p.Role.opens(seeRates):
		return fmt.Errorf("%w: a role is owner, marketer or auditor", ErrAccount)
	case !p.Scope.All && len(p.Scope.Sites) == 0:
		return fmt.Errorf("%w: choose all sites, or at least one", ErrAccount)
	}
	if p.Email == "" {
		return nil
	}
	if a, err := mail.ParseAddress(p.Email); err != nil || a.Address != p.Email {
		return fmt.Errorf("%w: this is no e-mail address", ErrAccount)
	}
	return nil
}

// Invite adds an account without a password and returns its link's token. note is
// called, here as below, with the sites that the change is about, once it is certain
// that it can be made; its error keeps it from being made.
func (f *AccountsFile) Invite(p Person, now time.Time, note func(Scope) error) (token string, err error) {
	if err := p.check(); err != nil {
		return "", err
	}
	err = f.change(func(a *accounts) error {
		if len(a.Accounts) == 0 {
			return fmt.Errorf("%w: the first account is set up under the link that the server prints", ErrAccount)
		}
		if a.find(p.Name) != nil {
			return fmt.Errorf("%w: this name is taken", ErrAccount)
		}
		if err := a.freeEmail(p); err != nil {
			return err
		}
		fresh := account{Name: p.Name, Email: p.Email, Role: p.Role, Scope: p.Scope, Created: now.UTC(), Since: now.UTC(), Mark: randomText()}
		token = fresh.invite(now)
		a.Accounts = append(a.Accounts, fresh)
		return note(p.Scope)
	})
	return token, err
}

// freeEmail refuses an address that names another account.
func (a *accounts) freeEmail(p Person) error {
	for _, other := range a.Accounts {
		if p.Email != "" && other.Name != p.Name && sameAddress(other.Email, p.Email) {
			return fmt.Errorf("%w: this address is another account's", ErrAccount)
		}
	}
	return nil
}

// invite draws a link's token.
func (a *account) invite(now time.Time) (token string) {
	token = randomText()
	a.Invite = &invite{Hash: hashToken(token), Expires: now.Add(inviteLifetime).UTC()}
	return token
}

// hashToken is how a random token is kept: 256 bits need no slow hash.
func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// bind keeps as whom the identity provider names an account's person, unless the
// account is another by now. Errors: ErrNoAccount.
func (f *AccountsFile) bind(was account, subject string) error {
	return f.change(func(a *accounts) error {
		one := a.find(was.Name)
		if one == nil || one.Mark != was.Mark || one.Disabled || one.Subject != "" && one.Subject != subject {
			return ErrNoAccount
		}
		one.Subject = subject
		return nil
	})
}

// Change gives an account another role, scope and address. Its sessions end, and with
// another address it may be another person's.
func (f *AccountsFile) Change(p Person, now time.Time, note func(Scope) error) error {
	if err := p.check(); err != nil {
		return err
	}
	return f.edit(p.Name, now, note, func(a *accounts, one *account) error {
		if !sameAddress(one.Email, p.Email) {
			one.Subject = ""
		}
		one.Role, one.Scope, one.Email = p.Role, p.Scope, p.Email
		return a.freeEmail(p)
	})
}

// Disable ends an account: its sessions, its password, its link and the tokens that
// it made, since who made one has had its text. ends is as note, about each of these.
func (f *AccountsFile) Disable(name string, now time.Time, note func(Scope) error, ends func(token string, scope Scope) error) error {
	var ended []token
	noteAll := func(scope Scope) error {
		if err := note(scope); err != nil {
			return err
		}
		for _, t := range ended {
			if err := ends(t.Name, t.Scope); err != nil {
				return err
			}
		}
		return nil
	}
	return f.edit(name, now, noteAll, func(a *accounts, one *account) error {
		one.Disabled, one.Password, one.Invite = true, "", nil
		a.Tokens = slices.DeleteFunc(a.Tokens, func(t token) bool {
			if t.By == name {
				ended = append(ended, t)
			}
			return t.By == name
		})
		return nil
	})
}

// Reset ends an account's sessions and its password, forgets who the identity provider
// says it is, and returns the token of a link under which another password is set. A
// disabled account works again with it.
func (f *AccountsFile) Reset(name string, now time.Time, note func(Scope) error) (token string, err error) {
	err = f.edit(name, now, note, func(_ *accounts, one *account) error {
		one.Disabled, one.Password, one.Subject = false, "", ""
		token = one.invite(now)
		return nil
	})
	return token, err
}

// edit changes one account and ends its sessions. What would leave no owner of
// all sites is refused.
func (f *AccountsFile) edit(name string, now time.Time, note func(Scope) error, edit func(*accounts, *account) error) error {
	return f.change(func(a *accounts) error {
		one := a.find(name)
		if one == nil {
			return ErrNoAccount
		}
		was := one.Scope
		ruled := slices.ContainsFunc(a.Accounts, func(a account) bool { return a.rules(now) })
		one.Since, one.Mark = now.UTC(), randomText()
		if err := edit(a, one); err != nil {
			return err
		}
		if ruled && !slices.ContainsFunc(a.Accounts, func(a account) bool { return a.rules(now) }) {
			return fmt.Errorf("%w: somebody must be left who owns all sites", ErrAccount)
		}
		return note(was.and(one.Scope))
	})
}

// rules reports whether an account can manage the others: with its password, its
// address or a link that still works.
func (a account) rules(now time.Time) bool {
	enters := a.Password != "" || a.Email != "" || a.Invite != nil && now.Before(a.Invite.Expires)
	return a.Role == Owner && a.Scope.All && !a.Disabled && enters
}

// setPassword takes the account's link away with it, and returns the account as it
// is then. unless is asked last whether what entitles to it still holds.
func (f *AccountsFile) setPassword(name, hash string, now time.Time, note func(Scope) error, unless func(*account) error) (set account, err error) {
	err = f.edit(name, now, note, func(_ *accounts, one *account) error {
		if err := unless(one); err != nil {
			return err
		}
		one.Password, one.Invite = hash, nil
		set = *one
		return nil
	})
	return set, err
}

// invited finds the account that a link's token sets up, "" for none.
func (f *AccountsFile) invited(token string, now time.Time) (name string, err error) {
	a, err := f.read()
	if err != nil {
		return "", err
	}
	for _, one := range a.Accounts {
		if one.invitedBy(token, now) {
			name = one.Name
		}
	}
	return name, nil
}

func (a account) invitedBy(token string, now time.Time) bool {
	return a.Invite != nil && !a.Disabled && now.Before(a.Invite.Expires) && same(hashToken(token), a.Invite.Hash)
}

// Listed is an account as it is shown.
type Listed struct {
	Person
	State string // active, invited, disabled
}

// List returns the accounts in the order in which they came.
func (f *AccountsFile) List(now time.Time) (list []Listed, err error) {
	a, err := f.read()
	for _, one := range a.Accounts {
		state := "active"
		switch {
		case one.Disabled:
			state = "disabled"
		case one.Password == "" && one.Invite != nil && now.Before(one.Invite.Expires):
			state = "invited"
		case one.Password == "" && one.Email == "":
			state = "its link has expired"
		}
		list = append(list, Listed{Person{Name: one.Name, Email: one.Email, Role: one.Role, Scope: one.Scope}, state})
	}
	return list, err
}

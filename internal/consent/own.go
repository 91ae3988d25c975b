package consent

import "strconv"

// OwnService is what remembers a visitor's choice, as a service under Necessary:
// the two cookies, by the names that browsers show them under. It is listed
// wherever a site's cookies are and belongs to no notice: without a choice there
// is neither. purpose is the words for it in the reader's language.
func (s *Site) OwnService(purpose string) Service {
	name := "consentry"
	if s.Deployment.Cookie.Named {
		name += "-" + s.ID
	}
	switch {
	case !s.Deployment.Secure():
	case s.Deployment.Cookie.Scope == CookieDomain:
		name = "__Secure-" + name
	default:
		name = "__Host-" + name
	}
	days := strconv.Itoa(max(1, int(s.Policy.Holds().Hours()/24))) + " days"
	cookie := func(name string, httpOnly bool) Cookie {
		return Cookie{Name: name, Kind: "cookie", Provider: s.Name, Purpose: purpose, Duration: days, Recipients: []string{}, HTTPOnly: httpOnly}
	}
	own := Service{ID: "consentry", Name: s.Name, Company: s.Policy.Controller.Name, Hosts: []string{}}
	if s.Deployment.Mode != ModeRemote { // there the script keeps the sealed one
		own.Cookies = append(own.Cookies, cookie(name, true))
	}
	own.Cookies = append(own.Cookies, cookie(name+"_hint", false))
	return own
}

// Listed are a category's services as a visitor is shown them: our own first
// under Necessary, but on a site for children, which remembers nothing.
func (s *Site) Listed(c Category, purpose string) []Service {
	if c.ID != Necessary || s.Policy.ChildDirected {
		return c.Services
	}
	return append([]Service{s.OwnService(purpose)}, c.Services...)
}

// Package doctor looks at an owner's page from outside, as a visitor's browser
// would fetch it, and says what of the installation is right and how to mend the
// rest. It asks only the page's own site (see Reach), makes no choice and leaves no
// record.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/consentry/consentry/internal/consent"
)

// Level is how much a finding matters.
type Level string

// The levels of findings.
const (
	Right   Level = "right"
	Warning Level = "warning" // works, with a loss that is named
	Wrong   Level = "wrong"
)

// Finding is one line of the checklist.
type Finding struct {
	Check string `json:"check"`
	Level Level  `json:"level"`
	Says  string `json:"says"`
	Mend  string `json:"mend,omitempty"`
}

// Visit is what is looked at.
type Visit struct {
	Client *http.Client // see Reach
	Page   *url.URL
	Site   *consent.Site // as configured
	Gates  []string      // the gate scripts that the configuration makes, one of each regime
	Frozen string        // the digest in its frozen address
}

// maxBody is how much of an answer is read.
const maxBody = 4 << 20

// Run makes every check, in the order in which they are to be mended. An error
// means that the page itself could not be fetched.
func (v Visit) Run(ctx context.Context) ([]Finding, error) {
	page, err := v.get(ctx, v.Page.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("the page could not be fetched; look at the address, and whether this machine may ask it: %w", err)
	}
	if page.status != http.StatusOK {
		return nil, fmt.Errorf("fetch the page: it answers %d", page.status)
	}
	tag, findings := v.tag(page)
	findings = append(findings, v.gate(ctx, tag))
	findings = append(findings, v.memory()...)
	findings = append(findings, v.choices(ctx)...)
	findings = append(findings, v.decisions(ctx))
	return append(findings, v.policy(page, tag)...), nil
}

type answer struct {
	status int
	header http.Header
	body   string
	from   *url.URL // after redirects
}

func (v Visit) get(ctx context.Context, address string, headers map[string]string) (answer, error) {
	return v.send(ctx, http.MethodGet, address, "", headers)
}

func (v Visit) send(ctx context.Context, method, address, body string, headers map[string]string) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("User-Agent", "consentry-doctor")
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	response, err := v.Client.Do(r)
	if err != nil {
		return answer{}, err
	}
	b, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return answer{}, err
	}
	return answer{response.StatusCode, response.Header, string(b), response.Request.URL}, nil
}

// address is where the site's route must be found from outside.
func (v Visit) address(route string) string {
	base, err := url.Parse(v.Site.Base() + route)
	if err != nil {
		return ""
	}
	return v.Page.ResolveReference(base).String()
}

func right(check, says string, args ...any) Finding {
	return Finding{Check: check, Level: Right, Says: fmt.Sprintf(says, args...)}
}

func wrong(check, says, mend string) Finding { return Finding{check, Wrong, says, mend} }

func warn(check, says, mend string) Finding { return Finding{check, Warning, says, mend} }

package api

import (
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
)

// audience is the visitors of whom a site presumes the same, and what is made for
// them. Every site has one of whom it presumes nothing.
type audience struct {
	ruling      consent.Ruling
	name        string // of the ruling, "" of the one that presumes nothing
	gate        *asset
	advanced    *asset // the gate of advanced mode, nil when there is none
	frame       *consent.Frame
	frameBytes  []byte
	frameDigest string
}

// renderAudiences makes the gates, after the rendering that they name, and the
// frames that the records of each audience have in common.
func (s *Site) renderAudiences(server consent.ServerVersion) error {
	for i, ruling := range s.Policy.Rulings() {
		a := &audience{ruling: ruling}
		if i > 0 {
			a.name = ruling.ID()
		}
		var err error
		if a.gate, err = s.gateAsset(a, nil); err != nil {
			return err
		}
		if advanced := s.Deployment.ConsentMode.Advanced.Services; len(advanced) > 0 {
			if a.advanced, err = s.gateAsset(a, advanced); err != nil {
				return err
			}
		}
		if i == 0 {
			a.frame = consent.NewFrame(s.Policy, s.Rendering, a.gate.digest, s.Locales, s.recordOrigins(), server)
			a.frame.Variants = []string{s.Variant}
			s.audience = a
		} else {
			a.frame = s.frame.Under(ruling, a.gate.digest)
			s.others = append(s.others, a)
		}
		if a.frameBytes, err = a.frame.Encode(); err != nil {
			return err
		}
		a.frameDigest = consent.Digest(a.frameBytes)
	}
	return nil
}

// Place is where a request comes from, as far as it is known, and what said so.
type Place struct {
	Country string // ISO 3166-1
	Region  string // the part of ISO 3166-2 behind the hyphen; of the United States alone
	Source  string // header or database, "" when nothing is known
}

func placeOf(c echo.Context) Place {
	p, _ := c.Get(PlaceKey).(Place)
	return p
}

// rulingOf returns what is presumed of a request's sender, as its headers signal.
func (s *Site) rulingOf(c echo.Context) consent.Ruling {
	return s.rulingUnder(c, signals(c.Request().Header, &consent.Decision{}))
}

func (s *Site) rulingUnder(c echo.Context, seen consent.Signals) consent.Ruling {
	p := placeOf(c)
	return s.Policy.Ruling(consent.Place(p.Country, p.Region), seen.GPC, seen.DNT)
}

// audienceOf finds the audience of a ruling: where all visitors are treated alike,
// whatever they send, there is one.
func (s *Site) audienceOf(r consent.Ruling) *audience {
	for _, a := range s.others {
		if a.ruling.Equal(r) {
			return a
		}
	}
	return s.audience
}

// served returns the audience whose gate a decision came from, which is its
// sender's or, from a frozen gate or another page, the one of whom nothing is
// presumed; and what is presumed, signals in any case.
func (s *Site) served(c echo.Context, d *consent.Decision) (*audience, consent.Ruling) {
	whole := s.rulingUnder(c, signals(c.Request().Header, d))
	a := s.audienceOf(whole)
	if d.Surface != "page" && d.Ruling != a.name && d.Ruling != s.audienceOf(s.rulingOf(c)).name {
		a = s.audience
	}
	ruling := a.ruling
	ruling.Signal = whole.Signal
	return a, ruling
}

// regimeRef is what a record says of the ruling, its country no finer than a state
// of the United States.
func (s *Site) regimeRef(c echo.Context, r consent.Ruling) consent.RegimeRef {
	ref := consent.RegimeRef{ID: r.Regime, Source: "config"}
	if p := placeOf(c); s.Policy.Local() && p.Country != "" {
		ref.Country, ref.Source = consent.Place(p.Country, p.Region), p.Source
	}
	return ref
}

// frameFor returns the frame of an earlier activation for an audience.
func (act *activation) frameFor(a *audience) string {
	if digest := act.Frames[a.name]; digest != "" {
		return digest
	}
	return act.Frame
}

// isLocal reports whether the site's gates have to know of regimes.
func (s *Site) isLocal() bool { return s.Policy.Local() || s.Policy.ChildDirected }

// heeds lists the signals that are honoured under a ruling, by the properties of
// navigator that tell pages of them: the server sees the headers of those whom it
// makes a gate for, and a cached gate is made for nobody.
func (s *Site) heeds(r consent.Ruling) []string {
	names := []string{}
	if r.Heeds {
		names = append(names, "globalPrivacyControl")
	}
	if s.Policy.Signals.DNT == consent.DNTHonor {
		names = append(names, "doNotTrack")
	}
	if r.DNT { // the first is what the gate names when the server alone has seen it
		slices.Reverse(names)
	}
	return names
}

// presumedLetter is what a gate is told of a category.
func presumedLetter(s consent.Status) string {
	switch s {
	case consent.Granted:
		return "g"
	case consent.Denied:
		return "d"
	case consent.Keeps:
		return "k"
	}
	return ""
}

// publishAudiences stores what the audiences beside the first are served. Their
// gates stand under a kind of their own, which is not served by its digest:
// everybody who asks for a frozen gate is asked first.
func (s *Site) publishAudiences(put func(string, []byte) error) error {
	for _, a := range s.others {
		if err := put("gate-regime", a.gate.plain); err != nil {
			return err
		}
		if err := put("frame", a.frameBytes); err != nil {
			return err
		}
	}
	for _, a := range append([]*audience{s.audience}, s.others...) {
		if a.advanced == nil {
			continue
		}
		if err := put("gate-advanced", a.advanced.plain); err != nil {
			return err
		}
	}
	return nil
}

// frameDigests are the frames of the audiences beside the first, by name.
func (s *Site) frameDigests() map[string]string {
	digests := make(map[string]string)
	for _, a := range s.others {
		digests[a.name] = a.frameDigest
	}
	return digests
}

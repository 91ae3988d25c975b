package templates_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/static"
	"github.com/consentry/consentry/templates"
)

// The preview's way back to the settings is the browser code's: of its kind, under its
// style, and none where the owner has one of their own or the site asks nothing.
func TestTheStudioShowsTheWayBackAsItWillBe(t *testing.T) {
	frame := func(settings string, child bool) string {
		site := withPolicy(shop(t), func(p *consent.Policy) { p.ChildDirected = child })
		site.Appearance.Settings = settings
		look := templates.Look{Layer: "banner", Layout: "bar", Scheme: "auto", Locale: "en", Regime: consent.OptOut}
		return string(rendered(t, templates.StudioLayer(templates.StudioFrame{Nonce: "n", Site: site, Look: look})))
	}
	button := frame("button", false)
	_, style, _ := strings.Cut(button, `<template shadowrootmode="open"><style nonce="n">`)
	style, _, _ = strings.Cut(style, "</style>")
	if style == "" || !bytes.Contains(static.Opener([]byte("{}"), nil, nil), []byte(style)) {
		t.Errorf("the browser code has another style than %q", style)
	}
	for settings, want := range map[string]string{"button": `<button lang="en" dir="auto">Your privacy choices</button>`, "link": `<a href="#" lang="en" dir="auto">Your privacy choices</a>`} {
		if got := frame(settings, false); !strings.Contains(got, want) {
			t.Errorf("%s: the preview lacks %s", settings, want)
		}
	}
	if strings.Contains(frame("none", false), "shadowrootmode") || strings.Contains(frame("button", true), "shadowrootmode") {
		t.Error("a way back is shown that will not be there")
	}
}

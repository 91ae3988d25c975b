package main

import (
	"bytes"
	"regexp"
	"strings"
)

// The names of signals, as visitors read them.
const (
	globalPrivacyControl = "Global Privacy Control"
	doNotTrack           = "Do Not Track"
)

// heeded is what a stored gate says of the signals that counted where its visitors were.
var heeded = regexp.MustCompile(`\bheeds:\[([^\]]*)\]`)

// signal names the one that the visitor was told of, "" when none counted.
func (s *shownNotice) signal() string {
	sent := s.Record.Signals
	if !sent.Honoured {
		return ""
	}
	heeds := heeded.FindSubmatch(s.Files["gate.js"])
	if sent.GPC && (heeds == nil || bytes.Contains(heeds[1], []byte("globalPrivacyControl"))) {
		return globalPrivacyControl
	}
	return doNotTrack
}

// signalLine is a sentence that is shown to browsers that send a signal: the element
// with the signal's name, if that stands in one of its own, and what follows it.
var signalLine = regexp.MustCompile(`(<p[^>]*data-slot="(?:gpc|yields)"[^>]*?) hidden>(?:<span>([^<]*)</span>)?([^<]*)`)

// showSignal shows what the browser code does of a signal; what stands behind the
// name's own element is about Global Privacy Control.
func showSignal(html, signal string) string {
	switch signal {
	case "":
		return html
	case globalPrivacyControl:
		return signalLine.ReplaceAllStringFunc(html, func(line string) string { return strings.Replace(line, " hidden>", ">", 1) })
	}
	return signalLine.ReplaceAllStringFunc(html, func(line string) string {
		parts := signalLine.FindStringSubmatch(line)
		said := parts[2]
		if said == "" {
			said = parts[3]
		}
		return parts[1] + ">" + strings.Replace(said, globalPrivacyControl, signal, 1)
	})
}

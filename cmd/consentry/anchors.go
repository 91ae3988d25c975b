package main

import (
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	"github.com/consentry/consentry/internal/siteconfig"
	"github.com/consentry/consentry/internal/translog"
)

// checkAnchors holds each anchor against what it must say.
func (c *ServerConfig) checkAnchors(doc *siteconfig.Document) {
	for i, a := range c.Anchors {
		at := fmt.Sprintf("anchors[%d]", i)
		kinds := 0
		for _, value := range []string{a.File, a.Git, a.Witness} {
			if value != "" {
				kinds++
			}
		}
		if kinds != 1 {
			doc.Fail(at, "an anchor is a file, a Git repository or a witness; write exactly one of file, git and witness")
			continue
		}
		if a.Push != "" && a.Git == "" {
			doc.Fail(at+".push", "push belongs to a Git repository; remove it, or write git")
		}
		if a.Every < 0 || a.Every.Std() > 30*24*time.Hour {
			doc.Fail(at+".every", "every must be between 0s and 30d, not %s", a.Every)
		}
		if a.Witness == "" {
			if a.Key != "" {
				doc.Fail(at+".key", "key belongs to a witness; remove it")
			}
			continue
		}
		if u, err := url.Parse(a.Witness); err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
			doc.Fail(at+".witness", "witness must be an https address, as its operator gives it")
		} else if _, err := translog.NewWitness(a.Witness, a.Key, 0); err != nil {
			doc.Fail(at+".key", "%v", err)
		}
	}
}

// gitEvery is how often a checkpoint is committed when nothing is said.
const gitEvery = time.Hour

// openAnchors makes what the configuration names.
func (c ServerConfig) openAnchors() ([]translog.Anchor, error) {
	var list []translog.Anchor
	for _, a := range c.Anchors {
		every := a.Every.Std()
		switch {
		case a.File != "":
			list = append(list, &translog.FileAnchor{Path: c.resolve(a.File), Every: every})
		case a.Git != "":
			if every == 0 {
				every = gitEvery
			}
			list = append(list, &translog.GitAnchor{Dir: c.resolve(a.Git), Push: a.Push, Every: every})
		default:
			w, err := translog.NewWitness(a.Witness, a.Key, every)
			if err != nil {
				return nil, err
			}
			list = append(list, w)
		}
	}
	return list, nil
}

// CheckpointsDir is where this server keeps its own copies.
func (c ServerConfig) CheckpointsDir() string {
	if c.Checkpoints == "" {
		return filepath.Join(c.DataDir(), "checkpoints")
	}
	return c.resolve(c.Checkpoints)
}

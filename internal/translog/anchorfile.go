package translog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
)

// FileAnchor appends checkpoints to a file, which should lie on another machine's
// disk or on one that only takes appends.
type FileAnchor struct {
	Path  string
	Every time.Duration

	mu sync.Mutex
}

// Name names the file.
func (f *FileAnchor) Name() string         { return "file " + f.Path }
func (f *FileAnchor) every() time.Duration { return f.Every }
func (f *FileAnchor) file(string) string   { return f.Path }

func (f *FileAnchor) put(ctx context.Context, l *Log, now *signed) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return l.putInto(ctx, f, now)
}

// appendNote appends a checkpoint durably. A torn one, left by a crash, is closed
// with an empty line; ReadNotes passes over it.
func appendNote(path string, now *signed) (err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	end, err := tail(file)
	if err != nil {
		return err
	}
	raw := now.raw
	if len(end) > 0 && end[len(end)-1] != '\n' {
		raw = append([]byte("\n\n"), raw...)
	}
	if _, err := file.Write(raw); err != nil {
		return err
	}
	return file.Sync()
}

// tail reads the last byte of a file; nothing of what is no regular file.
func tail(file *os.File) ([]byte, error) {
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, err
	}
	end := make([]byte, min(info.Size(), 1))
	if _, err := file.ReadAt(end, info.Size()-int64(len(end))); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return end, nil
}

// notePattern is a checkpoint with its signatures.
var notePattern = regexp.MustCompile(`(?m)^[^\n]+\n[0-9]+\n[A-Za-z0-9+/]{43}=\n\n(?:— [^\n]+\n)+`)

// ReadNotes finds the checkpoints that follow each other in a file. What is none
// is passed over: a crash may have torn one.
func ReadNotes(file []byte) [][]byte { return notePattern.FindAll(file, -1) }

// GitAnchor commits checkpoints to a Git repository with the git program: one
// file for each site, to which every checkpoint is appended.
type GitAnchor struct {
	Dir   string
	Push  string // remote to push to after each commit, empty: none
	Every time.Duration

	mu sync.Mutex
}

// Name names the repository.
func (g *GitAnchor) Name() string         { return "git " + g.Dir }
func (g *GitAnchor) every() time.Duration { return g.Every }

func (g *GitAnchor) file(site string) string { return g.Path(site) }

// noteFile is a site's file in the repository.
func (g *GitAnchor) noteFile(site string) string { return site + ".checkpoints" }

// Path is where a site's checkpoints are.
func (g *GitAnchor) Path(site string) string { return filepath.Join(g.Dir, g.noteFile(site)) }

func (g *GitAnchor) put(ctx context.Context, l *Log, now *signed) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if out, err := g.git(ctx, "rev-parse", "--is-inside-work-tree"); err != nil || out != "true" {
		return errors.Join(errors.New("it is no work tree of a Git repository; make one with: git init "+g.Dir), err)
	}
	file := g.noteFile(l.Site)
	if err := l.putInto(ctx, g, now); err != nil {
		return err
	}
	if _, err := g.git(ctx, "add", "--", file); err != nil {
		return err
	}
	if changed, err := g.git(ctx, "status", "--porcelain", "--", file); err != nil || changed == "" {
		return err
	}
	message := fmt.Sprintf("%s: %d entries, root %s", l.Site, now.Size, now.Root)
	if _, err := g.git(ctx, "-c", "user.name=Consentry", "-c", "user.email=consentry@localhost",
		"commit", "--quiet", "--message", message, "--", file); err != nil {
		return err
	}
	if g.Push == "" {
		return nil
	}
	_, err := g.git(ctx, "push", "--quiet", g.Push, "HEAD")
	return err
}

// git runs one command without asking anybody for anything.
func (g *GitAnchor) git(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", g.Dir}, args...)...)
	cmd.Env = append(cmd.Environ(), "GIT_TERMINAL_PROMPT=0", "LC_ALL=C")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // lets it take its locks away
	cmd.WaitDelay = 5 * time.Second
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		words := strings.Join(strings.Fields(said.String()), " ")
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, words[:min(len(words), 300)])
	}
	return strings.TrimSpace(string(out)), nil
}

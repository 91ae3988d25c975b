package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/consentry/consentry/components"
	"github.com/consentry/consentry/internal/catalogue"
	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/siteconfig"
)

// Declare lists a service in a site's file and serves what the file says then.
func (s *siteSet) Declare(ctx context.Context, site *consent.Site, what siteconfig.Declaration, note func() error) error {
	if err := s.declare(site, what, note); err != nil {
		return err
	}
	s.reload(ctx)
	return nil
}

func (s *siteSet) declare(site *consent.Site, what siteconfig.Declaration, note func() error) error {
	s.editing.Lock()
	defer s.editing.Unlock()
	return editSite(s.config, site, note, func(src []byte) ([]byte, error) {
		return siteconfig.Declare(site.Source, src, what, catalogue.Files, components.Locales)
	})
}

// editSite replaces a site's file by what edit makes of it. note is called once that
// is certain to be possible and before it is done. A file that is a link stays one.
func editSite(config ServerConfig, site *consent.Site, note func() error, edit func(src []byte) ([]byte, error)) error {
	path, err := filepath.EvalSymlinks(config.resolve(site.Source))
	if err != nil {
		return fmt.Errorf("find site file: %w", err)
	}
	src, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read site file: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("read site file: %w", err)
	}
	edited, err := edit(src)
	if err != nil {
		return err
	}
	if err := tryFolder(filepath.Dir(path)); err != nil {
		return fmt.Errorf("%w: %w", siteconfig.ErrUnwritable, err)
	}
	if err := note(); err != nil {
		return err
	}
	if err := writeWhole(path, edited, info.Mode().Perm(), true); err != nil {
		return fmt.Errorf("write site file: %w", err)
	}
	return nil
}

// tryFolder finds out whether a file can be replaced in a folder.
func tryFolder(dir string) error {
	f, err := os.CreateTemp(dir, ".consentry-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

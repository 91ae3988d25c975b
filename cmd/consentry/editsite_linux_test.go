package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/siteconfig"
)

// A folder in which nothing can be written is told as such before anything is noted,
// even to root: no file can be made among the open ones of a process.
func TestASiteFileThatCannotBeReplacedIsNotTried(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	f, err := os.Open(siteFile(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	held := fmt.Sprintf("/proc/self/fd/%d", f.Fd())
	if err := tryFolder(filepath.Dir(held)); err == nil {
		t.Error("a file was made among the open ones")
	}
	noted := false
	config := ServerConfig{dir: "/proc/self"}
	err = editSite(config, &consent.Site{Source: "status"}, func() error { noted = true; return nil }, func(src []byte) ([]byte, error) { return src, nil })
	if !errors.Is(err, siteconfig.ErrUnwritable) || noted {
		t.Errorf("%v, noted: %t", err, noted)
	}
}

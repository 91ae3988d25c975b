package geo_test

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/consentry/consentry/internal/geo"
)

// An address is told its country, of the United States the state too, and of
// others nothing finer.
func TestWhereAnAddressIs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "places.mmdb")
	write(t, path, database(map[byte][]byte{
		0: entry("US", "CA"), 1: entry("US", ""), 2: entry("CA", "QC"), 3: entry("DE", ""), 4: entry("usa", "ca"),
	}))
	d, err := geo.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for addr, want := range map[string]string{
		"0.1.2.3": "US CA", "32.0.0.1": "US ", "64.1.1.1": "CA ", "96.1.1.1": "DE ", "128.1.1.1": " ", "200.1.1.1": " ",
		"::ffff:0.1.2.3": "US CA", "2001:db8::1": " ",
	} {
		country, region := d.Locate(netip.MustParseAddr(addr))
		if got := country + " " + region; got != want {
			t.Errorf("%s is in %q, want %q", addr, got, want)
		}
	}
}

func TestAFileThatIsNoDatabaseIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "places.mmdb")
	if _, err := geo.Open(path); err == nil {
		t.Error("a file that is not there was opened")
	}
	write(t, path, []byte("country,code\n"))
	if _, err := geo.Open(path); err == nil {
		t.Error("a table of text was opened")
	}
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// database writes an IPv4 database in MaxMind's format 2.0 whose entries are told by
// the first three bits of an address.
// https://maxmind.github.io/MaxMind-DB/
func database(entries map[byte][]byte) []byte {
	const nodes = 7
	var tree, data bytes.Buffer
	at := make(map[byte]int)
	for i := range byte(8) {
		if e, ok := entries[i]; ok {
			at[i] = nodes + 16 + data.Len()
			data.Write(e)
		} else {
			at[i] = nodes // nothing is known
		}
	}
	record := func(n int) { tree.Write([]byte{byte(n >> 16), byte(n >> 8), byte(n)}) }
	for _, n := range []int{1, 2, 3, 4, 5, 6} { // two levels of nodes, breadth first
		record(n)
	}
	for i := range byte(8) {
		record(at[i])
	}
	var b bytes.Buffer
	b.Write(tree.Bytes())
	b.Write(make([]byte, 16))
	b.Write(data.Bytes())
	b.WriteString("\xab\xcd\xefMaxMind.com")
	b.Write(object(
		text("node_count"), number(nodes), text("record_size"), []byte{0xa1, 24}, text("ip_version"), []byte{0xa1, 4},
		text("binary_format_major_version"), []byte{0xa1, 2}, text("binary_format_minor_version"), []byte{0xa0},
		text("database_type"), text("Test"), text("languages"), []byte{0, 4}, text("description"), object(),
		text("build_epoch"), []byte{1, 2, 1},
	))
	return b.Bytes()
}

func entry(country, region string) []byte {
	subdivisions := []byte{0, 4} // an empty array
	if region != "" {
		subdivisions = append([]byte{1, 4}, object(text("iso_code"), text(region))...)
	}
	return object(text("country"), object(text("iso_code"), text(country)), text("subdivisions"), subdivisions)
}

func object(members ...[]byte) []byte {
	return append([]byte{0xe0 | byte(len(members)/2)}, bytes.Join(members, nil)...)
}

func text(s string) []byte { return append([]byte{0x40 | byte(len(s))}, s...) }

func number(n byte) []byte { return []byte{0xc1, n} }

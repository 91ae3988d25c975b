// Package geo tells from an address in which country, and in which state of the
// United States, it is: by a database in a file that the owner supplies. It is the
// only door to maxminddb. It opens no connection, and keeps and logs no address.
package geo

import (
	"fmt"
	"net/netip"
	"os"

	"github.com/oschwald/maxminddb-golang/v2"
)

// Database is an opened file in MaxMind's format, of countries or cities. Safe for
// concurrent use.
type Database struct{ reader *maxminddb.Reader }

// place is what is read of an entry.
type place struct {
	Country struct {
		Code string `maxminddb:"iso_code"`
	} `maxminddb:"country"`
	Subdivisions []struct {
		Code string `maxminddb:"iso_code"`
	} `maxminddb:"subdivisions"`
}

// Open reads the whole file into memory, so that replacing it disturbs nothing. A
// file that is damaged or tells no countries is an error.
func Open(path string) (*Database, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read places: %w", err)
	}
	reader, err := maxminddb.OpenBytes(content)
	if err != nil {
		return nil, fmt.Errorf("read places of %s: %w", path, err)
	}
	return &Database{reader}, nil
}

// Locate returns an address's country (ISO 3166-1) and, in the United States, the
// state (the part of ISO 3166-2 behind the hyphen). What is not known is "".
func (d *Database) Locate(addr netip.Addr) (country, region string) {
	var p place
	if err := d.reader.Lookup(addr.Unmap()).Decode(&p); err != nil {
		return "", ""
	}
	if country = letters(p.Country.Code); country == "US" && len(p.Subdivisions) > 0 {
		region = letters(p.Subdivisions[0].Code)
	}
	return country, region
}

// letters lets through two capital letters and nothing else.
func letters(code string) string {
	if len(code) != 2 || code[0] < 'A' || code[0] > 'Z' || code[1] < 'A' || code[1] > 'Z' {
		return ""
	}
	return code
}

package siteconfig

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"time"

	"github.com/invopop/jsonschema"
)

// Duration is a length of time as configuration files write it: a whole number
// and one of d, h, m and s, such as 180d or 24h. A day has 24 hours.
type Duration time.Duration

const day = 24 * time.Hour

const durationForm = `^[0-9]{1,6}[dhms]$`

var durationPattern = regexp.MustCompile(durationForm)

var errDuration = errors.New(`must be a whole number and d, h, m or s, such as "180d" or "24h"`)

func (d *Duration) fromText(s string) error {
	if !durationPattern.MatchString(s) {
		return fmt.Errorf("%w, not %q", errDuration, s)
	}
	n, err := strconv.Atoi(s[:len(s)-1])
	if err != nil {
		return errDuration
	}
	unit := map[byte]time.Duration{'d': day, 'h': time.Hour, 'm': time.Minute, 's': time.Second}[s[len(s)-1]]
	if time.Duration(n) > math.MaxInt64/unit {
		return fmt.Errorf("is at most %dd, not %q", math.MaxInt64/day, s)
	}
	*d = Duration(time.Duration(n) * unit)
	return nil
}

// Std returns the standard library's form.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String writes d as a configuration file would.
func (d Duration) String() string {
	std := time.Duration(d)
	switch {
	case std%day == 0:
		return fmt.Sprintf("%dd", std/day)
	case std%time.Hour == 0:
		return fmt.Sprintf("%dh", std/time.Hour)
	case std%time.Minute == 0:
		return fmt.Sprintf("%dm", std/time.Minute)
	}
	return fmt.Sprintf("%ds", std/time.Second)
}

// JSONSchema describes the form that editors check.
func (Duration) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: durationForm}
}

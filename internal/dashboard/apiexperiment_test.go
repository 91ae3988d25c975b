package dashboard

import (
	"testing"

	"github.com/consentry/consentry/internal/experiment"
	"github.com/consentry/consentry/templates"
)

// Where one end alone of the interval is known, the API says what the page says.
func TestAnIntervalWithOneEndIsSaid(t *testing.T) {
	for _, test := range []struct {
		low, high float64
		said      bool
	}{{-1, 1, false}, {-1, 0.4, true}, {-0.3, 1, true}, {-0.3, 0.4, true}} {
		r := experiment.Result{Pairs: 3, Difference: 0.1, Low: test.low, High: test.high}
		out := resultOf(&templates.ExperimentResult{Result: r})
		if said := out.Difference != nil && *out.Low == test.low && *out.High == test.high; said != test.said {
			t.Errorf("%v to %v: said %v", test.low, test.high, said)
		}
	}
}

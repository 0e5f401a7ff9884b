package term_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/plan"
	"github.com/launchready/launchready/report/sample"
	"github.com/launchready/launchready/report/term"
)

func estimate(t *testing.T, r *lr.Report, rates *lr.Rates, o term.Options) string {
	t.Helper()
	e, err := plan.Price(r, rates)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := term.Estimate(&b, e, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestEstimateGolden(t *testing.T) {
	eur := &lr.Rates{Currency: "EUR", Hour: 110, Senior: 175}
	golden(t, "estimate.txt", []byte(estimate(t, sample.Flawed(), eur, term.Options{})))
	golden(t, "estimate-unpriced.txt", []byte(estimate(t, sample.Flawed(), nil, term.Options{Width: 60})))
	golden(t, "estimate-clean.txt", []byte(estimate(t, sample.Clean(), eur, term.Options{})))
}

// TestEstimateIsInert: a report's own words set no colour and move no cursor.
func TestEstimateIsInert(t *testing.T) {
	got := estimate(t, sample.Hostile(1<<20), &lr.Rates{Currency: "USD", Hour: 1}, term.Options{})
	for _, no := range []string{"\x1b", "\u202e", "\x07", "\x00", "\u2028"} {
		if strings.Contains(got, no) {
			t.Errorf("the estimate holds %q", no)
		}
	}
}

func TestMethodHoldsTheTable(t *testing.T) {
	var b bytes.Buffer
	if err := term.Method(&b, term.Options{}); err != nil {
		t.Fatal(err)
	}
	for _, e := range plan.Efforts() {
		if !strings.Contains(b.String(), "    "+e.Check+" ") {
			t.Errorf("the method lacks %s", e.Check)
		}
	}
	for _, d := range plan.Directives() {
		if !strings.Contains(b.String(), "    "+d.Name+" ") {
			t.Errorf("the method lacks the directive %s", d.Name)
		}
	}
	if err := term.Method(broken{}, term.Options{}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v", err)
	}
	if err := term.Estimate(broken{}, &plan.Estimate{}, term.Options{}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

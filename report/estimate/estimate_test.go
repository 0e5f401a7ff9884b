package estimate_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/plan"
	"github.com/launchready/launchready/report/estimate"
	"github.com/launchready/launchready/report/sample"
)

var update = flag.Bool("update", false, "write the golden files")

func priced(t *testing.T, r *lr.Report, rates *lr.Rates) *plan.Estimate {
	t.Helper()
	e, err := plan.Price(r, rates)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestGolden(t *testing.T) {
	eur := &lr.Rates{Currency: "EUR", Hour: 110, Senior: 175}
	for name, e := range map[string]*plan.Estimate{
		"flawed":   priced(t, sample.Flawed(), eur),
		"unpriced": priced(t, sample.Flawed(), nil),
		"clean":    priced(t, sample.Clean(), eur),
	} {
		var md, js bytes.Buffer
		if err := errors.Join(estimate.Markdown(&md, e), estimate.JSON(&js, e)); err != nil {
			t.Fatal(err)
		}
		for file, got := range map[string]string{name + ".md": md.String(), name + ".json": js.String()} {
			golden(t, file, got)
		}
	}
}

// golden compares with a file of testdata, or writes it.
func golden(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
	}
}

// TestHostile: what a report says of itself neither acts in Markdown nor breaks a
// table, and comes back from JSON as valid text.
func TestHostile(t *testing.T) {
	r := sample.Hostile(1 << 20)
	e := priced(t, r, &lr.Rates{Currency: "USD", Hour: 100})
	var md, js bytes.Buffer
	if err := errors.Join(estimate.Markdown(&md, e), estimate.JSON(&js, e)); err != nil {
		t.Fatal(err)
	}
	for _, no := range []string{"<script", "<img", "\x1b", "\u202e", "\u200b", "[x](", "\x00", "\r"} {
		if strings.Contains(md.String(), no) {
			t.Errorf("the Markdown holds %q", no)
		}
	}
	if md.Len() > 64<<10 {
		t.Errorf("the Markdown has %d bytes: evidence does not belong in it", md.Len())
	}
	for _, line := range strings.Split(md.String(), "\n") {
		if rest, table := strings.CutPrefix(line, "| "); table && strings.Count(rest, " | ") > 8 {
			t.Errorf("a cell broke its table: %s", line)
		}
	}
	var back plan.Estimate
	if err := json.Unmarshal(js.Bytes(), &back); err != nil || len(back.Items) != len(e.Items) {
		t.Errorf("the JSON does not come back: %v", err)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestWriteErrors(t *testing.T) {
	e := priced(t, sample.Clean(), nil)
	if err := estimate.Markdown(broken{}, e); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Markdown: got %v", err)
	}
	if err := estimate.JSON(broken{}, e); !errors.Is(err, os.ErrClosed) {
		t.Errorf("JSON: got %v", err)
	}
}

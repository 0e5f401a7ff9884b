package term_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report"
	"github.com/launchready/launchready/report/sample"
	"github.com/launchready/launchready/report/term"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; run with -update and read the diff. Got:\n%s", path, got)
	}
}

func draw(t *testing.T, r *lr.Report, o term.Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := term.Write(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	for name, c := range map[string]struct {
		r *lr.Report
		o term.Options
	}{
		"flawed.txt":         {sample.Flawed(), term.Options{}},
		"flawed-narrow.txt":  {sample.Flawed(), term.Options{Width: 50}},
		"flawed-color.txt":   {sample.Flawed(), term.Options{Color: true, Width: 100}},
		"flawed-verbose.txt": {sample.Flawed(), term.Options{Verbose: true, Width: 100}},
		"clean.txt":          {sample.Clean(), term.Options{}},
		"compared.txt":       {sample.Compared(), term.Options{}},
		"empty.txt":          {&lr.Report{Readiness: lr.NotEnoughTested}, term.Options{}},
	} {
		t.Run(name, func(t *testing.T) { golden(t, name, []byte(draw(t, c.r, c.o))) })
	}
	t.Run("compare.txt", func(t *testing.T) {
		var b bytes.Buffer
		if err := term.Compare(&b, sample.Flawed(), sample.Clean(), term.Options{}); err != nil {
			t.Fatal(err)
		}
		golden(t, "compare.txt", b.Bytes())
	})
}

func TestVerdictFirstNextLast(t *testing.T) {
	for _, c := range []struct {
		name  string
		r     *lr.Report
		first string
		last  string
	}{
		{"flawed", sample.Flawed(), "✗ NOT READY", "launchready audit replay lr-96983de48ad4"},
		{"clean", sample.Clean(), "✓ READY", "launchready audit --mutate --baseline report.json --fail-on-new"},
		{"unknown", &lr.Report{Readiness: lr.NotEnoughTested}, "? NOT ENOUGH TESTED", "launchready audit doctor"},
		{"partial", &lr.Report{Readiness: lr.NotEnoughTested, Partial: true}, "? NOT ENOUGH TESTED", "launchready audit"},
		{"risks", &lr.Report{Readiness: lr.ReadyWithRisks}, "✓ READY WITH ACCEPTED RISKS", "launchready audit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines := strings.Split(strings.TrimSpace(draw(t, c.r, term.Options{})), "\n")
			if got := strings.TrimSpace(lines[2]); got != c.first {
				t.Errorf("line 3: got %q, want %q", got, c.first)
			}
			if got := strings.TrimSpace(lines[len(lines)-1]); !strings.HasPrefix(got, c.last) {
				t.Errorf("last line: got %q, want %q", got, c.last)
			}
		})
	}
}

func TestColorOnlyWhenAsked(t *testing.T) {
	plain := draw(t, sample.Flawed(), term.Options{Verbose: true})
	if strings.Contains(plain, "\x1b") {
		t.Error("an escape code without colour")
	}
	painted := draw(t, sample.Flawed(), term.Options{Verbose: true, Color: true})
	// Blanks at the end of a line may be inside of a colour.
	if blanks.ReplaceAllString(codes.ReplaceAllString(painted, ""), "\n") != plain {
		t.Error("colour changes more than colour")
	}
}

var (
	codes  = regexp.MustCompile("\x1b\\[[0-9;]*m")
	blanks = regexp.MustCompile(" +\n")
)

func TestHostileTextIsInert(t *testing.T) {
	for _, o := range []term.Options{{Color: true}, {Verbose: true, Color: true, Width: 20}} {
		var b bytes.Buffer
		if err := errors.Join(term.Write(&b, sample.Hostile(5000), o), term.Compare(&b, sample.Flawed(), sample.Hostile(10), o)); err != nil {
			t.Fatal(err)
		}
		left := codes.ReplaceAllString(b.String(), "")
		if !utf8.ValidString(left) {
			t.Error("invalid UTF-8")
		}
		for _, r := range left {
			if r < 0x20 && r != '\n' || r >= 0x7f && r < 0xa0 || r >= 0x2028 && r <= 0x202e || r == 0x200b {
				t.Fatalf("%U reaches the terminal", r)
			}
		}
	}
}

func TestWidthIsKept(t *testing.T) {
	wide := sample.Flawed()
	wide.Product = "漢字製品 with a rather long name of its own that goes on and on and on"
	wide.Rows[0].Title = "全てのルートの認証 and more and more"
	wide.Rows[0].Checks[0].Findings[0].Message = strings.Repeat("漢字", 100) + " " + strings.Repeat("x", 300)
	for _, r := range []*lr.Report{wide, sample.Hostile(100)} {
		for _, width := range []int{48, 57, 80, 120} {
			for _, line := range strings.Split(draw(t, r, term.Options{Width: width, Verbose: true}), "\n") {
				if strings.Contains(line, "replay ") || strings.Contains(line, "curl ") || strings.Contains(line, "launchready ") || strings.Contains(line, "alert(1)") {
					continue // commands stay whole
				}
				if n := columns(line); n > width {
					t.Errorf("width %d: a line of %d: %q", width, n, line)
				}
			}
		}
	}
}

func columns(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r >= 0x2e80 && r < 0xa000 {
			n++
		}
	}
	return n
}

func TestLeftOutIsCounted(t *testing.T) {
	r := sample.Flawed()
	c := &r.Rows[1].Checks[0]
	for range 20 {
		c.Findings = append(c.Findings, c.Findings[0])
	}
	got := draw(t, r, term.Options{})
	if !strings.Contains(got, "… and 15 blockers more") {
		t.Errorf("what is left out is not counted:\n%s", got)
	}
	if strings.Contains(draw(t, r, term.Options{Verbose: true}), "… and ") {
		t.Error("verbose leaves something out")
	}
}

func TestSizeIsBounded(t *testing.T) {
	if got := draw(t, sample.Hostile(10<<20), term.Options{Verbose: true}); len(got) > 4<<20 {
		t.Errorf("%d bytes for a body of 10 MB", len(got))
	}
}

func TestCompareSaysWhatIsNotProven(t *testing.T) {
	after := sample.Clean()
	after.Rows[1].Checks[0].Verdict = lr.Unknown
	d := report.Compare(sample.Flawed(), after)
	if len(d.Unproven) != 2 || len(d.New) != 0 || len(d.Open) != 0 {
		t.Fatalf("got %d unproven, %d new, %d open", len(d.Unproven), len(d.New), len(d.Open))
	}
	var b bytes.Buffer
	if err := term.Compare(&b, sample.Clean(), sample.Flawed(), term.Options{}); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); !strings.Contains(got, "\nNEW  9 findings\n") || strings.Contains(got, "FIXED") {
		t.Errorf("got:\n%s", got)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestWriteErrors(t *testing.T) {
	for name, err := range map[string]error{
		"write":   term.Write(broken{}, sample.Clean(), term.Options{}),
		"compare": term.Compare(broken{}, sample.Clean(), sample.Clean(), term.Options{}),
	} {
		if !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

package html_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	lr "github.com/launchready/launchready"
	report "github.com/launchready/launchready/report/html"
	"github.com/launchready/launchready/report/sample"
)

var update = flag.Bool("update", false, "write the golden files")

func draw(t *testing.T, r *lr.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func compare(t *testing.T, before, after *lr.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.WriteComparison(&b, before, after); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	for name, got := range map[string]string{
		"flawed.html":     draw(t, sample.Flawed()),
		"clean.html":      draw(t, sample.Clean()),
		"compared.html":   draw(t, sample.Compared()),
		"empty.html":      draw(t, &lr.Report{Readiness: lr.NotEnoughTested}),
		"comparison.html": compare(t, sample.Flawed(), sample.Clean()),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("testdata", name)
			if *update {
				if err := os.MkdirAll("testdata", 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s differs; run with -update, look at it in a browser, and read the diff", path)
			}
		})
	}
}

var tags = regexp.MustCompile(`<[^>]*>`)

func TestHostileTextIsEscaped(t *testing.T) {
	for name, got := range map[string]string{"report": draw(t, sample.Hostile(100)), "comparison": compare(t, sample.Hostile(10), sample.Hostile(10))} {
		t.Run(name, func(t *testing.T) {
			for _, bad := range []string{"<script>alert", "<img", "onerror=alert(1)><", "\u202e", "\u2028", "\u200b", "\x1b", "\x00", `href="javascript:`, "ZgotmplZ"} {
				if strings.Contains(got, bad) {
					t.Errorf("has %q", bad)
				}
			}
			if n := strings.Count(got, "<script>"); n != 1 {
				t.Errorf("%d scripts", n)
			}
			if n := strings.Count(got, "</style>"); n != 1 {
				t.Errorf("the style ends %d times", n)
			}
			if !utf8.ValidString(got) {
				t.Error("invalid UTF-8")
			}
			for _, tag := range tags.FindAllString(got, -1) {
				if strings.Contains(tag, "alert(") {
					t.Errorf("the attack is inside of a tag: %.200s", tag)
				}
			}
			if !strings.Contains(got, `\u202e`) {
				t.Error("what the target wrote is not shown")
			}
		})
	}
}

// The policy in the file must be the one of the style and script in the file.
func TestPolicyCoversStyleAndScript(t *testing.T) {
	got := draw(t, sample.Clean())
	policy := regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(got)
	if policy == nil {
		t.Fatal("no policy")
	}
	rules := html.UnescapeString(policy[1])
	if !strings.HasPrefix(rules, "default-src 'none';") || strings.Contains(rules, "unsafe") || strings.Contains(rules, "http") {
		t.Errorf("policy: %s", rules)
	}
	for _, element := range []string{"style", "script"} {
		body := regexp.MustCompile(`(?s)<` + element + `>(.*?)</` + element + `>`).FindStringSubmatch(got)
		if body == nil {
			t.Fatalf("no %s", element)
		}
		sum := sha256.Sum256([]byte(body[1]))
		if want := element + "-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(rules, want) {
			t.Errorf("the policy %s lacks %s", rules, want)
		}
	}
	if regexp.MustCompile(` (style|on[a-z]+)=`).MatchString(got) {
		t.Error("an inline style or handler, which the policy forbids")
	}
}

func TestSizeIsBounded(t *testing.T) {
	huge := sample.Hostile(10 << 20)
	if got := draw(t, huge); len(got) > 2<<20 {
		t.Errorf("%d bytes for a body of 10 MB", len(got))
	} else if !strings.Contains(got, "To keep this file small") {
		t.Error("what was cut is not said")
	}
	long := sample.Flawed()
	for i := range long.Rows {
		long.Rows[i].Reason = strings.Repeat("漢", 1<<20)
	}
	x := &long.Rows[0].Checks[0].Findings[0]
	x.Subject, x.Message, x.Fix = strings.Repeat("s", 5<<20), strings.Repeat("m", 5<<20), strings.Repeat("f ", 5<<20)
	if got := draw(t, long); len(got) > 1<<20 || !utf8.ValidString(got) {
		t.Errorf("%d bytes for a long subject, message, fix and reasons", len(got))
	}
	many := sample.Flawed()
	c := &many.Rows[1].Checks[0]
	for i := range 10000 {
		f := c.Findings[0]
		f.Subject = fmt.Sprintf("GET /v1/things/%d", i)
		f.ID = lr.Fingerprint(c.ID, f.Subject)
		c.Findings = append(c.Findings, f)
	}
	got := draw(t, many)
	if len(got) > 10<<20 {
		t.Errorf("%d bytes for 10,000 findings", len(got))
	}
	for _, want := range []string{"the details of ", "findings altogether", "are not in it. The JSON report has everything."} {
		if !strings.Contains(got, want) {
			t.Errorf("lacks %q", want)
		}
	}
	if small := draw(t, sample.Flawed()); strings.Contains(small, "To keep this file small") {
		t.Error("a small report says that something was cut")
	}
}

func TestAnchors(t *testing.T) {
	r := sample.Flawed()
	r.Rows[1].Checks[0].Findings[1].ID = r.Rows[1].Checks[0].Findings[0].ID // a report that repeats an id
	r.Rows[1].Checks[1].Findings[0].ID = `"> <script>`
	got := draw(t, r)
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(got, -1) {
		if seen[m[1]] {
			t.Errorf("id %s twice", m[1])
		}
		seen[m[1]] = true
	}
	for _, m := range regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(got, -1) {
		if !seen[m[1]] {
			t.Errorf("a link to #%s, which is not there", m[1])
		}
	}
	id := lr.Fingerprint("auth/no-credential", "GET /v1/billing/invoices")
	if !seen[id] {
		t.Errorf("the finding's id %s is no anchor", id)
	}
}

// TestUnknownSaysWhatItCounts: rows stand in the ring and checks in the contents.
func TestUnknownSaysWhatItCounts(t *testing.T) {
	for name, tc := range map[string]struct {
		row  lr.RowReport
		want string
	}{
		"a check of a row that passed": {lr.RowReport{ID: "auth", Verdict: lr.Passed, Checks: []lr.CheckReport{{ID: "auth/x", Verdict: lr.Unknown}}}, "1 check"},
		"two checks":                   {lr.RowReport{ID: "auth", Checks: []lr.CheckReport{{ID: "auth/x"}, {ID: "auth/y"}}}, "2 checks"},
		"a row":                        {lr.RowReport{ID: "auth"}, "1 row"},
	} {
		page := draw(t, &lr.Report{Rows: []lr.RowReport{tc.row}})
		if want := `<a href="#unknown">Unknown <span class="n">` + tc.want + `</span></a>`; !strings.Contains(page, want) {
			t.Errorf("%s: the contents lack %q", name, want)
		}
		if !strings.Contains(page, "Rows of the scorecard") {
			t.Errorf("%s: the ring does not say what it counts", name)
		}
	}
}

func TestWhatAReaderSees(t *testing.T) {
	for _, c := range []struct {
		name       string
		r          *lr.Report
		want, nots []string
	}{
		{"flawed", sample.Flawed(), []string{"Not ready", "5 blockers in 3 rows", "Why it matters to a buyer", "launchready audit replay lr-96983de48ad4", "&#34;$TOKEN&#34;", "<mark>lr1-", "Guard directive", "no drill has been run", "Accepted by cto@harbor.test until 2027-01-31", "CWE 306", "0 of 60 tries, at most 4.9 % (95 %)"}, []string{"Every row of the scorecard passed"}},
		{"clean", sample.Clean(), []string{"✓</span> Ready", "Every row of the scorecard passed", "launchready audit --mutate --baseline report.json --fail-on-new"}, []string{"Blockers", "Why it matters", "id=\"unknown\""}},
		{"partial", &lr.Report{Readiness: lr.NotEnoughTested, Partial: true, Rows: sample.Clean().Rows[:2]}, []string{"2 of 13 rows passed", "2 of the scorecard&#39;s 13 rows were asked for", "cannot say that the product is ready"}, []string{"✓</span> Ready"}},
		{"interrupted", &lr.Report{Readiness: lr.NotEnoughTested, Interrupted: true}, []string{"The run was interrupted"}, nil},
		{"empty", &lr.Report{}, []string{"Not enough tested", "of 0 passed"}, []string{"<no value>", "Ready</span>"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := draw(t, c.r)
			for _, w := range c.want {
				if !strings.Contains(got, w) {
					t.Errorf("lacks %q", w)
				}
			}
			for _, n := range c.nots {
				if strings.Contains(got, n) {
					t.Errorf("has %q", n)
				}
			}
		})
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestWriteErrors(t *testing.T) {
	if err := report.Write(broken{}, sample.Clean()); !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v", err)
	}
	if err := report.WriteComparison(broken{}, sample.Clean(), sample.Clean()); !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func FuzzWrite(f *testing.F) {
	f.Add(sample.Attack)
	f.Add("```\n- a\n1. b\n**c** `d`")
	f.Fuzz(func(t *testing.T, s string) {
		r := sample.Flawed()
		r.Product = s
		x := &r.Rows[0].Checks[0]
		x.Why, x.Reason = s, s
		x.Findings[0].Fix, x.Findings[0].Message, x.Findings[0].ID, x.Findings[0].Evidence[0].Response = s, s, s, s
		x.Findings[0].Evidence[1].Witness = []string{s}
		var b bytes.Buffer
		if err := report.Write(&b, r); err != nil {
			t.Fatal(err)
		}
		got := b.String()
		if strings.Count(got, "<script") != 1 || strings.Count(got, "</script") != 1 || strings.Contains(got, "<img") {
			t.Errorf("live markup from %q", s)
		}
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\x00\x1b\u202e\u2028") {
			t.Errorf("not inert: %q", s)
		}
	})
}

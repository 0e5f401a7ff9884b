package markdown_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report/markdown"
	"github.com/launchready/launchready/report/sample"
)

var update = flag.Bool("update", false, "write the golden files")

func draw(t testing.TB, r *lr.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := markdown.Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func samples() map[string]*lr.Report {
	return map[string]*lr.Report{
		"flawed": sample.Flawed(), "clean": sample.Clean(), "rerun": sample.Rerun(), "hostile": sample.Hostile(10), "empty": {Readiness: lr.NotEnoughTested},
	}
}

func TestGolden(t *testing.T) {
	for name, r := range samples() {
		t.Run(name, func(t *testing.T) {
			got, path := draw(t, r), filepath.Join("testdata", name+".md")
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
				t.Errorf("%s differs; run with -update and read the diff", path)
			}
		})
	}
}

// page is the comment as GitHub reads it: GitHub Flavored Markdown, addresses
// made links, HTML let through.
func page(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	md := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe()))
	if err := md.Convert([]byte(text), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var (
	inCode  = regexp.MustCompile(`(?s)<code[^>]*>.*?</code>`)
	element = regexp.MustCompile(`<[^>]*>`)
	href    = regexp.MustCompile(`href="([^"]*)"`)
	// acts is what a forge acts on outside of code: mentions, references, commits,
	// pictures by name, addresses.
	acts = regexp.MustCompile(`@\w|#\d|\bGH-\d|\b[0-9a-f]{7,40}\b|:[a-z_]+:|https?:|www\.|!\d|~\w|&amp;#`)
)

// allowed are the elements of a comment of ours.
var allowed = regexp.MustCompile(`^</?(?:h2|h3|p|strong|em|ul|ol|li|table|thead|tbody|tr|th|td|details|summary|b|sub|code|pre|a)(?: (?:href|class)="[^"]*")*>$|^<code>$|^<!-- launchready -->$`)

// inert holds a comment to what it may do: show text, and lead to our own pages.
func inert(t testing.TB, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Error("invalid UTF-8")
	}
	for _, r := range text {
		if r < 0x20 && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r >= 0x2028 && r <= 0x202e || r == 0x200b {
			t.Errorf("%U is in it", r)
			break
		}
	}
	seen := inCode.ReplaceAllString(page(t, text), "<code></code>")
	for _, tag := range element.FindAllString(seen, -1) {
		if !allowed.MatchString(tag) {
			t.Errorf("HTML that is not ours: %.200s", tag)
		}
	}
	for _, m := range href.FindAllStringSubmatch(seen, -1) {
		if m[1] != "https://github.com/launchready/launchready" && !strings.HasPrefix(m[1], "https://github.com/launchready/launchready/blob/main/docs/checks/") {
			t.Errorf("a link that is not ours: %.200s", m[1])
		}
	}
	if m := acts.FindString(element.ReplaceAllString(seen, " ")); m != "" {
		t.Errorf("a forge would act on %q", m)
	}
	if n := strings.Count(seen, "<details>"); n != strings.Count(seen, "</details>") {
		t.Errorf("%d details are opened, %d closed", n, strings.Count(seen, "</details>"))
	}
}

func TestHostileTextIsInert(t *testing.T) {
	for name, r := range samples() {
		t.Run(name, func(t *testing.T) { inert(t, draw(t, r)) })
	}
	t.Run("titles", func(t *testing.T) {
		r := sample.Hostile(10)
		for i := range r.Rows {
			r.Rows[i].ID, r.Rows[i].Title, r.Run, r.Tool = sample.Attack, sample.Attack, sample.Attack, sample.Attack
			for j := range r.Rows[i].Checks {
				c := &r.Rows[i].Checks[j]
				c.ID, c.Title, c.Why = sample.Attack, sample.Attack, sample.Attack
			}
		}
		inert(t, draw(t, r))
	})
}

func TestWhatAReaderSees(t *testing.T) {
	for _, c := range []struct {
		name       string
		r          *lr.Report
		want, nots []string
	}{
		{"flawed", sample.Flawed(), []string{markdown.Mark + "\n## ❌ Not ready: Harbor Assist\n", "**5 blockers in 3 rows of the scorecard stand in the way.**", "| ❌ failed | Auth on all API routes | 2 of 8 required checks failed |", "### Blockers",
			"<details><summary><b>CRITICAL</b> <code>auth/no-credential</code> <code>GET /v1/billing/invoices</code></summary>", "- witness `lr1-7f3a09-acme-12-5be2c1d07a9f4e6680b3d1c2`", "GET /v1/chats/c_81f2 HTTP/1.1",
			"Accepted by `cto@harbor.test` until `2027-01-31`", "**Next.** Fix the first blocker", "```sh\nlaunchready audit replay lr-96983de48ad4\n```"}, []string{"Since run", "**new**", "left out"}},
		{"rerun", sample.Rerun(), []string{"Since run `20261116-091133-5d02` of 16 November 2026: **1 new**, 8 unchanged, 1 fixed, 1 gone but not asked again.", "<b>CRITICAL</b> <b>new</b> <code>auth/alg-none</code>", "### Fixed\n\n- `isolation/foreign-update` `PATCH /v1/chats/{chat_id}`", "### Gone, but not asked again"}, nil},
		{"clean", sample.Clean(), []string{"## ✅ Ready: Harbor Assist", "Every row of the scorecard passed."}, []string{"### ", "<details>"}},
		{"empty", &lr.Report{Readiness: lr.NotEnoughTested}, []string{"## ❔ Not enough tested\n", "launchready audit doctor"}, []string{"| Scorecard |", "✅"}},
		{"partial", &lr.Report{Readiness: lr.NotEnoughTested, Partial: true, Rows: sample.Clean().Rows[:2]}, []string{"## ✅ 2 of 13 rows passed"}, []string{"## ✅ Ready"}},
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

func TestSizeIsBounded(t *testing.T) {
	many := sample.Rerun()
	c := &many.Rows[1].Checks[0]
	for i := range 3000 {
		f := c.Findings[0]
		f.Subject = fmt.Sprintf("GET /v1/things/%d", i)
		c.Findings = append(c.Findings, f)
		c.Open = append(c.Open, f.Subject+": busy")
		many.Baseline.Fixed = append(many.Baseline.Fixed, lr.FixedFinding{Check: "auth/x", Subject: f.Subject})
	}
	long := sample.Flawed()
	for i := range long.Rows {
		long.Rows[i].Title, long.Rows[i].Reason = strings.Repeat("漢", 1<<20), strings.Repeat("@x ", 1<<20)
	}
	for range 500 {
		long.Rows = append(long.Rows, long.Rows[0])
	}
	for range 20 {
		long.Reasons = append(long.Reasons, strings.Repeat("word ", 1<<18))
	}
	long.Product, long.Target, long.Run = strings.Repeat("`@a ", 1<<20), strings.Repeat("`", 1<<20), strings.Repeat("<", 1<<20)
	for name, r := range map[string]*lr.Report{"10 MB": sample.Hostile(10 << 20), "many": many, "long": long} {
		t.Run(name, func(t *testing.T) {
			got := draw(t, r)
			if len(got) > 60000 {
				t.Errorf("%d bytes", len(got))
			}
			if !strings.Contains(got, "**Next.**") || !strings.HasPrefix(got, markdown.Mark) {
				t.Error("head or tail is cut")
			}
			inert(t, got)
		})
	}
	if got := draw(t, many); !regexp.MustCompile(`To fit into a comment, \d+ entries are left out`).MatchString(got) {
		t.Error("what is left out is not counted")
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestWriteErrors(t *testing.T) {
	if err := markdown.Write(broken{}, sample.Clean()); !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func FuzzWrite(f *testing.F) {
	f.Add(sample.Attack)
	f.Add("```\n</details>\n@x\n")
	f.Add("- `a` | b\\| `")
	f.Fuzz(func(t *testing.T, text string) {
		r := sample.Rerun()
		r.Product, r.Rows[0].ID, r.Rows[0].Title, r.Rows[0].Reason = text, text, text, text
		r.Baseline.Fixed[0].Subject = text
		c := &r.Rows[0].Checks[0]
		c.ID, c.Title, c.Why, c.Open = text, text, text, []string{text}
		x := &c.Findings[0]
		x.ID, x.Subject, x.Message, x.Fix, x.Replay, x.Guard = text, text, text, text, text, text
		x.Evidence[1].Note, x.Evidence[1].As, x.Evidence[1].Response, x.Evidence[1].Witness = text, text, text, []string{text}
		inert(t, draw(t, r))
	})
}

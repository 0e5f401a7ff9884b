package junit_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report/junit"
	"github.com/launchready/launchready/report/sample"
)

var update = flag.Bool("update", false, "write the golden files")

func draw(t testing.TB, r *lr.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := junit.Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func samples() map[string]*lr.Report {
	return map[string]*lr.Report{
		"flawed": sample.Flawed(), "clean": sample.Clean(), "rerun": sample.Rerun(), "hostile": sample.Hostile(10), "empty": {Readiness: lr.NotEnoughTested},
	}
}

func TestGolden(t *testing.T) {
	for name, r := range samples() {
		t.Run(name, func(t *testing.T) {
			got, path := draw(t, r), filepath.Join("testdata", name+".xml")
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s differs; run with -update and read the diff", path)
			}
		})
	}
}

// TestJenkinsSchema holds the documents to the schema of Jenkins' xUnit plugin.
func TestJenkinsSchema(t *testing.T) {
	xsd := os.Getenv("LAUNCHREADY_JUNIT_XSD")
	lint, err := exec.LookPath("xmllint")
	if xsd == "" || err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("xmllint (%v) or LAUNCHREADY_JUNIT_XSD (%q) is missing: see testdata/xsd.sh", err, xsd)
		}
		t.Skip("xmllint or LAUNCHREADY_JUNIT_XSD is missing: see testdata/xsd.sh")
	}
	check := func(raw []byte) error {
		c := exec.CommandContext(t.Context(), lint, "--noout", "--nonet", "--schema", xsd, "-")
		c.Stdin = bytes.NewReader(raw)
		if out, err := c.CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %.600s", err, out)
		}
		return nil
	}
	for name, r := range samples() {
		if err := check(draw(t, r)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	good := string(draw(t, sample.Flawed()))
	for _, swap := range [][2]string{{`<testcase `, `<test `}, {` errors="`, ` errors1="`}, {`<skipped `, `<skip `}} {
		bad := strings.ReplaceAll(strings.ReplaceAll(good, swap[0], swap[1]), "</"+swap[0][1:], "</"+swap[1][1:])
		if check([]byte(bad)) == nil {
			t.Errorf("%s is accepted: the schema proves nothing", swap[1])
		}
	}
}

type doc struct {
	Tests    string `xml:"tests,attr"`
	Failures string `xml:"failures,attr"`
	Errors   string `xml:"errors,attr"`
	Suites   []struct {
		Name     string `xml:"name,attr"`
		Tests    string `xml:"tests,attr"`
		Failures string `xml:"failures,attr"`
		Errors   string `xml:"errors,attr"`
		Skipped  string `xml:"skipped,attr"`
		Time     string `xml:"time,attr"`
		Cases    []struct {
			Class   string `xml:"classname,attr"`
			Name    string `xml:"name,attr"`
			Time    string `xml:"time,attr"`
			Failure *note  `xml:"failure"`
			Error   *note  `xml:"error"`
			Skipped *note  `xml:"skipped"`
			Out     string `xml:"system-out"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

type note struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

func read(t testing.TB, raw []byte) doc {
	t.Helper()
	var d doc
	if err := xml.Unmarshal(raw, &d); err != nil {
		t.Fatalf("%v in %.300s", err, raw)
	}
	return d
}

// said is how a check shows: passed, failure, error or skipped, and its message.
func said(d doc) map[string]string {
	out := map[string]string{}
	for _, s := range d.Suites {
		for _, c := range s.Cases {
			switch {
			case c.Failure != nil:
				out[c.Name] = "failure " + c.Failure.Type + ": " + c.Failure.Message
			case c.Error != nil:
				out[c.Name] = "error: " + c.Error.Message
			case c.Skipped != nil:
				out[c.Name] = "skipped: " + c.Skipped.Message
			default:
				out[c.Name] = "passed"
			}
		}
	}
	return out
}

func TestMeaning(t *testing.T) {
	d := read(t, draw(t, sample.Flawed()))
	got := said(d)
	for name, want := range map[string]string{
		"auth/garbage-credential":    "passed",
		"auth/no-credential":         "failure critical: GET /v1/billing/invoices: Anyone reads acme's invoices",
		"isolation/foreign-read":     "failure critical: 2 findings, the first: GET /v1/chats/{chat_id}: globex_member reads",
		"isolation/existence-oracle": "failure low: GET /v1/collections/{slug}: A foreign",
		"isolation/predictable-id":   "skipped: suspected by shape only, which decides nothing: GET /v1/files/{file_id}",
		"auth/password-reset":        "skipped: not tested: no mailbox is configured",
		"monitoring/alert-drill":     "error: not tested: no drill has been run",
		"auth/graphql-introspection": "skipped: the target has no GraphQL endpoint",
		"https/hsts-preload":         "skipped: accepted by cto@harbor.test until 2027-01-31: The apex",
	} {
		if !strings.HasPrefix(got[name], want) {
			t.Errorf("%s: got %q, want %q", name, got[name], want)
		}
	}
	c := d.Suites[0].Cases[0]
	if c.Class != "launchready.auth" || !strings.Contains(c.Out, "replay: launchready audit replay lr-96983de48ad4") ||
		!strings.Contains(c.Failure.Text, "witness: lr1-7f3a09") || !strings.Contains(c.Failure.Text, "fix: Mount the route") || !strings.Contains(c.Failure.Text, "replay: launchready audit") {
		t.Errorf("got %+v %+v", c, c.Failure)
	}
	if d.Suites[0].Name != "Auth on all API routes" || len(d.Suites) != 13 {
		t.Errorf("%d suites, the first %s", len(d.Suites), d.Suites[0].Name)
	}
	for name, want := range said(read(t, draw(t, sample.Clean()))) {
		if want != "passed" && name != "auth/graphql-introspection" {
			t.Errorf("clean: %s %s", name, want)
		}
	}
	if out := string(draw(t, sample.Rerun())); !strings.Contains(out, "application (critical, new, lr-") || !strings.Contains(out, "(critical, unchanged, lr-") {
		t.Error("it does not say what is new")
	}
}

// TestNothingUntestedPasses: whatever was not asked is not green, and a report
// that has nothing in it is no green report.
func TestNothingUntestedPasses(t *testing.T) {
	for _, c := range []struct {
		name        string
		r           *lr.Report
		case_, want string
	}{
		{"nothing", &lr.Report{}, "run", "error: not tested: nothing was asked"},
		{"interrupted", &lr.Report{Interrupted: true, Rows: sample.Clean().Rows[:1]}, "run", "error: not tested: the run was interrupted"},
		{"a row without a check", &lr.Report{Rows: []lr.RowReport{{ID: "email", Reason: "no domain"}}}, "email", "error: not tested: no domain"},
		{"a required check", one(lr.CheckReport{ID: "x", Required: true, Reason: "busy"}), "x", "error: not tested: busy"},
		{"an extra check", one(lr.CheckReport{ID: "x", Reason: "busy"}), "x", "skipped: not tested: busy"},
		{"failed without a finding", one(lr.CheckReport{ID: "x", Verdict: lr.Failed, Title: "T", Reason: "r"}), "x", "failure info: T: r"},
		{"failed by suspicion", one(lr.CheckReport{ID: "x", Verdict: lr.Failed, Findings: []lr.Finding{{Subject: "s", Message: "m"}}}), "x", "skipped: suspected by shape only"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := said(read(t, draw(t, c.r)))[c.case_]; !strings.HasPrefix(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func one(c lr.CheckReport) *lr.Report {
	return &lr.Report{Rows: []lr.RowReport{{ID: "auth", Checks: []lr.CheckReport{c}}}}
}

// TestCounts: readers trust the numbers of a suite, not its cases.
func TestCounts(t *testing.T) {
	for name, r := range samples() {
		d := read(t, draw(t, r))
		tests, failures, errs := 0, 0, 0
		seen := map[string]bool{}
		for _, s := range d.Suites {
			n, f, e, k := 0, 0, 0, 0
			for _, c := range s.Cases {
				n++
				switch {
				case c.Failure != nil:
					f++
				case c.Error != nil:
					e++
				case c.Skipped != nil:
					k++
				}
				if seen[c.Class+c.Name] {
					t.Errorf("%s: two cases %s", name, c.Name)
				}
				seen[c.Class+c.Name] = true
				if !surefire.MatchString(c.Time) {
					t.Errorf("%s: time %q", name, c.Time)
				}
			}
			if got, want := s.Tests+s.Failures+s.Errors+s.Skipped, fmt.Sprint(n)+fmt.Sprint(f)+fmt.Sprint(e)+fmt.Sprint(k); got != want {
				t.Errorf("%s: suite %s says %s, has %s", name, s.Name, got, want)
			}
			tests, failures, errs = tests+n, failures+f, errs+e
		}
		if d.Tests != strconv.Itoa(tests) || d.Failures != strconv.Itoa(failures) || d.Errors != strconv.Itoa(errs) {
			t.Errorf("%s: says %s, %s, %s; has %d, %d, %d", name, d.Tests, d.Failures, d.Errors, tests, failures, errs)
		}
		if name == "empty" && errs == 0 {
			t.Error("an empty report is green")
		}
	}
}

// surefire is the form of a time in the schema of Jenkins.
var surefire = regexp.MustCompile(`^(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?$`)

func TestHostileTextIsInert(t *testing.T) {
	got := draw(t, sample.Hostile(100))
	legal(t, got)
	for _, bad := range []string{"<script", "<img", "]]>", "-->", "<!--", "</details", "\u202e", "\x1b"} {
		if bytes.Contains(got, []byte(bad)) {
			t.Errorf("has %q", bad)
		}
	}
	read(t, got)
}

// legal holds a document to the characters of XML 1.0 (2.2).
func legal(t *testing.T, raw []byte) {
	t.Helper()
	if !utf8.Valid(raw) {
		t.Error("invalid UTF-8")
	}
	for _, r := range string(raw) {
		if r < 0x20 && r != '\t' && r != '\n' || r >= 0xfffe && r <= 0xffff {
			t.Fatalf("%U is no character of XML 1.0", r)
		}
	}
	if m := reference.FindString(string(raw)); m != "" {
		t.Errorf("a reference to what is no character: %s", m)
	}
}

var reference = regexp.MustCompile(`(?i)&#(?:[0-8]|1[124-9]|2[0-9]|3[01]|x[0-8]|x[bcef]|x1[0-9a-f]);`)

func TestSizeIsBounded(t *testing.T) {
	if got := draw(t, sample.Hostile(10<<20)); len(got) > 2<<20 {
		t.Errorf("%d bytes for a body of 10 MB", len(got))
	}
	long, many := sample.Flawed(), sample.Flawed()
	c := &long.Rows[1].Checks[0]
	for i := range 10000 {
		f := c.Findings[0]
		f.Subject = fmt.Sprintf("GET /v1/things/%d", i)
		c.Findings = append(c.Findings, f)
		c.Open = append(c.Open, f.Subject+": busy")
		x := many.Rows[0].Checks[3]
		x.ID = fmt.Sprintf("auth/x%d", i)
		x.Reason = strings.Repeat("漢", 5000)
		many.Rows[0].Checks = append(many.Rows[0].Checks, x)
	}
	for _, c := range []struct {
		r    *lr.Report
		want []string
	}{{long, []string{"… and 9952 findings more", "subjects more that could not be asked"}}, {many, []string{"This is in the JSON report."}}} {
		got := draw(t, c.r)
		if len(got) > 30<<20 { // GitLab takes 30 MB
			t.Errorf("%d bytes for 10,000 findings", len(got))
		}
		for _, want := range c.want {
			if !bytes.Contains(got, []byte(want)) {
				t.Errorf("lacks %q", want)
			}
		}
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestWriteErrors(t *testing.T) {
	if err := junit.Write(broken{}, sample.Clean()); !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func FuzzWrite(f *testing.F) {
	f.Add(sample.Attack)
	f.Add("]]>\r\n&#0;\x7f")
	f.Fuzz(func(t *testing.T, text string) {
		r := sample.Flawed()
		r.Product, r.Rows[0].ID, r.Rows[0].Title = text, text, text
		c := &r.Rows[0].Checks[0]
		c.ID, c.Title, c.Reason, c.Open = text, text, text, []string{text}
		x := &c.Findings[0]
		x.ID, x.Subject, x.Message, x.Fix, x.Replay, x.State, x.Evidence[1].Witness = text, text, text, text, text, text, []string{text}
		got := draw(t, r)
		legal(t, got)
		read(t, got)
	})
}

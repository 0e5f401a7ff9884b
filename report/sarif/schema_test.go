package sarif_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"

	oasis "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	validator "github.com/santhosh-tekuri/jsonschema/v6"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report/sample"
)

// official is the schema that OASIS publishes (errata 01). The module go-sarif
// carries it, unexported: its validator would look at what it could read of a
// log, and not see what it could not.
func official(t testing.TB) *validator.Schema {
	t.Helper()
	fn := runtime.FuncForPC(reflect.ValueOf(oasis.NewReport).Pointer())
	file, _ := fn.FileLine(fn.Entry())
	file = filepath.Join(filepath.Dir(file), "schema.go")
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatalf("find the schema (not with -trimpath): %v", err)
	}
	text := ""
	ast.Inspect(f, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING && len(l.Value) > 10000 {
			text, err = strconv.Unquote(l.Value)
		}
		return true
	})
	if err != nil || !strings.Contains(text, "oasis-open.org/sarif/sarif/v2.1.0") {
		t.Fatalf("%s holds no schema of SARIF 2.1.0 (%v)", file, err)
	}
	doc, err := validator.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := validator.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("sarif.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func valid(t testing.TB, s *validator.Schema, raw []byte) error {
	t.Helper()
	v, err := validator.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(v)
}

func TestSchema(t *testing.T) {
	s := official(t)
	for name, r := range samples() {
		if err := valid(t, s, draw(t, r)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	good := string(draw(t, sample.Flawed()))
	for _, swap := range [][2]string{{`"level": "error"`, `"level": "fatal"`}, {`"kind": "fail"`, `"kind": "failed"`}, {`"ruleIndex": 0`, `"ruleIndex": "0"`}, {`"driver":`, `"pilot":`}, {`"version": "2.1.0"`, `"version": "2.0.0"`}} {
		if !strings.Contains(good, swap[0]) {
			t.Errorf("nothing to swap for %s", swap[1])
		}
		if err := valid(t, s, []byte(strings.Replace(good, swap[0], swap[1], 1))); err == nil {
			t.Errorf("%s is accepted: the schema proves nothing", swap[1])
		}
	}
}

// TestMultitool has Microsoft's validator judge by the standard and by what
// GitHub takes. SARIF2017 wants a line for each result, which these have none of:
// they are of the whole file (3.29.4).
func TestMultitool(t *testing.T) {
	tool := os.Getenv("LAUNCHREADY_MULTITOOL")
	if tool == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("LAUNCHREADY_MULTITOOL is not set: see testdata/multitool.sh")
		}
		t.Skip("LAUNCHREADY_MULTITOOL is not set: see testdata/multitool.sh")
	}
	dir := t.TempDir()
	out := filepath.Join(dir, "out", "verdict.json")
	if err := os.Mkdir(filepath.Dir(out), 0o700); err != nil {
		t.Fatal(err)
	}
	logs := map[string][]byte{"wrong": bytes.Replace(draw(t, sample.Flawed()), []byte(`"physicalLocation"`), []byte(`"physicallocation"`), 1)}
	for name, r := range samples() {
		logs[name] = draw(t, r)
	}
	for name, raw := range logs {
		if err := os.WriteFile(filepath.Join(dir, name+".sarif"), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.CommandContext(t.Context(), tool, "validate", "--rule-kind", "Sarif;Ghas", "-o", out, "--log", "ForceOverwrite;PrettyPrint", filepath.Join(dir, "*.sarif"))
	c.Env = append(os.Environ(), "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1", "HOME="+dir)
	said, _ := c.CombinedOutput() // its exit code says that it found something
	raw, err := os.ReadFile(out)
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	var d doc
	if err := json.Unmarshal(bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf")), &d); err != nil {
		t.Fatal(err)
	}
	sees, looked := false, map[string]bool{}
	for _, r := range d.Runs[0].Results {
		of := r.Locations[0].Physical.Artifact.URI
		looked[strings.TrimSuffix(path.Base(of), ".sarif")] = true
		switch {
		case strings.HasSuffix(of, "wrong.sarif"):
			sees = sees || r.RuleID != "SARIF2017"
		case r.RuleID != "SARIF2017":
			t.Errorf("%s: %s %s", of, r.RuleID, r.Message.Text)
		}
	}
	if !sees {
		t.Errorf("a result without a place is accepted: the validator proves nothing\n%s", said)
	}
	if !looked["flawed"] || !looked["hostile"] {
		t.Errorf("it looked at %v only", looked)
	}
}

func FuzzWrite(f *testing.F) {
	f.Add(sample.Attack)
	f.Add("GET /x{0} HTTP/1.1\n\n: \n")
	s := official(f)
	f.Fuzz(func(t *testing.T, text string) {
		r := sample.Flawed()
		r.Product, r.Run, r.Tool, r.Config = text, text, text, text
		c := &r.Rows[0].Checks[0]
		c.ID, c.Title, c.Why, c.Refs = text, text, text, []lr.Ref{{Source: text, ID: text}}
		x := &c.Findings[0]
		x.ID, x.Subject, x.Message, x.Fix, x.Replay = text, text, text, text, text
		x.Evidence[1].Request, x.Evidence[1].Response = text, text
		if err := valid(t, s, draw(t, r)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}

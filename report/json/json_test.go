package json_test

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report"
	"github.com/launchready/launchready/report/json"
	"github.com/launchready/launchready/report/sample"
)

var update = flag.Bool("update", false, "write the golden files and the schema")

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
		t.Errorf("%s differs; run with -update and read the diff", path)
	}
}

func TestGolden(t *testing.T) {
	for name, r := range map[string]*lr.Report{"flawed": sample.Flawed(), "clean": sample.Clean(), "compared": sample.Compared(), "empty": {Readiness: lr.NotEnoughTested}} {
		t.Run(name, func(t *testing.T) {
			before := clone(t, r)
			var b bytes.Buffer
			if err := json.Write(&b, r); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(clone(t, r), before) {
				t.Error("writing changed the report")
			}
			golden(t, name+".json", b.Bytes())
			if bytes.Contains(b.Bytes(), []byte(": null")) && !bytes.Contains(b.Bytes(), []byte(`\"token\":null`)) {
				t.Error("an array is null")
			}
			back, err := json.Read(bytes.NewReader(b.Bytes()))
			if err != nil {
				t.Fatal(err)
			}
			if want := report.Tidy(r); !reflect.DeepEqual(back, want) {
				t.Error("what was read is not what was written")
			}
			var again bytes.Buffer
			if err := json.Write(&again, back); err != nil || !bytes.Equal(again.Bytes(), b.Bytes()) {
				t.Errorf("written again it has other bytes (error %v)", err)
			}
		})
	}
}

func clone(t *testing.T, r *lr.Report) any {
	t.Helper()
	raw, err := stdjson.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := stdjson.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestOrderDoesNotDependOnTheRun(t *testing.T) {
	a, b := sample.Flawed(), sample.Flawed()
	fs := b.Rows[1].Checks[0].Findings
	fs[0], fs[1] = fs[1], fs[0]
	var x, y bytes.Buffer
	if err := errors.Join(json.Write(&x, a), json.Write(&y, b)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(x.Bytes(), y.Bytes()) {
		t.Error("the order of findings found at the same time shows")
	}
}

func TestRead(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"empty", ``, "read report: 1:"},
		{"not json", "{\n  nope", "read report: 2:3: "},
		{"another document", `{"findings":[]}`, "not a launchready report"},
		{"the demo's comparison", `{"before":{"schema":"launchready.report/v1"},"after":{}}`, `holds two reports: take "before" or "after" out of it`},
		{"array", `[]`, "read report: 1:"},
		{"another schema", `{"schema":"trivy/v2"}`, `schema "trivy/v2": want launchready.report/v1`},
		{"bad version", `{"schema":"launchready.report/vX"}`, "want launchready.report/v1"},
		{"newer version", `{"schema":"launchready.report/v2","rows":7}`, "written by a newer launchready: it has schema launchready.report/v2"},
		{"second document", `{"schema":"launchready.report/v1","readiness":"ready"} {}`, "read report: 1:"},
		{"unknown verdict", `{"schema":"launchready.report/v1","readiness":"ready","rows":[{"id":"a","verdict":"maybe"}]}`, `verdict "maybe"`},
		{"unknown readiness", `{"schema":"launchready.report/v1","readiness":"sure"}`, `readiness "sure"`},
		{"wrong kind", `{"schema":"launchready.report/v1","readiness":"ready","rows":{}}`, "rows: object where another kind of value belongs"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := json.Read(strings.NewReader(c.in))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got error %v, want one with %q", err, c.want)
			}
			if got != nil {
				t.Error("a report came with the error")
			}
		})
	}
	if _, err := json.Read(strings.NewReader(`{"schema":"launchready.report/v9"}`)); !errors.Is(err, json.ErrNewer) {
		t.Errorf("got %v, want ErrNewer", err)
	}
	if _, err := json.Read(strings.NewReader("\xef\xbb\xbf" + `{"schema":"launchready.report/v1","readiness":"ready","grown":1}`)); err != nil {
		t.Errorf("a byte order mark and a field that came later: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	if err := json.Write(&b, sample.Flawed()); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(`{"schema":"launchready.report/v1","readiness":"ready","rows":[{"checks":[{"findings":[{}]}]}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := json.Read(bytes.NewReader(raw))
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := json.Write(&out, r); err != nil {
			t.Fatal(err)
		}
		if _, err := json.Read(&out); err != nil {
			t.Errorf("what was written cannot be read: %v", err)
		}
	})
}

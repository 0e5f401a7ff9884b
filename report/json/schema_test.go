package json_test

import (
	"bytes"
	stdjson "encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report/json"
	"github.com/launchready/launchready/report/sample"
)

// reflected is the schema as the structs of the root package have it.
func reflected(t *testing.T) []byte {
	t.Helper()
	words := func(list ...string) *jsonschema.Schema {
		s := &jsonschema.Schema{Type: "string"}
		for _, w := range list {
			s.Enum = append(s.Enum, w)
		}
		return s
	}
	r := &jsonschema.Reflector{
		AllowAdditionalProperties: true, // a version may grow by fields
		Anonymous:                 true,
		ExpandedStruct:            true,
		Mapper: func(k reflect.Type) *jsonschema.Schema {
			switch k {
			case reflect.TypeFor[lr.Verdict]():
				return words("unknown", "passed", "failed", "skipped")
			case reflect.TypeFor[lr.Severity]():
				return words("info", "low", "medium", "high", "critical")
			case reflect.TypeFor[lr.Confidence]():
				return words("suspected", "confirmed")
			case reflect.TypeFor[lr.Readiness]():
				return words(string(lr.Ready), string(lr.ReadyWithRisks), string(lr.NotReady), string(lr.NotEnoughTested))
			case reflect.TypeFor[time.Duration]():
				return &jsonschema.Schema{Type: "integer", Description: "nanoseconds"}
			}
			return nil
		},
	}
	s := r.Reflect(&lr.Report{})
	s.Title = "Launch Ready report"
	s.Description = "The result of a launchready audit: the contract " + lr.ReportSchema + "."
	s.Properties.Set("schema", &jsonschema.Schema{Type: "string", Const: lr.ReportSchema})
	raw, err := stdjson.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(raw, '\n')
}

func TestSchemaHasNotDrifted(t *testing.T) {
	got := reflected(t)
	if *update {
		if err := os.WriteFile("schema.json", got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(got, json.Schema) {
		t.Error("schema.json is not what the structs say; run with -update, and keep old scripts working")
	}
}

func TestReportsKeepTheSchema(t *testing.T) {
	doc, err := validator.UnmarshalJSON(bytes.NewReader(reflected(t)))
	if err != nil {
		t.Fatal(err)
	}
	c := validator.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("report.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("report.json")
	if err != nil {
		t.Fatal(err)
	}
	valid := func(raw []byte) error {
		v, err := validator.UnmarshalJSON(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(v)
	}
	for name, r := range map[string]*lr.Report{"flawed": sample.Flawed(), "clean": sample.Clean(), "hostile": sample.Hostile(100), "empty": {Readiness: lr.NotEnoughTested}} {
		var b bytes.Buffer
		if err := json.Write(&b, r); err != nil {
			t.Fatal(err)
		}
		if err := valid(b.Bytes()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if name != "flawed" {
			continue
		}
		for _, swap := range [][2]string{{`"verdict": "failed"`, `"verdict": "bad"`}, {`"severity": "critical"`, `"severity": 5`}, {`"run":`, `"walk":`}, {`report/v1"`, `report/v2"`}} {
			if err := valid([]byte(strings.Replace(b.String(), swap[0], swap[1], 1))); err == nil {
				t.Errorf("%s is accepted", swap[1])
			}
		}
	}
}

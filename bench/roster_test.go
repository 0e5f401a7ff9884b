package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestInvocations(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want [][]string
	}{
		"options with values, and none": {"tool\nrun file.yaml\n--fast\n-H Authorization: Bearer x\n", [][]string{{"tool", "run", "file.yaml", "--fast", "-H", "Authorization: Bearer x"}}},
		"two runs":                      {"tool\n-a 1\n\n\ntool\n-a 2", [][]string{{"tool", "-a", "1"}, {"tool", "-a", "2"}}},
		"nothing":                       {"\n\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := invocations(c.text)
			if len(got) != len(c.want) {
				t.Fatalf("got %q, want %q", got, c.want)
			}
			for i := range got {
				if !slices.Equal(got[i], c.want[i]) {
					t.Errorf("got %q, want %q", got[i], c.want[i])
				}
			}
		})
	}
}

func TestFilled(t *testing.T) {
	env := map[string]string{"URL": "http://127.0.0.1:1", "ID": "7"}
	for in, want := range map[string]string{
		"${URL}/x/${ID}":          "http://127.0.0.1:1/x/7",
		"${env:PASSWORD} ${ID}":   "${env:PASSWORD} 7",
		"${UNKNOWN}":              "${UNKNOWN}",
		"no end ${ID":             "no end ${ID",
		"${$ref} ${${ID}} plain$": "${$ref} ${7} plain$",
		"":                        "",
	} {
		if got := filled(in, env); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

// TestRoster: each tool has a command that starts it and files without a
// credential in them; what the stand does not know of is the tool's own.
func TestRoster(t *testing.T) {
	st := &stand{env: map[string]string{"URL": "http://127.0.0.1:1", "FRONT": "https://app.harbor.test"}, spec: []byte("{}")}
	for _, p := range everyPeer() {
		t.Run(p.contest+"/"+p.name, func(t *testing.T) {
			n, err := p.lines()
			if err != nil {
				t.Fatal(err)
			}
			if n < 3 {
				t.Errorf("%d lines by hand", n)
			}
			dir := t.TempDir()
			runs, err := p.lay(dir, st)
			if err != nil {
				t.Fatal(err)
			}
			if len(runs) == 0 {
				t.Fatal("no command")
			}
			for i, run := range runs {
				if run[0] != p.name {
					t.Errorf("run %d starts %s", i, run[0])
				}
				if files, err := filepath.Glob(filepath.Join(dir, "*", "openapi.json")); err != nil || len(files) != len(runs) {
					t.Errorf("descriptions: %v, %v", files, err)
				}
			}
			err = p.files(func(name, text string) error {
				if strings.Contains(text, "eyJ") || strings.Contains(text, "Hb-") {
					t.Errorf("%s holds a credential", name)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestMiddle(t *testing.T) {
	got := middle([]outcome{{took: 9}, {took: 1, score: score{found: []string{"x"}}}, {took: 5, tally: tally{requests: 3}}})
	if got.took != 5 || got.requests != 3 {
		t.Errorf("got %+v", got)
	}
}

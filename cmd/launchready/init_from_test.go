package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/launchready/launchready/config/draft"
	"github.com/launchready/launchready/config/intake"
)

// TestWhereOf reads what somebody answers to the question for the address.
func TestWhereOf(t *testing.T) {
	for _, tc := range []struct {
		name, answer, target string
		people               int
		err                  string
	}{
		{"nothing", " \n", "", 0, ""},
		{"an address", " https://staging.acme.test ", "https://staging.acme.test", 0, ""},
		{"no address", "staging.acme.test", "staging.acme.test", 0, "not a URL"},
		{"a curl command", "curl 'https://staging.acme.test/v1/me' \\\n  -H 'Authorization: Bearer s3cr3t'", "https://staging.acme.test", 1, ""},
		{"a broken one", "curl 'https://staging.acme.test/ -H s3cr3t", "", 0, "single quote that begins here is never closed"},
		{"a sentence", "I do not know s3cr3t", "", 0, "neither an address nor a curl command"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			target, in, err := whereOf(tc.answer)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) || strings.Contains(err.Error(), "s3cr3t") {
					t.Errorf("got %v, want %q", err, tc.err)
				}
				return
			}
			if err != nil || target != tc.target {
				t.Fatalf("got %q, %v", target, err)
			}
			if got := 0; in != nil {
				if got = len(in.Identities); got != tc.people {
					t.Errorf("got %d identities, want %d", got, tc.people)
				}
			} else if tc.people > 0 {
				t.Error("nothing was read")
			}
		})
	}
}

// TestStory: one screen, however much was left out.
func TestStory(t *testing.T) {
	in := &intake.Intake{File: "a.yaml", Format: "WFC auth", Warnings: strings.Split(strings.Repeat("something, ", 30), ", ")}
	p := &program{color: "never"}
	page := func() string {
		var b bytes.Buffer
		if err := p.story([]*intake.Intake{in}, []string{"a and b differ"}, draft.Facts{}).to(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	short := page()
	if n := strings.Count(short, "\n"); n > 24 || !strings.Contains(short, "25 more; --verbose lists them") || !strings.Contains(short, "from a.yaml (WFC auth): nothing") || !strings.Contains(short, "conflicts\n  a and b differ") {
		t.Errorf("%d lines:\n%s", n, short)
	}
	p.verbose = true
	if got := strings.Count(page(), "left out"); got != len(in.Warnings) {
		t.Errorf("--verbose lists %d of %d", got, len(in.Warnings))
	}
	var b bytes.Buffer
	if err := p.story(nil, nil, draft.Facts{}).to(&b); err != nil || b.Len() > 0 {
		t.Errorf("without files: got %q, %v", b.String(), err)
	}
}

package term_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/launchready/launchready/report"
	"github.com/launchready/launchready/report/term"
)

func TestGuarded(t *testing.T) {
	var b bytes.Buffer
	err := term.Guarded(&b, []report.Guarded{
		{Check: "auth/a", Subject: "GET /1", Directive: "authenticate", Behind: report.Blocked},
		{Check: "auth/a", Subject: "GET /2", Directive: "authenticate", Behind: report.Blocked},
		{Check: "auth/a", Subject: "GET /3", Directive: "authenticate", Behind: report.Blocked},
		{Check: "auth/a", Subject: "GET /4\x1b[31m", Directive: "authenticate", Behind: report.Blocked},
		{Check: "cors/b", Subject: "application", Directive: "cors", Behind: report.NotGuards, Why: "not in this build"},
		{Check: "email/c", Subject: "harbor.test", Behind: report.NotGuards, Why: "x"},
		{Check: "auth/d", Subject: "GET /5", Directive: "roles", Behind: report.Through, Why: "still there"},
	}, term.Options{Width: 120})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"4 findings stopped of the 5 that it is for", "✓ 4 findings: fails direct, blocked by guard, the owner still works", "auth/a GET /1, GET /2, GET /3 and 1 more (authenticate)",
		"✗ 1 finding: fails direct, and behind guard", "auth/d GET /5 (roles: still there)", "cors/b application (cors: not in this build)", "on duty: email/c"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("lacks %q:\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "\x1b") {
		t.Error("what a target wrote colours the page")
	}
}

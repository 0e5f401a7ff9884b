package checkdoc

import (
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
)

func rows() []lr.Row {
	return []lr.Row{{ID: "auth", Title: "Auth on all API routes", Pass: "no unauthenticated request reads customer data", Checks: []*lr.Check{
		{ID: "auth/no-credential", Title: "Routes refuse requests without a credential", Why: "Anyone who learns the URL reads customer data.",
			Fix: "Authenticate in one middleware.\n\n    mux.Handle(\"/v1/\", authenticate(api)) // a line of code that is longer than the width", Guard: "authenticate",
			Severity: lr.Critical, Needs: lr.Routes | lr.TwoTenants, Refs: []lr.Ref{{Source: "OWASP API", ID: "API2:2023"}, {Source: "CWE", ID: "306"}}},
		{ID: "auth/alg-none", Title: "Tokens without a signature | refused", Why: "w", Fix: "f", Severity: lr.High, Effect: lr.Writes, Extra: true},
	}}}
}

func TestPages(t *testing.T) {
	pages := Pages(rows())
	if len(pages) != 2 {
		t.Fatalf("got %d pages, want the index and one row", len(pages))
	}
	for _, want := range []string{
		"# Auth on all API routes", "| [`auth/no-credential`](#authno-credential) | Routes refuse requests without a credential | critical | required |",
		"## auth/no-credential", "Severity critical · required · needs routes, identities in two tenants · reads, and creates objects as their owner",
		"Why it matters: Anyone who learns the URL reads customer data.", "Fix: Authenticate in one middleware.", "Guard: `authenticate`",
		"References: OWASP API API2:2023 · CWE-306", `Tokens without a signature \| refused`,
		"Severity high · extra · needs nothing but the address · tries to change objects of the run (with --mutate)",
	} {
		if !strings.Contains(pages["auth.md"], want) {
			t.Errorf("auth.md lacks %q", want)
		}
	}
	if !strings.Contains(pages["README.md"], "| [Auth on all API routes](auth.md) | no unauthenticated request reads customer data | 2 |") {
		t.Errorf("README.md lacks the row:\n%s", pages["README.md"])
	}
}

func TestFind(t *testing.T) {
	if c, err := Find(rows(), "auth/alg-none"); err != nil || c.ID != "auth/alg-none" {
		t.Errorf("got %v, %v", c, err)
	}
	for _, tc := range []struct{ id, want string }{
		{"auth/algnone", `did you mean "auth/alg-none"?`}, {"no-credential", `did you mean "auth/no-credential"?`}, {"zzz", `there is no check "zzz"`},
	} {
		if _, err := Find(rows(), tc.id); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %s", tc.id, err, tc.want)
		}
	}
}

func TestExplain(t *testing.T) {
	var b strings.Builder
	c := rows()[0].Checks[0]
	if err := Explain(&b, c, 30, func(s string) string { return "*" + s + "*" }); err != nil {
		t.Fatal(err)
	}
	got := b.String()
	for _, want := range []string{"*auth/no-credential*\n", "severity  critical, required", "guard     authenticate", "*Fix*\n  Authenticate in one\n  middleware.\n",
		"      mux.Handle(\"/v1/\", authenticate(api)) // a line of code that is longer than the width", "  CWE-306\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("lacks %q in\n%s", want, got)
		}
	}
}

func TestNeedsNamesEveryNeed(t *testing.T) {
	for n := lr.Routes; n <= lr.Database; n <<= 1 {
		if w := Needs(n); w == "" || strings.HasPrefix(w, "nothing") {
			t.Errorf("need %b has no word", n)
		}
	}
}

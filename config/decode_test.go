package config

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// TestBounds puts files to the reader that are made to be costly.
func TestBounds(t *testing.T) {
	deep := strings.Repeat("[", 3000) + strings.Repeat("]", 3000)
	var laughs strings.Builder // a billion laughs, in aliases
	laughs.WriteString(head + "watch:\n  monitors:\n    - &l0 [x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 12; i++ {
		fmt.Fprintf(&laughs, "    - &l%d [%s]\n", i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*l%d, ", i-1), 9), ", "))
	}
	var wrong strings.Builder
	wrong.WriteString(head)
	for i := range 500 {
		fmt.Fprintf(&wrong, "zebra%d: 1\n", i)
	}
	for _, tc := range []struct {
		name, text string
		most       int // mistakes that are told
	}{
		{"deep", head + "watch: {monitors: [" + deep + "]}\n", 5},
		{"aliases of aliases", laughs.String(), maxErrs},
		{"an alias of itself", head + "watch: {monitors: [&a [*a]]}\n", 5},
		{"a merge of itself", head + "identities:\n  acme_a: &a {<<: *a, token: \"${env:ACME_PW}\"}\n", 5},
		{"many mistakes", wrong.String(), maxErrs},
		{"long line", head + "product: " + strings.Repeat("x", 200_000) + ": y\n", 5},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := parse(t, tc.text)
			var errs Errors
			if err != nil && !errors.As(err, &errs) {
				t.Fatalf("got %v, want Errors or none", err)
			}
			if len(errs) > tc.most {
				t.Errorf("got %d mistakes, want at most %d", len(errs), tc.most)
			}
			if n := len(errs.Detail()); n > 64<<10 {
				t.Errorf("the message has %d bytes", n)
			}
		})
	}
}

// TestForms writes the same thing in the ways that YAML has for it.
func TestForms(t *testing.T) {
	for name, text := range map[string]string{
		"flow":         "budget: {requests: 7, rate: 5/s}\n",
		"block":        "budget:\n  requests: 7\n  rate: 5/s\n",
		"quoted":       "\"budget\": {'requests': 7, \"rate\": \"5/s\"}\n",
		"tagged":       "budget: {requests: !!int 7, rate: !!str 5/s}\n",
		"anchored":     "budget: &b {requests: &n 7, rate: 5/s}\n",
		"commented":    "budget: # why\n  # more\n  requests: 7 # seven\n  rate: 5/s\n",
		"Windows ends": "budget:\r\n  requests: 7\r\n  rate: 5/s\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			c, err := parse(t, head+text)
			if err != nil {
				t.Fatal(err)
			}
			if c.Budget.Requests != 7 || c.Budget.Rate != 5 {
				t.Errorf("got %+v, want 7 requests at 5/s", c.Budget)
			}
		})
	}
}

func TestByteOrderMarkIsNoMistake(t *testing.T) {
	if _, err := parse(t, "\ufeff"+head); err != nil {
		t.Error(err)
	}
}

func TestEmptyValuesAreAsIfAbsent(t *testing.T) {
	c, err := parse(t, head+"product:\nbudget:\nwaivers:\nfail_on:\nsign_in:\n")
	if err != nil {
		t.Fatal(err)
	}
	if c.Product != "x.test" || c.Budget.Requests != defaultRequests || c.FailOn.String() != "high" || c.SignIn != nil {
		t.Errorf("got product %q, %d requests, fail_on %s, sign_in %v: want the defaults", c.Product, c.Budget.Requests, c.FailOn, c.SignIn)
	}
}

// TestShortForms reads a request line where a mapping may stand.
func TestShortForms(t *testing.T) {
	c, err := parse(t, head+"sign_out: POST /logout\nrefresh: POST /refresh\n")
	if err != nil {
		t.Fatal(err)
	}
	if c.SignOut.Request.String() != "POST /logout" || c.Refresh.Request.String() != "POST /refresh" {
		t.Errorf("got %s and %s", c.SignOut.Request, c.Refresh.Request)
	}
	if got := c.Origin("sign_out.request"); got != "launchready.yaml:4:11" {
		t.Errorf("origin: got %s, want the place of the short form", got)
	}
}

func TestSettingsListEverythingOnce(t *testing.T) {
	c, err := parse(t, full+"mailbox: {request: GET /mail?to=$user, header: \"X-Dev-Token: ${env:ACME_PW}\"}\nsign_out: POST /logout\n")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, s := range c.Settings() {
		if seen[s.Path] {
			t.Errorf("%s is listed twice", s.Path)
		}
		seen[s.Path] = true
		if s.Origin == "" {
			t.Errorf("%s has no origin", s.Path)
		}
		for name, v := range secrets {
			if v != "" && strings.Contains(s.Value, v) {
				t.Errorf("%s shows the value of %s", s.Path, name)
			}
		}
	}
	for _, p := range []string{"version", "target.url", "tenants.acme", "sign_in.json.password", "identities.globex_member.token", "access.shared[0]", "objects.chat.marker",
		"owners.incidents.leak", "waivers[0].until", "mailbox.header", "sign_out.request", "budget.usd", "database.url"} {
		if !seen[p] {
			t.Errorf("%s is not listed", p)
		}
	}
}

// TestZeroThatStandsInTheFileIsListed: rate 0 is a choice, not an absence.
func TestZeroThatStandsInTheFileIsListed(t *testing.T) {
	c, err := parse(t, head+"budget: {rate: 0, usd: 0}\n")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, s := range c.Settings() {
		got[s.Path] = s.Value
	}
	if got["budget.rate"] != "0" || got["budget.usd"] != "0" {
		t.Errorf("got rate %q and usd %q, want 0 and 0", got["budget.rate"], got["budget.usd"])
	}
}

func TestExcerptMasks(t *testing.T) {
	for name, tc := range map[string]struct{ line, want string }{
		"plain":                {"  product: Acme", "  product: Acme"},
		"password":             {"  password: hunter2", "  password: [secret]"},
		"quoted key":           {`  "password": "hunter2"`, `  "password": [secret]`},
		"flow":                 {"  a: {user: u, password: hunter2, role: r}", "  a: {user: u, password: [secret], role: r}"},
		"reference":            {`  password: "${env:PW}"`, `  password: "${env:PW}"`},
		"file reference":       {"  token: file:.launchready/credentials#A", "  token: file:.launchready/credentials#A"},
		"variable":             {"  json: {password: $password}", "  json: {password: $password}"},
		"continuation":         {"      hunter2hunter2", "      […]"},
		"connection":           {"  url: postgres://u:hunter2@h/d", "  url: [secret]h/d"},
		"long word":            {"  x: aGVsbG8gd29ybGQgMTIzNDU2Nzg5MA", "  x: [secret]"},
		"header":               {"  X-API-Key: hk_12345", "  X-API-Key: [secret]"},
		"comment with nothing": {"# a comment", "# a comment"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := safeLine(tc.line); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

package config

import (
	"errors"
	"strings"
	"testing"
)

const head = "version: 1\ntarget: {url: https://x.test}\ntenants: {acme: {}, globex: {}}\n"

func TestErrors(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       []string // in the messages
		not        []string // nowhere in messages or excerpts
	}{
		{"unknown key", "version: 1\ntarget: {url: https://x.test}\ntennants: {}\n",
			[]string{`launchready.yaml:3:1: unknown key "tennants", did you mean "tenants"?`}, nil},
		{"unknown key below", "version: 1\ntarget:\n  url: https://x.test\n  enviroment: staging\n",
			[]string{`launchready.yaml:4:3: unknown key "enviroment" in target, did you mean "environment"?`}, nil},
		{"mistyped required key is named once", "version: 1\ntagret: {url: https://x.test}\n",
			[]string{`2:1: unknown key "tagret", did you mean "target"?`}, []string{"target is missing"}},
		{"unknown key with nothing near lists the known", "version: 1\ntarget: {url: https://x.test}\nbudget: {zebra: 1}\n",
			[]string{`3:10: unknown key "zebra" in budget (known: concurrency, minutes, rate, requests, tokens, usd)`}, nil},
		{"required", "product: x\n", []string{"version is missing", "target is missing"}, nil},
		{"required below", "version: 1\ntarget: {spec: https://x.test/o.json}\n", []string{"2:9: url is missing in target"}, []string{"target is missing"}},
		{"version", strings.Replace(head, "version: 1", "version: 2", 1), []string{"1:10: version 2 is not known"}, nil},
		{"duplicate key", head + "product: a\nproduct: b\n", []string{`5:1: key "product" stands twice: first at line 4`}, nil},
		{"duplicate identity name", head + "identities:\n  acme_a: {token: \"${env:ACME_PW}\"}\n  acme_a: {token: \"${env:GLOBEX_TOKEN}\"}\n",
			[]string{`6:3: key "acme_a" stands twice`}, nil},
		{"list for a text", head + "product: [a]\n", []string{"4:10: product must be a text, not a list"}, []string{"unmarshal", "struct", "[]"}},
		{"text for a number", head + "budget: {requests: many}\n", []string{"4:20: requests must be a number, not a text"}, []string{"unmarshal", "int", "many\""}},
		{"fraction for a whole number", head + "budget: {requests: 1.5}\n", []string{"requests must be a whole number"}, nil},
		{"negative", head + "budget: {minutes: -3}\n", []string{"minutes cannot be negative"}, nil},
		{"text for a mapping", "version: 1\ntarget: https://x.test\n", []string{"2:9: target must be keys with values, not a text"}, nil},
		{"text for true", head + "identities: {acme_a: {token: \"${env:ACME_PW}\", spare: maybe}}\n", []string{"spare must be true or false, not a text"}, nil},
		{"text for a list", head + "waivers: none\n", []string{"4:10: waivers must be a list, not a text"}, nil},
		{"number for a secret", head + "identities: {acme_a: {user: u, password: 48151623}}\n", []string{"a secret may not be written into this file"}, []string{"48151623"}},
		{"syntax", "version: 1\ntarget: {url: \"https://x.test}\n", []string{"launchready.yaml:2:", "not valid YAML"}, nil},
		{"syntax beside a secret", "version: 1\nidentities:\n  a: {password: hunter2, token: [}\n", []string{"not valid YAML"}, []string{"hunter2"}},
		{"empty", "", []string{"1:1: the file is empty"}, nil},
		{"only comments", "# nothing\n", []string{"the file is empty"}, nil},
		{"two documents", head + "---\nversion: 1\n", []string{"more than one document"}, nil},
		{"a list", "- a\n", []string{"must be keys with values, not a list"}, nil},
		{"no scheme", "version: 1\ntarget: {url: staging.acme.test}\n", []string{"2:15: not a URL: it must start with https://"}, nil},
		{"odd scheme", "version: 1\ntarget: {url: \"ftp://x.test\"}\n", []string{`scheme "ftp" cannot be audited`}, nil},
		{"no host", "version: 1\ntarget: {url: \"https://\"}\n", []string{"it has no host"}, nil},
		{"bad port", "version: 1\ntarget: {url: \"https://x.test:99999\"}\n", []string{"the port is not between"}, nil},
		{"base with a query", "version: 1\ntarget: {url: \"https://x.test/?a=1\"}\n", []string{"has no query"}, nil},
		{"rate without a time", head + "budget: {rate: 50}\n", []string{`4:16: "50" is not a rate: write 50/s, 600/m, or 0`}, nil},
		{"rate in days", head + "budget: {rate: 50/d}\n", []string{`"50/d" is not a rate`}, nil},
		{"day", head + "waivers: [{check: auth/no-credential, reason: r, owner: o, until: 31.01.2027}]\n", []string{`"31.01.2027" is not a day: write YYYY-MM-DD`}, nil},
		{"no such day", head + "waivers: [{check: auth/no-credential, reason: r, owner: o, until: 2027-02-30}]\n", []string{`"2027-02-30" is not a day`}, nil},
		{"severity", head + "fail_on: hight\n", []string{`4:10: severity "hight": want info, low, medium, high or critical`}, nil},
		{"one of", "version: 1\ntarget: {url: https://x.test, environment: stagging}\n", []string{`environment cannot be "stagging": one of development, test, staging, production, did you mean "staging"?`}, nil},
		{"waiver of an unknown check", head + "waivers: [{check: auth/no-credentials, reason: r, owner: o, until: 2027-01-31}]\n",
			[]string{`4:19: waiver for unknown check "auth/no-credentials", did you mean "auth/no-credential"?`}, nil},
		{"waiver at no method", head + "waivers: [{check: auth/no-credential, subject: GETT /v1/me, reason: r, owner: o, until: 2027-01-31}]\n",
			[]string{`"GETT" is not an HTTP method`}, nil},
		{"waiver without an owner", head + "waivers: [{check: auth/no-credential, reason: r, until: 2027-01-31}]\n", []string{"owner is missing in waivers[0]"}, nil},
		{"waived twice", head + "waivers:\n- {check: auth/no-credential, reason: r, owner: o, until: 2027-01-31}\n- {check: auth/no-credential, reason: r, owner: o, until: 2027-01-31}\n",
			[]string{"6:11: check auth/no-credential is waived twice: first at line 5"}, nil},
		{"waived twice at one place", head + "waivers:\n- {check: auth/no-credential, subject: GET /a, reason: r, owner: o, until: 2027-01-31}\n- {check: auth/no-credential, subject: get /A, reason: r, owner: o, until: 2027-01-31}\n",
			[]string{"is waived twice: first at line 5"}, nil},
		{"unknown tenant", head + "identities: {a: {tenant: acmee, token: \"${env:ACME_PW}\"}}\n",
			[]string{`4:26: identity a: there is no tenant "acmee", did you mean "acme"?`}, nil},
		{"no tenant", head + "identities: {a: {token: \"${env:ACME_PW}\"}}\n", []string{"identity a belongs to no tenant"}, nil},
		{"same user twice", head + "sign_in: {request: POST /l, json: {u: $user, p: $password}}\nidentities:\n  acme_a: {user: u, password: \"${env:ACME_PW}\"}\n  acme_b: {user: u, password: \"${env:ACME_PW}\"}\n",
			[]string{"7:3: identities acme_a and acme_b are the same user"}, []string{"sw0rdfish"}},
		{"same token twice", head + "identities:\n  acme_a: {token: \"${env:GLOBEX_TOKEN}\"}\n  globex_b: {token: \"${env:GLOBEX_TOKEN}\"}\n",
			[]string{"6:21: identities acme_a and globex_b have the same token"}, []string{"globex-token-7d1"}},
		{"password without sign-in", head + "identities: {acme_a: {user: u, password: \"${env:ACME_PW}\"}}\n", []string{"there is no sign_in to use it"}, nil},
		{"user without password", head + "identities: {acme_a: {user: u}}\n", []string{"identity acme_a has no password, token or cookie"}, nil},
		{"unknown variable", head + "sign_in: {request: POST /l, json: {u: $usr, p: $password}}\n", []string{`nothing fills in $usr, did you mean "$user"?`}, nil},
		{"method", head + "sign_in: {request: PSOT /l}\n", []string{`4:20: "PSOT" is not an HTTP method`}, nil},
		{"path", head + "whoami: GET me\n", []string{`"me" is not a path: it must start with /`}, nil},
		{"pattern", head + "access: {public: [healthz]}\n", []string{`4:19: "healthz" is not a pattern`}, nil},
		{"send without token", head + "sign_in: {request: POST /l, send: \"Authorization: Bearer\"}\n", []string{"it has no {token} in it"}, nil},
		{"place", head + "sign_in: {request: POST /l, token: access_token}\n", []string{`"access_token" is no place in a reply`}, nil},
		{"resolve to a name", "version: 1\ntarget: {url: https://x.test, resolve: {x.test: localhost}}\n", []string{`"localhost" is not an address`}, nil},
		{"missing spec", "version: 1\ntarget: {url: https://x.test, spec: nope.yaml}\n", []string{"2:37: nope.yaml does not exist"}, nil},
		{"missing certificates", "version: 1\ntarget: {url: https://x.test, ca_file: ca.pem}\n", []string{"ca.pem does not exist"}, nil},
		{"list of routes", "version: 1\ntarget: {url: https://x.test, spec: [GET /a, FETCH /b]}\n", []string{`2:46: "FETCH" is not an HTTP method`}, nil},
		{"alias to nothing", head + "product: *gone\n", []string{"gone"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := parse(t, tc.text)
			var errs Errors
			if !errors.As(err, &errs) {
				t.Fatalf("got %v, want Errors", err)
			}
			detail := errs.Detail()
			for _, w := range tc.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("got %s\nwant %s", err, w)
				}
			}
			for _, n := range tc.not {
				if strings.Contains(detail, n) {
					t.Errorf("got %s\nmust not hold %q", detail, n)
				}
			}
		})
	}
}

func TestExcerptPointsAtThePlace(t *testing.T) {
	_, err := parse(t, "version: 1\ntarget:\n  url: https://x.test\n  enviroment: staging\n")
	var errs Errors
	if !errors.As(err, &errs) {
		t.Fatal(err)
	}
	want := "     4 |   enviroment: staging\n       |   ^"
	if errs[0].Excerpt != want {
		t.Errorf("got\n%s\nwant\n%s", errs[0].Excerpt, want)
	}
}

// TestExcerptOfASecret: a reference is shown, since it is what to correct; a
// secret in its place is not, and the line stays readable beside it.
func TestExcerptOfASecret(t *testing.T) {
	for name, c := range map[string]struct{ value, want string }{
		"variable that is not set": {`"${env:NOT_SET}"`, "     4 | identities: {acme_a: {user: u, password: \"${env:NOT_SET}\"}}\n       |                                          ^"},
		"file that is not there":   {"file:none.txt", "     4 | identities: {acme_a: {user: u, password: file:none.txt}}\n       |                                          ^"},
		"a secret":                 {"hunter2", "     4 | identities: {acme_a: {user: u, password: [secret]\n       |                                          ^"},
		"a secret after one":       {`"${env:NOT_SET}hunter2"`, "     4 | identities: {acme_a: {user: u, password: [secret]\n       |                                          ^"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(t, head+"identities: {acme_a: {user: u, password: "+c.value+"}}\n")
			var errs Errors
			if !errors.As(err, &errs) {
				t.Fatal(err)
			}
			if errs[0].Excerpt != c.want {
				t.Errorf("got\n%s\nwant\n%s", errs[0].Excerpt, c.want)
			}
		})
	}
}

func TestErrorsStandInTheFilesOrder(t *testing.T) {
	_, err := parse(t, "version: 1\ntarget: {url: https://x.test}\nfail_on: no\nbudget: {rate: no}\nproduct: []\n")
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 3 || !strings.Contains(lines[0], ":3:") || !strings.Contains(lines[1], ":4:") || !strings.Contains(lines[2], ":5:") {
		t.Errorf("got %q, want the lines 3, 4 and 5 in order", lines)
	}
}

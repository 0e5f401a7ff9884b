package oracle

import (
	"net/http"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
)

const canary = "lr1-run-acme-1-0123456789abcdef01234567"

func reply(status int, media, body string) *lr.Exchange {
	return &lr.Exchange{Status: status, Header: http.Header{"Content-Type": {media}}, Body: []byte(body)}
}

func js(status int, body string) *lr.Exchange { return reply(status, "application/json", body) }

func TestJudge(t *testing.T) {
	attacker := &lr.Account{Identity: lr.Identity{Name: "b", Tenant: "globex"}}
	owner := js(200, `{"id":"1","title":"`+canary+`"}`)
	missing := js(404, `{"error":"no"}`)
	own := js(200, `{"id":"2","title":"mine"}`)
	for _, c := range []struct {
		name string
		c    Case
		want lr.Verdict
		sure lr.Confidence
		says string
	}{
		{"a witness in a 200 is a leak", Case{Probe: owner, Owner: owner, Missing: missing, Own: own, Attacker: attacker}, lr.Failed, lr.Confirmed, "200"},
		{"a witness in a 403 is a leak", Case{Probe: js(403, `{"chat":"`+canary+`"}`), Owner: owner, Missing: missing, Own: own, Attacker: attacker}, lr.Failed, lr.Confirmed, "403"},
		{"a witness in a Location is a leak", Case{Probe: &lr.Exchange{Status: 302, Header: http.Header{"Location": {"/login?next=" + canary}}}, Owner: owner, Missing: missing, Own: own, Attacker: attacker}, lr.Failed, lr.Confirmed, "302"},
		{"a redirect without the secret refuses", Case{Probe: &lr.Exchange{Status: 302, Header: http.Header{"Location": {"/login"}}}, Owner: owner, Missing: missing, Own: own, Attacker: attacker}, lr.Passed, lr.Confirmed, "302"},
		{"200 without data refuses", Case{Probe: js(200, `{"success":false,"data":null}`), Owner: owner, Missing: js(200, `{"success":false,"data":null}`), Own: own, Attacker: attacker}, lr.Passed, lr.Confirmed, "200"},
		{"an empty list refuses", Case{Probe: js(200, `{"data":[]}`), Owner: owner, Missing: js(200, `{"data":[]}`), Own: own, Attacker: attacker}, lr.Passed, lr.Confirmed, ""},
		{"204 refuses", Case{Probe: reply(204, "", ""), Owner: owner, Missing: missing, Own: own, Attacker: attacker}, lr.Passed, lr.Confirmed, ""},
		{"500 as for a missing object refuses", Case{Probe: js(500, `{"error":"x"}`), Owner: owner, Missing: js(500, `{"error":"y"}`), Own: own, Attacker: attacker}, lr.Passed, lr.Confirmed, ""},
		{"500 unlike a missing object tells nothing", Case{Probe: js(500, `{"error":"x"}`), Owner: owner, Missing: missing, Own: own, Attacker: attacker}, lr.Unknown, 0, "busy or broken"},
		{"429 tells nothing", Case{Probe: js(429, `{}`), Owner: owner, Missing: missing, Own: own, Attacker: attacker}, lr.Unknown, 0, "busy"},
		{"the owner's shape without a value is suspected", Case{Probe: js(200, `{"id":"9","title":"whose"}`), Owner: owner, Missing: missing, Own: own, Attacker: attacker}, lr.Failed, lr.Suspected, "shape"},
		{"the caller's own data is right", Case{Probe: own, Owner: owner, Missing: missing, Own: own, Attacker: attacker}, lr.Passed, lr.Confirmed, "own data"},
		{"what anyone sees is no matter of tenants", Case{Probe: owner, Owner: owner, Missing: missing, Own: own, Anonymous: owner, Attacker: attacker}, lr.Passed, lr.Confirmed, "open to anyone"},
		{"what is shared on purpose is right", Case{Probe: owner, Owner: owner, Missing: missing, Own: own, Attacker: attacker, Shared: true}, lr.Passed, lr.Confirmed, "shared"},
		{"nobody's leak", Case{Probe: owner, Owner: owner}, lr.Failed, lr.Confirmed, "without a valid credential"},
		{"public on purpose", Case{Probe: owner, Owner: owner, Public: true}, lr.Passed, lr.Confirmed, "public"},
		{"a bad credential where anyone may read", Case{Probe: owner, Owner: owner, Anonymous: owner}, lr.Passed, lr.Confirmed, "open to anyone"},
		{"a refused owner proves nothing", Case{Probe: missing, Owner: missing, Attacker: attacker}, lr.Unknown, 0, "would prove nothing"},
		{"no owner proves nothing", Case{Probe: missing, Attacker: attacker}, lr.Unknown, 0, "not at all"},
		{"a dead attacker proves nothing", Case{Probe: js(401, `{}`), Owner: owner, Missing: missing, Own: js(401, `{}`), Attacker: attacker}, lr.Unknown, 0, "may be dead"},
		{"no reply", Case{Owner: owner, Attacker: attacker}, lr.Unknown, 0, "no reply"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.c.Witness = []string{canary}
			j := Judge(c.c)
			if j.Verdict != c.want || j.Verdict != lr.Unknown && j.Confidence != c.sure {
				t.Errorf("got %s %s (%s), want %s %s", j.Confidence, j.Verdict, j.Reason, c.sure, c.want)
			}
			if !strings.Contains(j.Reason, c.says) {
				t.Errorf("reason %q does not say %q", j.Reason, c.says)
			}
			if j.Verdict == lr.Passed && j.Confidence == lr.Suspected {
				t.Error("a pass is never only suspected")
			}
		})
	}
}

func TestJudgeWithoutWitness(t *testing.T) {
	attacker := &lr.Account{Identity: lr.Identity{Name: "b", Tenant: "globex"}}
	owner := js(200, `{"n":1}`)
	j := Judge(Case{Probe: js(200, `{"m":"text"}`), Owner: owner, Attacker: attacker})
	if j.Verdict != lr.Unknown {
		t.Errorf("got %s (%s), want unknown: nothing could tell a leak", j.Verdict, j.Reason)
	}
	j = Judge(Case{Probe: js(404, `{}`), Owner: owner, Attacker: attacker})
	if j.Verdict != lr.Passed {
		t.Errorf("got %s (%s), want passed: a refusal needs no witness", j.Verdict, j.Reason)
	}
}

func TestExistence(t *testing.T) {
	attacker := &lr.Account{Identity: lr.Identity{Name: "b"}}
	owner := js(200, `{"title":"`+canary+`"}`)
	for name, c := range map[string]struct {
		probe, missing *lr.Exchange
		want           bool
	}{
		"403 for foreign, 404 for missing": {js(403, `{"e":"x"}`), js(404, `{"e":"x"}`), true},
		"one status, another shape":        {js(404, `{"e":"x","owner":"y"}`), js(404, `{"e":"x"}`), true},
		"alike":                            {js(404, `{"e":"x"}`), js(404, `{"e":"other words"}`), false},
	} {
		t.Run(name, func(t *testing.T) {
			j := Judge(Case{Witness: []string{canary}, Probe: c.probe, Missing: c.missing, Owner: owner, Attacker: attacker})
			if j.Verdict != lr.Passed || j.Existence != c.want {
				t.Errorf("got %s, existence %v; want passed, %v", j.Verdict, j.Existence, c.want)
			}
		})
	}
}

func TestEmpty(t *testing.T) {
	for body, want := range map[string]bool{
		`null`: true, `[]`: true, `{}`: true, `{"success":false,"data":null}`: true, `{"data":[],"total":0}`: true, `""`: true,
		`{"data":[1]}`: false, `{"ok":true}`: false, `"x"`: false, `not json`: false,
	} {
		if got := Empty(js(200, body)); got != want {
			t.Errorf("Empty(%s) = %v, want %v", body, got, want)
		}
	}
}

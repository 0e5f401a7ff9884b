package oracle

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"

	lr "github.com/launchready/launchready"
)

// SelfTest puts known leaks and known denials through the oracle and returns an
// error when one is judged wrong. A run whose oracle errs must not report.
func SelfTest() error {
	const canary = "lr1-selftest-acme-1-0123456789abcdef01234567"
	reply := func(status int, media, body string) *lr.Exchange {
		return &lr.Exchange{Status: status, Header: http.Header{"Content-Type": {media}}, Body: []byte(body)}
	}
	js := func(status int, body string) *lr.Exchange { return reply(status, "application/json", body) }
	owner := js(200, `{"id":"chat_1","title":"`+canary+`"}`)
	missing := js(404, `{"error":"not found"}`)
	own := js(200, `{"id":"chat_2","title":"mine"}`)
	attacker := &lr.Account{Identity: lr.Identity{Name: "attacker", Tenant: "globex"}}
	spaced := strings.Join(strings.Split(canary, ""), "\u200b")
	cases := []struct {
		name  string
		probe *lr.Exchange
		as    *lr.Account
		anon  *lr.Exchange
		want  lr.Verdict
		sure  lr.Confidence
	}{
		{"leak by 200", owner, attacker, missing, lr.Failed, lr.Confirmed},
		{"leak inside a 403", js(403, `{"error":"no","chat":"`+canary+`"}`), attacker, missing, lr.Failed, lr.Confirmed},
		{"leak inside a 302", reply(302, "text/html", "<a>"+canary+"</a>"), attacker, missing, lr.Failed, lr.Confirmed},
		{"leak in base64", js(200, `{"file":"`+base64.StdEncoding.EncodeToString([]byte("text "+canary+" text"))+`"}`), attacker, missing, lr.Failed, lr.Confirmed},
		{"leak in JSON escapes", js(200, `{"t":"`+strings.ReplaceAll(canary, "-", `\u002d`)+`"}`), attacker, missing, lr.Failed, lr.Confirmed},
		{"leak in a stream", reply(200, "text/event-stream", "data: {\"t\":\""+canary[:20]+"\"}\n\ndata: {\"t\":\""+canary[20:]+"\"}\n\n"), attacker, missing, lr.Failed, lr.Confirmed},
		{"leak with zero-width spaces", js(200, `{"t":"`+spaced+`"}`), attacker, missing, lr.Failed, lr.Confirmed},
		{"leak to nobody", owner, nil, nil, lr.Failed, lr.Confirmed},
		{"denial by 404", missing, attacker, missing, lr.Passed, lr.Confirmed},
		{"denial by 200 without data", js(200, `{"success":false,"data":null}`), attacker, missing, lr.Passed, lr.Confirmed},
		{"another object of one shape", js(200, `{"id":"chat_3","title":"whose"}`), attacker, missing, lr.Failed, lr.Suspected},
		{"open to anyone", owner, attacker, owner, lr.Passed, lr.Confirmed},
		{"busy", js(429, `{}`), attacker, missing, lr.Unknown, lr.Suspected},
	}
	for _, c := range cases {
		miss := missing
		if c.probe.Status == 200 && c.want == lr.Passed && !strings.Contains(string(c.probe.Body), canary) {
			miss = c.probe
		}
		j := Judge(Case{Witness: []string{canary}, Probe: c.probe, Owner: owner, Missing: miss, Own: own, Anonymous: c.anon, Attacker: c.as})
		if j.Verdict != c.want || j.Verdict != lr.Unknown && j.Confidence != c.sure {
			return fmt.Errorf("oracle self-test %q: got %s %s, want %s %s", c.name, j.Confidence, j.Verdict, c.sure, c.want)
		}
	}
	if j := Judge(Case{Witness: []string{canary}, Probe: owner, Owner: missing, Attacker: attacker}); j.Verdict != lr.Unknown {
		return fmt.Errorf("oracle self-test %q: got %s, want unknown", "owner refused", j.Verdict)
	}
	return nil
}

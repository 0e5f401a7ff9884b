package config

import (
	"strings"
	"testing"
)

const withProvider = "version: 1\ntarget: {url: http://127.0.0.1:1}\n"

func TestProvider(t *testing.T) {
	t.Parallel()
	c, err := parse(t, withProvider+`provider:
  traffic: GET /dev/provider
  tokens: /data/tokens
  fail: POST /fault/$status
  json: {status: $status, n: $calls}
  mend: DELETE /fault
`)
	if err != nil {
		t.Fatal(err)
	}
	if p := c.Provider; p == nil || p.Traffic.Path != "/dev/provider" || p.Fail.Path != "/fault/$status" || p.Mend.Method != "DELETE" || p.Tokens != "/data/tokens" {
		t.Errorf("got %+v", c.Provider)
	}
	for name, c := range map[string]struct{ in, want string }{
		"no traffic":         {"provider: {tokens: /t}", "traffic is missing in provider"},
		"it stays broken":    {"provider: {traffic: GET /p, fail: PUT /f}", "add provider.mend"},
		"nothing to mend":    {"provider: {traffic: GET /p, mend: DELETE /f}", "belong to provider.fail"},
		"no pointer":         {"provider: {traffic: GET /p, calls: data.calls}", "data.calls is no JSON pointer"},
		"a mistyped word":    {"provider: {traffic: GET /p, fail: PUT /f, json: {a: $statsu}, mend: DELETE /f}", `nothing fills in $statsu, did you mean "$status"?`},
		"a word of the path": {"provider: {traffic: GET /p, fail: PUT /f/$code, mend: DELETE /f}", "nothing fills in $code"},
		"an inline secret":   {"provider: {traffic: GET /p, header: \"X-Dev-Token: hunter2secret\"}", "secret"},
	} {
		_, err := parse(t, withProvider+c.in+"\n")
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2secret") {
			t.Errorf("%s: the error repeats the secret", name)
		}
	}
}

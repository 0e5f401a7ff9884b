package policy_test

import (
	"context"
	"strings"
	"testing"

	"github.com/launchready/launchready/guard/policy"
)

func TestTracesMistakes(t *testing.T) {
	mistakes(t, map[string]string{
		"traces: {}":                                    "endpoint is no address",
		"traces: {endpoint: \"127.0.0.1:4318\"}":        ":5:20: endpoint is no address",
		"traces: {endpoint: \"http://127.0.0.1:4318\"}": ":5:20: endpoint is the whole address",
		"traces: {endpoint: \"http://otel.test/v1/traces\", headers: {Authorization: \"${env:A}\"}}": "it must be https",
		"traces: {endpoint: \"https://otel.test/v1/traces\", headers: {Authorization: Bearer abc}}":  ":5:76: a secret is referred to",
		"traces: {endpoint: \"https://otel.test/v1/traces\", headers: {\"A B\": \"${env:A}\"}}":      "no name of a header",
		"traces: {endpoint: \"https://otel.test/v1/traces\", sample: 1.5}":                           ":5:59: sample is a share",
		"traces: {endpoint: \"https://otel.test/v1/traces\", sample: -1}":                            "sample is a share",
	},
		"traces: {endpoint: \"https://otel.test/v1/traces\", sample: 0, service: edge, headers: {X-Scope: \"${env:A}\"}}", "traces: {endpoint: \"http://127.0.0.1:4318/v1/traces\", headers: {X-Scope: \"file:a\"}}")
}

// TestFollow: a policy without the section follows nothing, and a secret that is not
// there is told by its name.
func TestFollow(t *testing.T) {
	p, err := judged("hygiene: {}")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := p.Follow(&policy.State{}, "1"); got != nil || err != nil {
		t.Errorf("without a section: %v, %v", got, err)
	}
	if p, err = judged("traces: {endpoint: \"http://127.0.0.1:1/v1/traces\", sample: 0.5, headers: {Authorization: \"${env:TOKEN}\"}}"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Follow(&policy.State{}, "1"); err == nil || !strings.Contains(err.Error(), "traces.headers.Authorization: the variable TOKEN is not set") {
		t.Errorf("without the secret: %v", err)
	}
	got, err := p.Follow(&policy.State{Env: func(string) (string, bool) { return "a token", true }}, "1")
	if err != nil || got == nil {
		t.Fatalf("%v, %v", got, err)
	}
	if err := got.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

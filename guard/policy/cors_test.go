package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/launchready/launchready/guard/policy"
)

// judged parses a small policy that ends with the lines.
func judged(lines string) (*policy.Policy, error) {
	return policy.Parse("guard.yaml", fmt.Appendf(nil, "version: 1\nlisten: 127.0.0.1:0\nupstream: http://127.0.0.1:1\nroutes: [{path: /a, public: true}]\n%s", lines))
}

// mistakes holds that each text is refused in words and at a place, and that what
// is right is taken and can be built.
func mistakes(t *testing.T, wrong map[string]string, right ...string) {
	t.Helper()
	for text, want := range wrong {
		if _, err := judged(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	for _, text := range right {
		p, err := judged(text)
		if err == nil {
			_, err = p.Build(&policy.State{})
		}
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestCORSMistakes(t *testing.T) {
	mistakes(t, map[string]string{
		"cors: {origins: [\"null\"]}":                           ":5:18: origin null",
		"cors: {origins: [\"https://*.acme.test\"]}":            ":5:18: origin",
		"cors: {origins: [\"https://app.acme.test/\"]}":         "no whole origin",
		"cors: {origins: [\"https://app.acme.test:443\"]}":      "no whole origin",
		"cors: {origins: [\"https://App.acme.test\"]}":          "no whole origin",
		"cors: {origins: [\"*\"], credentials: true}":           `unsafe: ["every origin with credentials"]`,
		"cors: {methods: [\"*\"]}":                              ":5:18: method",
		"cors: {headers: [\"*\"]}":                              ":5:18: ",
		"cors: {max_age: 3 days}":                               ":5:17: max_age",
		"hosts: [\"*.acme.test\"]":                              ":5:9: host",
		"hosts: [\"https://a.test\"]":                           ":5:9: host",
		"cors: {}\nunsafe: [\"every origin with credentials\"]": "which nothing needs",
		"cors: {orgins: []}":                                    ":5:8: ",
	},
		"cors: {}", "hosts: [a.test, \"a.test:8443\", \"[::1]:80\"]",
		"cors: {origins: [\"https://app.acme.test\", \"http://localhost:3000\"], credentials: true, headers: [x-a], expose: [x-b], max_age: 10m}",
		"cors: {origins: [\"*\"], credentials: true}\nunsafe: [\"every origin with credentials\"]", "cors: {origins: [\"*\"]}\nmodes: {cors: observe}")
}

package policy_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/launchready/launchready/guard/policy"
)

// TestWaits: a reload that cannot take everything says what it left.
func TestWaits(t *testing.T) {
	for name, c := range map[string]struct {
		from, to string
		want     []string
	}{
		"the same":       {"hygiene: {no_store: true}", "hygiene: {no_store: true}", nil},
		"answers only":   {"hosts: [a.test]\ntls: {certificate: c, key: k}", "hosts: [a.test]\ntls: {certificate: c, key: k, hsts: {max_age: 1h}}", nil},
		"a certificate":  {"hosts: [a.test]\ntls: {certificate: c, key: k}", "hosts: [a.test]\ntls: {certificate: d, key: k}", []string{"tls"}},
		"no TLS":         {"hosts: [a.test]\ntls: {certificate: c, key: k}", "hosts: [a.test]", []string{"tls"}},
		"a default":      {"hygiene: {}", "operations: {drain: 30s, access_log: all, body: 3s}", nil},
		"bounds":         {"hygiene: {}", "operations: {drain: 31s, linger: 5s, connections: 7, connect: 1s, upstream_header: 1s, access_log: refused}", []string{"operations.access_log", "operations.connections", "operations.connect", "operations.upstream_header", "operations.linger", "operations.drain"}},
		"traces":         {"hygiene: {}", "traces: {endpoint: \"http://127.0.0.1:4318/v1/traces\"}", []string{"traces"}},
		"admin":          {"hygiene: {}", "admin: 127.0.0.1:9090", []string{"admin"}},
		"client_ca":      {"hosts: [a.test]\ntls: {certificate: c, key: k}", "hosts: [a.test]\ntls: {certificate: c, key: k}\norigin_lock: {client_ca: ca.pem}", []string{"origin_lock.client_ca"}},
		"lock by secret": {"hygiene: {}", "origin_lock: {header: X-Lock, secrets: [\"${env:A}\"]}", nil},
	} {
		from, err := judged(c.from)
		if err != nil {
			t.Fatal(err)
		}
		to, err := judged(c.to)
		if err != nil {
			t.Fatal(err)
		}
		if got := from.Waits(to); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	const owners = "version: 1\nlisten: 127.0.0.1:0\nupstream: http://127.0.0.1:1\nauth: {issuer: a, audience: b, jwks: \"http://127.0.0.1:1/\", tenant_claim: t}\n" +
		"routes: [{path: /x}]\nownership: {store: memory, remember: %d, routes: [{path: /x, tenant: [org]}]}\n"
	var few, many *policy.Policy
	for n, p := range map[int]**policy.Policy{5: &few, 6: &many} {
		var err error
		if *p, err = policy.Parse("guard.yaml", fmt.Appendf(nil, owners, n)); err != nil {
			t.Fatal(err)
		}
	}
	if got := few.Waits(many); !slices.Equal(got, []string{"ownership.remember"}) {
		t.Errorf("owners: %v", got)
	}
}

package config_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/launchready/launchready/config"
)

// TestJoinAddsOtherUsers holds what a file of another tool adds to a configuration.
func TestJoinAddsOtherUsers(t *testing.T) {
	env := func(n string) (string, bool) { return "value-of-" + n, len(n) == 1 }
	read := func(text string) *config.Config {
		t.Helper()
		c, err := config.Parse("launchready.yaml", []byte(text), t.TempDir(), config.Options{Env: env, Now: time.Unix(0, 0)})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	more := read(`version: 1
target: {url: https://acme.test, spec: [GET /x]}
tenants: {acme: {}, blue: {}}
sign_in: {request: POST /login, json: {user: $user, password: $password}}
whoami: GET /me
identities:
  acme_ann: {tenant: acme, user: ANN@acme.test, password: "${env:A}"}
  acme_bob: {tenant: acme, user: bob@acme.test, password: "${env:B}"}
  acme_tok: {tenant: acme, token: "${env:T}"}
  blue_eve: {tenant: blue, user: eve@blue.test, token: "${env:E}"}
`)
	own := read(`version: 1
target: {url: https://acme.test}
tenants: {customer_one: {}, customer_two: {}}
identities:
  acme_bob: {tenant: customer_one, user: ann@acme.test, token: "${env:O}"}
  two: {tenant: customer_two, user: x@globex.test, token: "${env:T}"}
`)
	added := own.Join(more)
	if got := fmt.Sprint(added); got != "[acme_bob_2 blue_eve]" {
		t.Errorf("added: got %s", got)
	}
	for name, want := range map[string]string{"acme_bob_2": "customer_one", "blue_eve": "blue"} {
		id := own.Identities.Get(name)
		if id == nil || id.Tenant != want || id.WhoAmI.String() != "GET /me" {
			t.Errorf("%s: got %+v, want tenant %s", name, id, want)
		}
	}
	if own.SignIn == nil || own.Tenants.Get("blue") == nil || len(own.Target.Spec.Routes) != 1 || own.Identities.Get("acme_bob").User != "ann@acme.test" {
		t.Errorf("got sign-in %v, tenants %v, routes %v", own.SignIn, own.Tenants.Names(), own.Target.Spec.Routes)
	}
	if again := own.Join(more); len(again) != 0 {
		t.Errorf("joined twice: added %v", again)
	}
}

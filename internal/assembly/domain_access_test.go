package assembly

import (
	"slices"
	"testing"
)

// TestDomainOfTheConfiguration: what is written short is below the domain, files are
// found from the configuration's folder, and none leaves the rows out.
func TestDomainOfTheConfiguration(t *testing.T) {
	target := head + "target: {url: \"https://app.acme.test\", environment: staging, spec: [GET /me]}\n"
	c := parsed(t, target+`domain:
  name: Acme.test.
  hosts: [app, docs.acme.test, "@"]
  canonical: www
  parked: [acme-app.test]
  tenants: tenant
  resolver: 127.0.0.1:5353
  ports: {443: 8443}
  origins: [192.0.2.7]
  mail: {senders: [google], selectors: [s1], sample: mail/one.eml, reports: [mail/r.xml]}
  cloudflare: {token: "${env:TOKEN}", zone: z1}
`)
	d := assembled(t, c, Options{}).Audit.Target.Domain
	if d == nil {
		t.Fatal("no domain")
	}
	if d.Name != "acme.test" || d.Canonical != "www.acme.test" || d.Tenants != "tenant.acme.test" || !slices.Equal(d.Parked, []string{"acme-app.test"}) {
		t.Errorf("names: got %+v", d)
	}
	if want := []string{"acme.test", "app.acme.test", "docs.acme.test", "www.acme.test"}; !slices.Equal(d.Hosts, want) {
		t.Errorf("hosts: got %v, want %v", d.Hosts, want)
	}
	if d.Sample != c.Abs("mail/one.eml") || !slices.Equal(d.Reports, []string{c.Abs("mail/r.xml")}) {
		t.Errorf("files: got %s, %v", d.Sample, d.Reports)
	}
	if d.Cloudflare == nil || d.Cloudflare.Token.Reveal() != "token-of-globex-77" || d.Cloudflare.Zone != "z1" {
		t.Error("the zone's token or id is not the configuration's")
	}
	if d.Network == nil || d.Network.Resolver() != "127.0.0.1:5353" {
		t.Error("the name server is not the configuration's")
	}
	if d := assembled(t, parsed(t, target+"domain: {name: none}\n"), Options{}).Audit.Target.Domain; d != nil {
		t.Errorf("none: got %+v", d)
	}
	if d := assembled(t, parsed(t, head+"target: {url: \"http://127.0.0.1:1\", environment: staging, spec: [GET /me]}\n"), Options{}).Audit.Target.Domain; d != nil {
		t.Errorf("an address: got %+v", d)
	}
}

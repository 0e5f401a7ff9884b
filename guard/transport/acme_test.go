package transport_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/libdns/libdns"
	"github.com/miekg/dns"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/demo/cloudflare"
	"github.com/launchready/launchready/guard/transport"
)

// TestACME gets a certificate of an authority on loopback, which asks guard's own
// ports whether the name is guard's, and renews it while callers come: on new
// connections and on an old one no request is lost, and the new certificate is served
// before the old one ends.
func TestACME(t *testing.T) {
	a := newAuthority(t, 400*time.Second)
	m := &transport.ACME{Hosts: []string{"api.acme.test"}, Email: "ops@acme.test", Every: 100 * time.Millisecond, Early: 0.9975}
	lines := a.serve(t, m, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "served") }))
	obtained(t, lines, "api.acme.test")
	old := a.served(t, "api.acme.test")
	if until := m.Until(); until.Before(old.NotAfter) {
		t.Errorf("it ends at %s, and guard says %s", old.NotAfter, until)
	}
	if _, err := tls.Dial("tcp", a.ports[1].Addr().String(), &tls.Config{RootCAs: a.roots, ServerName: "other.test"}); err == nil || strings.Contains(err.Error(), "refused") {
		t.Errorf("a name that is not guard's: %v", err)
	}
	ask := func(c *http.Client) (*x509.Certificate, error) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+a.ports[1].Addr().String()+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = "api.acme.test"
		res, err := c.Do(r)
		if err != nil {
			return nil, err
		}
		defer res.Body.Close()
		if b, err := io.ReadAll(res.Body); err != nil || string(b) != "served" {
			t.Errorf("answered %q, %v", b, err)
		}
		return res.TLS.PeerCertificates[0], nil
	}
	to := &tls.Config{RootCAs: a.roots, ServerName: "api.acme.test"}
	kept, anew := &http.Client{Transport: &http.Transport{TLSClientConfig: to}}, &http.Client{Transport: &http.Transport{TLSClientConfig: to, DisableKeepAlives: true}}
	defer kept.CloseIdleConnections()
	asked, renewed := 0, false
	for began := time.Now(); !renewed && time.Since(began) < enough; {
		for _, c := range []*http.Client{kept, anew} {
			cert, err := ask(c)
			asked++
			if err != nil {
				t.Fatalf("request %d is lost: %v", asked, err)
			}
			renewed = c == anew && cert.SerialNumber.Cmp(old.SerialNumber) != 0
		}
	}
	if !renewed || time.Now().After(old.NotAfter) {
		t.Fatalf("not renewed in %d requests", asked)
	}
	if l := await(t, lines, "certificate obtained"); !strings.Contains(l, "host=api.acme.test renewal=true") {
		t.Errorf("told as %s", l)
	}
}

// TestDNS gets certificates, of wildcards too, by records: in a zone that takes signed
// updates, and at Cloudflare. No record stays.
func TestDNS(t *testing.T) {
	t.Run("updates", func(t *testing.T) {
		a := newAuthority(t, time.Hour)
		m := &transport.ACME{Hosts: []string{"*.acme.test", "acme.test"}, Resolvers: []string{a.names.address},
			Zone: transport.UpdateZone{Server: a.names.address, Key: "guard.acme.test", Secret: lr.NewSecret(updateSecret)}}
		certified(t, a, m)
		if n, saw := a.names.left(); n > 0 || !slices.Equal(saw, []string{"_acme-challenge.acme.test."}) {
			t.Errorf("%d records are left of %v", n, saw)
		}
	})
	t.Run("cloudflare", func(t *testing.T) {
		a := newAuthority(t, time.Hour)
		zone := &cloudflare.Zone{ID: "z1", Name: "acme.test", Records: []cloudflare.Record{{Type: "TXT", Name: "acme.test", Content: `"v=spf1 -all"`}}}
		api, err := cloudflare.New(cloudflare.Options{Token: "a token of the zone", Zones: []*cloudflare.Zone{zone}, Changed: func(z *cloudflare.Zone) {
			a.names.mu.Lock()
			defer a.names.mu.Unlock()
			a.names.texts = nil
			for _, r := range z.Records {
				a.names.change(&dns.TXT{Hdr: dns.RR_Header{Name: r.Name + "."}, Txt: []string{strings.Trim(r.Content, `"`)}}, true)
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer api.Close()
		m := &transport.ACME{Hosts: []string{"*.acme.test", "acme.test"}, Resolvers: []string{a.names.address}, Zone: transport.CloudflareZone{API: api.URL, Token: lr.NewSecret("a token of the zone")}}
		certified(t, a, m)
		if left := api.Records("acme.test"); len(left) != 1 || left[0].Content != `"v=spf1 -all"` {
			t.Errorf("the zone holds %+v", left)
		}
		if _, saw := a.names.left(); !slices.Contains(saw, "_acme-challenge.acme.test.") {
			t.Errorf("the challenges were answered elsewhere: %v", saw)
		}
	})
}

// certified serves two names by a wildcard and the name above it.
func certified(t *testing.T, a *authority, m *transport.ACME) {
	t.Helper()
	lines := a.serve(t, m, http.NotFoundHandler())
	obtained(t, lines, slices.Clone(m.Hosts)...)
	a.served(t, "tenant.acme.test")
	if c := a.served(t, "acme.test"); m.Until().IsZero() || m.Until().After(c.NotAfter) {
		t.Errorf("two certificates, until %s", m.Until())
	}
}

// TestZoneRefuses: what a zone does not take is told, without the key.
func TestZoneRefuses(t *testing.T) {
	n := newNames(t)
	api, err := cloudflare.New(cloudflare.Options{Token: "a token of the zone", Read: "one that only reads", Zones: []*cloudflare.Zone{{ID: "z1", Name: "acme.test"}}})
	if err != nil {
		t.Fatal(err)
	}
	defer api.Close()
	right, wrong := lr.NewSecret(updateSecret), lr.NewSecret("d3Jvbmcga2V5IG9mIHNpeHRlZW4gYnl0ZXM=")
	for name, c := range map[string]struct {
		zone transport.Zone
		of   string
		want string
	}{
		"another key":        {transport.UpdateZone{Server: n.address, Key: updateKey, Secret: wrong}, "acme.test.", "update the zone"},
		"no such key":        {transport.UpdateZone{Server: n.address, Key: "other.", Secret: right}, "acme.test.", "update the zone"},
		"no key at all":      {transport.UpdateZone{Server: n.address, Key: updateKey, Secret: lr.NewSecret("not base64!")}, "acme.test.", "update the zone"},
		"another zone":       {transport.UpdateZone{Server: n.address, Key: updateKey, Secret: right}, "other.test.", "answers NOTZONE"},
		"nobody there":       {transport.UpdateZone{Server: "127.0.0.1:1", Key: updateKey, Secret: right}, "acme.test.", "update the zone"},
		"a token that reads": {transport.CloudflareZone{API: api.URL, Token: lr.NewSecret("one that only reads")}, "acme.test.", "add records at Cloudflare"},
		"no token":           {transport.CloudflareZone{API: api.URL, Token: wrong}, "acme.test.", "find the zone at Cloudflare"},
		"a zone not there":   {transport.CloudflareZone{API: api.URL, Token: lr.NewSecret("a token of the zone")}, "other.test.", "find the zone at Cloudflare"},
	} {
		got, err := c.zone.AppendRecords(t.Context(), c.of, []libdns.Record{libdns.TXT{Name: "_acme-challenge", Text: "abc"}})
		if err == nil || got != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, %v", name, got, err)
			continue
		}
		for _, s := range []string{updateSecret, "d3Jvbm", "token of the zone", "only reads"} {
			if strings.Contains(err.Error(), s) {
				t.Errorf("%s: the error tells the secret: %v", name, err)
			}
		}
	}
	if left, saw := n.left(); left > 0 || len(saw) > 0 {
		t.Errorf("%d records, of %v", left, saw)
	}
}

// TestNoAuthority: a certificate that is not to be had is told, and nobody is served
// without one.
func TestNoAuthority(t *testing.T) {
	a := newAuthority(t, time.Hour)
	a.directory = "https://127.0.0.1:1/dir"
	m := &transport.ACME{Hosts: []string{"api.acme.test"}}
	lines := a.serve(t, m, http.NotFoundHandler())
	if l := await(t, lines, "certificate not obtained"); !strings.Contains(l, "host=api.acme.test renewal=false error=") {
		t.Errorf("told as %s", l)
	}
	if _, err := a.hello(t, "api.acme.test"); err == nil || !m.Until().IsZero() {
		t.Errorf("served without a certificate: %v, until %s", err, m.Until())
	}
}

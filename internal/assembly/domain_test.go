package assembly

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/surface"
)

// TestHosts gathers the names that the product uses from where they stand.
func TestHosts(t *testing.T) {
	for _, tc := range []struct {
		name, config string
		servers      []string
		want         string
	}{
		{"nothing said", "domain: {name: acme.test}", nil, "acme.test www.acme.test api.acme.test"},
		{"hosts, short and long", "domain: {name: acme.test, hosts: [app, docs.acme.test]}", nil, "acme.test app.acme.test docs.acme.test api.acme.test"},
		{"servers of the description", "domain: {name: acme.test, hosts: [app]}", []string{"https://eu.acme.test/v1", "https://acme.elsewhere.test", "http://127.0.0.1:8080", "https://{region}.acme.test", "::"}, "acme.test app.acme.test api.acme.test eu.acme.test"},
		{"letters beyond ASCII", "domain: {name: münchen.test, hosts: [büro]}", nil, "xn--mnchen-3ya.test xn--bro-hoa.xn--mnchen-3ya.test"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := config.Parse("launchready.yaml", []byte("version: 1\nproduct: Acme\ntarget: {url: \"https://api.acme.test\", environment: staging}\n"+tc.config+"\n"), t.TempDir(),
				config.Options{Env: func(string) (string, bool) { return "", false }, Now: time.Now()})
			if err != nil {
				t.Fatal(err)
			}
			if got := hosts(c, &surface.Surface{Servers: tc.servers}); !slices.Equal(got, strings.Fields(tc.want)) {
				t.Errorf("got %v, want %s", got, tc.want)
			}
		})
	}
}

package probe

import (
	"errors"
	"net/url"
	"testing"

	lr "github.com/launchready/launchready"
)

func mustURL(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestScopeByName(t *testing.T) {
	for _, tc := range []struct {
		name, base string
		scope      []string
		url        string
		ok         bool
	}{
		{"the base", "https://app.acme.test/api", nil, "https://app.acme.test/x", true},
		{"the base in capitals", "https://App.Acme.test", nil, "https://app.ACME.test/x", true},
		{"the base without TLS", "https://app.acme.test", nil, "http://app.acme.test/x", true},
		{"the base on another port", "https://app.acme.test", nil, "https://app.acme.test:8443/x", false},
		{"the base's odd port only", "http://127.0.0.1:8080", nil, "http://127.0.0.1/x", false},
		{"a name that ends like it", "https://acme.test", nil, "https://notacme.test/", false},
		{"a name below it", "https://acme.test", nil, "https://api.acme.test/", false},
		{"listed", "https://acme.test", []string{"files.acme.test"}, "https://files.acme.test/", true},
		{"listed, other port", "https://acme.test", []string{"files.acme.test"}, "https://files.acme.test:9000/", false},
		{"listed with port", "https://acme.test", []string{"files.acme.test:9000"}, "https://files.acme.test:9000/", true},
		{"below a wildcard", "https://acme.test", []string{"*.acme.test"}, "https://a.b.acme.test/", true},
		{"the wildcard's own name", "https://x.test", []string{"*.acme.test"}, "https://acme.test/", false},
		{"wildcard, odd port", "https://acme.test", []string{"*.acme.test"}, "https://a.acme.test:22/", false},
		{"IPv6 base", "http://[::1]:8080", nil, "http://[::1]:8080/x", true},
		{"IPv6 listed", "http://h", []string{"[::1]:8080"}, "http://[::1]:8080/x", true},
		{"metadata", "https://acme.test", nil, "http://169.254.169.254/latest/", false},
		{"host before an at sign", "https://acme.test", nil, "https://acme.test@evil.test/", false},
		{"backslash host", "https://acme.test", nil, `https://evil.test\@acme.test/`, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := newScope(mustURL(t, tc.base), tc.scope, nil)
			if err != nil {
				t.Fatal(err)
			}
			a, err := resolve(mustURL(t, tc.base), tc.url)
			if err == nil {
				err = s.allows(a)
				if err != nil && !errors.Is(err, lr.ErrScope) {
					t.Errorf("got %v, want ErrScope", err)
				}
			}
			if (err == nil) != tc.ok {
				t.Errorf("got %v, want ok=%v", err, tc.ok)
			}
		})
	}
}

func TestScopeByAddress(t *testing.T) {
	type dial struct {
		host, addr string
		ok         bool
	}
	for _, tc := range []struct {
		name, base string
		scope      []string
		dials      []dial
	}{
		{"public", "https://acme.test", nil, []dial{{"acme.test", "203.0.113.7:443", true}}},
		{"public name on metadata", "https://acme.test", nil, []dial{{"acme.test", "169.254.169.254:443", false}}},
		{"in IPv6 clothes", "https://acme.test", nil, []dial{{"acme.test", "[::ffff:169.254.169.254]:443", false}}},
		{"link-local IPv6", "https://acme.test", nil, []dial{{"acme.test", "[fe80::1]:443", false}}},
		{"metadata over IPv6", "https://acme.test", nil, []dial{{"acme.test", "[fd00:ec2::254]:443", false}}},
		{"other clouds' metadata", "https://acme.test", nil, []dial{{"acme.test", "100.100.100.200:80", false}, {"acme.test", "168.63.129.16:80", false}}},
		{"unspecified", "https://acme.test", nil, []dial{{"acme.test", "0.0.0.0:80", false}, {"acme.test", "[::]:80", false}}},
		{"multicast", "https://acme.test", nil, []dial{{"acme.test", "224.0.0.1:80", false}}},
		{"the base is that address", "http://169.254.1.1:80", nil, []dial{{"169.254.1.1", "169.254.1.1:80", true}}},
		{"staging inside a network", "https://staging.acme.test", nil, []dial{{"staging.acme.test", "10.1.2.3:443", true}, {"staging.acme.test", "10.1.2.4:443", true}}},
		{"rebinding", "https://acme.test", nil, []dial{{"acme.test", "203.0.113.7:443", true}, {"acme.test", "127.0.0.1:443", false}, {"acme.test", "10.0.0.1:443", false}, {"acme.test", "203.0.113.8:443", true}}},
		{"wildcard name inside a network", "https://acme.test", []string{"*.acme.test"}, []dial{{"x.acme.test", "192.168.0.1:443", false}, {"y.acme.test", "203.0.113.7:443", true}}},
		{"wildcard beside an inside base", "http://10.0.0.1", []string{"*.acme.test"}, []dial{{"x.acme.test", "192.168.0.1:443", true}}},
		{"carrier-grade NAT is inside", "https://acme.test", nil, []dial{{"acme.test", "203.0.113.7:443", true}, {"acme.test", "100.64.0.1:443", false}}},
		{"no address", "https://acme.test", nil, []dial{{"acme.test", "/tmp/sock", false}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := newScope(mustURL(t, tc.base), tc.scope, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range tc.dials {
				err := s.judge(d.host, d.addr)
				if (err == nil) != d.ok || (err != nil && !errors.Is(err, lr.ErrScope)) {
					t.Errorf("%s at %s: got %v, want ok=%v", d.host, d.addr, err, d.ok)
				}
			}
		})
	}
}

func FuzzResolve(f *testing.F) {
	for _, s := range []string{"/a", "//a", "http://h/x", "https://h:1?x#y", "http://", "*", "", "/%zz", "HTTP://H", "http://a@b/", "/a b", "///"} {
		f.Add(s)
	}
	base, _ := url.Parse("https://base.test/api")
	sc, _ := newScope(base, nil, nil)
	f.Fuzz(func(t *testing.T, path string) {
		a, err := resolve(base, path)
		if err != nil {
			return
		}
		if a.host == "" || a.target == "" || (a.scheme != "http" && a.scheme != "https") {
			t.Errorf("%q: got %+v", path, a)
		}
		for i := range len(a.target) {
			if c := a.target[i]; c < 0x20 || c == 0x7f {
				t.Errorf("%q: control character in target %q", path, a.target)
			}
		}
		// Whatever the path, what is dialled is what the scope was asked about.
		if u := a.url(); u.Host != a.host || (sc.allows(a) == nil && u.Hostname() != "base.test" && hostPort(a.scheme, u.Host) != hostPort("https", "base.test") && hostPort(a.scheme, u.Host) != "base.test:80" && hostPort(a.scheme, u.Host) != "base.test:443") {
			t.Errorf("%q: scope was asked about %q, the wire gets %q", path, a.host, u.Host)
		}
	})
}

package update_test

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/edge"
	"github.com/launchready/launchready/edge/edgetest"
	"github.com/launchready/launchready/edge/update"
)

const (
	zone   = "a.test"
	text   = "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\n@ 60 TXT \"v=spf1 -all\"\n"
	secret = "c2VjcmV0IG9mIHRoZSB0ZXN0"
)

func TestSigned(t *testing.T) {
	for _, c := range []struct {
		name, key, secret string
		want              string // "" works
	}{
		{"the right key", "k", secret, ""},
		{"another secret", "k", "b3RoZXI=", "NOTAUTH"},
		{"another name", "other", secret, "NOTAUTH"},
		{"unsigned", "", "", "NOTAUTH"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := edgetest.Start(t, zone, text, edgetest.Options{Key: "k", Secret: secret})
			before := s.Dump()
			d := &update.Driver{Zone: zone, Server: s.Addr, Key: c.key, Secret: lr.NewSecret(c.secret), Timeout: 2 * time.Second}
			state, err := d.Read(t.Context(), []edge.Key{edge.RR(zone, "TXT")})
			if err != nil && c.want == "" {
				t.Fatal(err)
			}
			if err == nil && state.Complete != (c.want == "") {
				t.Errorf("complete is %t", state.Complete)
			}
			err = d.Apply(t.Context(), []edge.Change{{Key: edge.RR("new."+zone, "A"), After: []edge.Value{{Data: "192.0.2.1", TTL: 60}}}})
			switch {
			case c.want == "" && (err != nil || s.Dump() == before):
				t.Errorf("it was not changed: %v", err)
			case c.want != "" && (err == nil || s.Dump() != before):
				t.Errorf("it was changed: %v", err)
			}
			if err != nil && c.secret != "" && strings.Contains(err.Error(), c.secret) {
				t.Error("the secret shows")
			}
		})
	}
}

// TestAtomic has a server refuse a message whose last set is not as planned: none of
// it is taken.
func TestAtomic(t *testing.T) {
	s := edgetest.Start(t, zone, text, edgetest.Options{})
	before := s.Dump()
	d := &update.Driver{Zone: zone, Server: s.Addr, Timeout: 2 * time.Second}
	err := d.Apply(t.Context(), []edge.Change{
		{Key: edge.RR("new."+zone, "A"), After: []edge.Value{{Data: "192.0.2.1", TTL: 60}}},
		{Key: edge.RR(zone, "TXT"), Before: []edge.Value{{Data: `"v=spf1 ~all"`, TTL: 60}}, After: []edge.Value{{Data: `"v=spf1 mx -all"`, TTL: 60}}},
	})
	if !errors.Is(err, edge.ErrConcurrent) || s.Dump() != before || s.Refused != 1 {
		t.Errorf("%v, refused %d:\n%s", err, s.Refused, s.Dump())
	}
}

// TestHostile reads from servers that are none.
func TestHostile(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer func(net.Conn)
	}{
		{"closes", func(net.Conn) {}},
		{"garbage", func(c net.Conn) { _, _ = c.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) }},
		{"a length and nothing", func(c net.Conn) { _, _ = c.Write([]byte{0xff, 0xff}) }},
		{"somebody else's answer", func(c net.Conn) {
			m := new(dns.Msg).SetQuestion("b.test.", dns.TypeA)
			m.Response = true
			_ = (&dns.Conn{Conn: c}).WriteMsg(m)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var listen net.ListenConfig
			l, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			go func() {
				for {
					conn, err := l.Accept()
					if err != nil {
						return
					}
					c.answer(conn)
					_ = conn.Close()
				}
			}()
			d := &update.Driver{Zone: zone, Server: l.Addr().String(), Timeout: time.Second}
			if _, err := d.Read(t.Context(), []edge.Key{edge.RR(zone, "TXT")}); err == nil {
				t.Error("something was read")
			}
			if err := d.Apply(t.Context(), []edge.Change{{Key: edge.RR(zone, "TXT"), After: []edge.Value{{Data: `"x"`, TTL: 60}}}}); err == nil {
				t.Error("something was written")
			}
		})
	}
}

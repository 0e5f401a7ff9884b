package spf_test

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/launchready/launchready/mail"
	"github.com/launchready/launchready/mail/dnstest"
	"github.com/launchready/launchready/mail/spf"
)

// suite is one document of the public test suite of RFC 7208.
type suite struct {
	Description string
	Tests       map[string]struct {
		HELO        string `yaml:"helo"`
		Host        string
		MailFrom    string `yaml:"mailfrom"`
		Result      list
		Explanation string
	}
	Zone map[string][]yaml.Node `yaml:"zonedata"`
}

// list is a list, or one scalar in its place.
type list []string

func (l *list) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.SequenceNode {
		return n.Decode((*[]string)(l))
	}
	*l = list{n.Value}
	return nil
}

// suites reads the test data that ships with another implementation.
func suites(t testing.TB, file string) []suite {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "blitiri.com.ar/go/spf").Output()
	if err != nil {
		t.Fatalf("find the module: %v", err)
	}
	f, err := os.Open(filepath.Join(strings.TrimSpace(string(dir)), "testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []suite
	for d := yaml.NewDecoder(f); ; {
		var s suite
		if err := d.Decode(&s); errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
}

// zone builds what the suite describes. Records of type SPF stand for TXT where
// no TXT is given (its README); TXT NONE suppresses that.
func (s suite) zone(t testing.TB) (*mail.Zone, map[string]dnstest.Fault) {
	t.Helper()
	z, faults := &mail.Zone{}, map[string]dnstest.Fault{}
	for name, nodes := range s.Zone {
		var txt, old []mail.Record
		for _, n := range nodes {
			if n.Kind == yaml.ScalarNode && n.Value == "TIMEOUT" {
				faults[name] = dnstest.ServFail
				continue
			}
			var entry map[string]yaml.Node
			if err := n.Decode(&entry); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for kind, v := range entry {
				r := mail.Record{Name: name, TTL: 60}
				switch kind {
				case "A", "AAAA":
					for _, a := range scalars(v) {
						r.Type, r.Addr = mail.A, netip.MustParseAddr(a)
						if kind == "AAAA" {
							r.Type = mail.AAAA
						}
						z.Add(r)
					}
				case "MX":
					r.Type, r.Host = mail.MX, v.Content[1].Value
					z.Add(r)
				case "PTR":
					r.Type, r.Host = mail.PTR, v.Value
					z.Add(r)
				case "CNAME":
					r.Type, r.Host = mail.CNAME, v.Value
					z.Add(r)
				case "SPF":
					r.Type, r.Text = mail.SPF, scalars(v)
					old = append(old, r)
				case "TXT":
					r.Type, r.Text = mail.TXT, scalars(v)
					txt = append(txt, r)
				case "CNAMELOOP":
					r.Type, r.Host = mail.CNAME, name
					z.Add(r)
				case "TIMEOUT":
					faults[name] = dnstest.ServFail // which is what a resolver makes of it
				default:
					t.Fatalf("%s: record of type %s", name, kind)
				}
			}
		}
		if txt == nil {
			for _, r := range old {
				r.Type = mail.TXT
				txt = append(txt, r)
			}
		}
		z.Add(old...)
		for _, r := range txt {
			if len(r.Text) == 1 && r.Text[0] == "NONE" {
				continue
			}
			z.Add(r)
			delete(faults, name) // the time-out is for the other types
		}
	}
	return z, faults
}

func scalars(n yaml.Node) []string {
	if n.Kind == yaml.ScalarNode {
		return []string{n.Value}
	}
	var out []string
	for _, c := range n.Content {
		out = append(out, c.Value)
	}
	return out
}

// TestSuite is the public suite, whole, over real UDP and TCP. The skip marks of
// the implementation that carries it are not ours.
func TestSuite(t *testing.T) {
	ran := 0
	for _, s := range suites(t, "rfc7208-tests.yml") {
		zone, faults := s.zone(t)
		udp := dnstest.Start(t, zone)
		tcp := dnstest.Start(t, zone)
		for name, f := range faults {
			udp.Fail(name, f)
			tcp.Fail(name, f)
		}
		for name := range s.Zone {
			if faults[name] == dnstest.None {
				tcp.Fail(name, dnstest.CutUDP)
			}
		}
		for name, c := range s.Tests {
			ran++
			for transport, server := range map[string]*dnstest.Server{"udp": udp, "tcp": tcp} {
				t.Run(s.Description+"/"+name+"/"+transport, func(t *testing.T) {
					client := server.Client()
					client.Timeout = 5 * time.Second
					got := spf.CheckHost(context.Background(), client, spf.Request{
						IP: netip.MustParseAddr(c.Host), HELO: c.HELO, Sender: c.MailFrom,
					})
					if !slices.Contains(c.Result, string(got.Result)) {
						t.Errorf("got %s, want %v: %s", got.Result, c.Result, got.Why)
					}
					want := c.Explanation
					if want == "DEFAULT" {
						want = ""
					}
					if got.Result == spf.Fail && got.Explanation != want {
						t.Errorf("explanation %q, want %q", got.Explanation, want)
					}
				})
			}
		}
	}
	if ran != 203 {
		t.Errorf("ran %d tests of the suite, which has 203", ran)
	}
}

package https

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	wire "github.com/miekg/dns"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/cloudflare"
	"github.com/launchready/launchready/probe/dns"
)

// edges are the checks of what stands in front of the product.
func edges() []*lr.Check {
	return []*lr.Check{
		edgeProxied,
		edgeOriginExposed,
		edgeOriginOpen,
		edgeSSLMode,
		edgeAlwaysHTTPS,
		edgeMinimumTLS,
		edgeEarlyData,
		edgeDevelopmentMode,
		edgeWAF,
		edgeWAFSkip,
		edgeRateLimit,
		edgeCacheRules,
		edgeRedirectRules,
		edgeViews,
		edgeToken,
	}
}

// What the checks of the edge rest on.
var (
	mvspEdge  = lr.Ref{Source: "MVSP", ID: "v3.0-2.8"}
	cweExpose = lr.Ref{Source: "CWE", ID: "668"}
	cweCache  = lr.Ref{Source: "CWE", ID: "525"}
	owaspRate = lr.Ref{Source: "OWASP API", ID: "API4:2023"}
	cweClear  = lr.Ref{Source: "CWE", ID: "319"}
	rfcOldTLS = lr.Ref{Source: "RFC", ID: "8996"}
	rfcEarly  = lr.Ref{Source: "RFC", ID: "8470"}
)

// account is the zone as its provider tells it. A part that the token may not read is
// missing, with the reason.
type account struct {
	Zone     *cloudflare.Zone
	Records  []cloudflare.Record
	Settings map[string]json.RawMessage
	Rules    map[string][]cloudflare.Rule
	Pages    []cloudflare.PageRule
	Status   string // of the token
	Expires  string
	Lacks    map[string]error // "records", "settings", a phase, "pages", "token"
}

// Phases of the rules that are looked at.
const (
	phaseCache    = "http_request_cache_settings"
	phaseLimit    = "http_ratelimit"
	phaseManaged  = "http_request_firewall_managed"
	phaseCustom   = "http_request_firewall_custom"
	phaseRedirect = "http_request_dynamic_redirect"
)

// inside is the provider's view. Where it cannot be had the check is told why, and
// the account is nil.
func inside(ctx context.Context, t *lr.Trial, part string) (*account, error) {
	d := t.Target.Domain
	if d.Cloudflare == nil || d.Cloudflare.Token.IsZero() {
		name, err := edgeName(ctx, t)
		switch {
		case err != nil:
			t.Unknown(d.Name, "no token is configured (domain.cloudflare), and whether an edge stands in front could not be seen: %v", err)
		case name == "Cloudflare":
			t.Unknown(d.Name, "it is behind Cloudflare, whose settings need a token that may read: domain.cloudflare.token")
		case name != "":
			t.Unknown(d.Name, "it is behind %s, whose settings are not read: look at them there", name)
		default:
			t.NotApplicable("no edge is seen in front of the domain, and none is configured")
		}
		return nil, nil
	}
	v, err := lr.Recall(ctx, t.Memo, "cloudflare/view", func(ctx context.Context) (*account, error) { return readView(ctx, d) })
	if err != nil {
		t.Unknown(d.Name, "Cloudflare did not tell of the zone: %v", err)
		return nil, stops(ctx, err)
	}
	if err := v.Lacks[part]; err != nil {
		why := err.Error()
		if cloudflare.Forbidden(err) {
			why = "the token may not read it: " + why
		}
		t.Unknown(d.Name, "%s", why)
		return nil, stops(ctx, err)
	}
	return v, nil
}

func readView(ctx context.Context, d *lr.DomainAccess) (*account, error) {
	c := cloudflare.New(d.Cloudflare.API, d.Cloudflare.Token, d.Network)
	defer c.Close()
	z, err := c.Zone(ctx, d.Cloudflare.Zone, d.Name)
	if err != nil {
		return nil, err
	}
	v := &account{Zone: z, Rules: map[string][]cloudflare.Rule{}, Lacks: map[string]error{}}
	part := func(name string, err error) {
		if err != nil {
			v.Lacks[name] = err
		}
	}
	v.Records, err = c.Records(ctx, z.ID)
	part("records", err)
	v.Settings, err = c.Settings(ctx, z.ID)
	part("settings", err)
	for _, phase := range []string{phaseCache, phaseLimit, phaseManaged, phaseCustom, phaseRedirect} {
		set, err := c.Rules(ctx, z.ID, phase)
		part(phase, err)
		if set != nil {
			v.Rules[phase] = set.Rules
		}
	}
	v.Pages, err = c.PageRules(ctx, z.ID)
	part("pages", err)
	v.Status, v.Expires, err = c.Token(ctx)
	part("token", err)
	return v, ctx.Err()
}

// text is a setting that is a word.
func (v *account) text(id string) (string, bool) {
	var s string
	if raw, ok := v.Settings[id]; !ok || json.Unmarshal(raw, &s) != nil {
		return "", false
	}
	return s, true
}

// at are the records of a name with an address.
func (v *account) at(name string) []cloudflare.Record {
	var out []cloudflare.Record
	for _, r := range v.Records {
		if strings.EqualFold(r.Name, name) && slices.Contains([]string{"A", "AAAA", "CNAME"}, r.Type) {
			out = append(out, r)
		}
	}
	return out
}

// enabled are the rules of a phase that are on.
func (v *account) enabled(phase string) []cloudflare.Rule {
	return slices.DeleteFunc(slices.Clone(v.Rules[phase]), func(r cloudflare.Rule) bool { return !r.Enabled })
}

// recorded is a record as evidence.
func recorded(r cloudflare.Record) string {
	how := "DNS only"
	if r.Proxied {
		how = "proxied"
	}
	return fmt.Sprintf("%s %s %s (%s)", r.Name, r.Type, r.Content, how)
}

// ruled is a rule as evidence.
func ruled(phase string, r cloudflare.Rule) string {
	return fmt.Sprintf("%s: %s %q when %s", phase, r.Action, r.Description, r.Expression)
}

// signs of edges in the header of an answer, and in the names that hosts are
// aliases of.
var signs = [...]struct{ name, field, alias string }{
	{"Cloudflare", "Cf-Ray", "cdn.cloudflare.net"}, {"CloudFront", "X-Amz-Cf-Id", "cloudfront.net"}, {"Fastly", "X-Fastly-Request-Id", "fastly.net"},
	{"Fastly", "X-Served-By", "fastlylb.net"}, {"Vercel", "X-Vercel-Id", "vercel-dns.com"}, {"Netlify", "X-Nf-Request-Id", "netlify.app"}, {"Render", "Rndr-Id", "onrender.com"},
	{"Akamai", "X-Akamai-Request-Id", "edgekey.net"}, {"Azure Front Door", "X-Azure-Ref", "azurefd.net"}, {"Fly", "Fly-Request-Id", "fly.dev"},
}

// edgeName is whose edge stands in front of the product's hosts, "" for nobody's.
func edgeName(ctx context.Context, t *lr.Trial) (string, error) {
	return lr.Recall(ctx, t.Memo, "edge/name", func(ctx context.Context) (string, error) {
		c, err := resolver(ctx, t)
		if err != nil {
			return "", err
		}
		hosts := t.Target.Domain.Hosts[:min(len(t.Target.Domain.Hosts), 10)]
		found, failed := make([]string, len(hosts)), make([]error, len(hosts))
		err = everyOf(ctx, hosts, func(ctx context.Context, i int, h string) error {
			found[i], failed[i] = signOf(ctx, t, c, h)
			return stops(ctx, failed[i])
		})
		if err != nil {
			return "", err
		}
		for _, name := range found { // the first of the hosts tells
			if name != "" {
				return name, nil
			}
		}
		if !slices.Contains(failed, nil) {
			return "", errors.Join(failed[:min(1, len(failed))]...)
		}
		return "", nil
	})
}

// signOf is whose edge stands in front of one host, "" for nobody's.
func signOf(ctx context.Context, t *lr.Trial, c *dns.Client, host string) (string, error) {
	if a, err := c.Ask(ctx, host, wire.TypeA); err == nil && edgeOf(a.End()) != "" {
		return edgeOf(a.End()), nil
	}
	resp, err := get(ctx, t, host+":443", host, "/")
	if err != nil {
		return "", err
	}
	for _, s := range signs {
		if resp.Header.Get(s.field) != "" {
			return s.name, nil
		}
	}
	return "", nil
}

// edgeOf is whose edge a host is an alias of, "" for nobody's.
func edgeOf(alias string) string {
	for _, s := range signs {
		if dns.Below(dns.Plain(alias), s.alias) {
			return s.name
		}
	}
	return ""
}

// reply is an answer of a server, with the begin of its body.
type reply struct {
	Status int
	Header http.Header
	Body   []byte
}

// mostReply bounds what is read of a page.
const mostReply = 256 << 10

// get asks a server for a page of a host, by TLS, whatever its certificate is worth.
func get(ctx context.Context, t *lr.Trial, address, host, path string) (*reply, error) {
	n := t.Target.Domain.Network
	tr := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{ServerName: host, InsecureSkipVerify: true}} //nolint:gosec // who answers is the question
	tr.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) { return n.Dial(ctx, network, address) }
	defer tr.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(ctx, 8*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+host+path, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("User-Agent", "launchready")
	resp, err := tr.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, mostReply))
	if err != nil {
		return nil, err
	}
	return &reply{resp.StatusCode, resp.Header, body}, nil
}

// on judges a setting that has one right word.
func on(t *lr.Trial, v *account, id, right, good, bad string) {
	name := t.Target.Domain.Name
	switch is, ok := v.text(id); {
	case !ok:
		t.Unknown(name, "the API does not tell the setting %s", id)
	case is == right:
		t.Pass(said(id+": "+is), name, "%s", good)
	default:
		t.Fail(said(id+": "+is), name, "%s", bad)
	}
}

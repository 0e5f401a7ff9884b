// Package assembly builds an audit from a configuration: the client, the cast of
// identities, the surface and the ledger, wired as the command runs them.
package assembly

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
	"github.com/launchready/launchready/chat"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/probe"
	"github.com/launchready/launchready/probe/browser"
	"github.com/launchready/launchready/probe/callback"
	"github.com/launchready/launchready/probe/signin"
	"github.com/launchready/launchready/redact"
	"github.com/launchready/launchready/report"
	"github.com/launchready/launchready/stage"
	"github.com/launchready/launchready/surface"
)

// Options are what a run has beside its configuration.
type Options struct {
	Only     []string
	Mutate   bool
	Load     bool // consent to bursts
	Verify   bool // consent to ask providers about keys that were found
	Profile  lr.Profile
	Seed     int64
	Insecure bool
	HTTP1    bool
	Version  string
	Again    string // flags for the commands that a report prints; see audit.Options
	Run      string // "" makes one
	Ledger   stage.Ledger
	Progress func(audit.Event)
	Log      *slog.Logger
	Now      func() time.Time
	// Chromium is the browser that proves what other origins read; "" looks for
	// one, and the run goes on without when there is none.
	Chromium string
	// OnExchange sees each exchange, raw: for tests.
	OnExchange func(*lr.Exchange)
}

// Assembly is an audit that is ready to run.
type Assembly struct {
	Audit   audit.Options
	Client  *probe.Client
	Cast    *signin.Cast
	Surface *surface.Surface // nil when there is no description
	Redact  *redact.Redactor
	browser *browser.Browser // nil without one
	ear     *callback.Listener
	purse   *chat.Purse

	// Meet looks for the assistant as a run would, and tells what it was.
	Meet func(ctx context.Context, as *lr.Account) (*Meeting, error)
	// Outlook tells what a run would do with the assistant.
	Outlook Outlook
}

// Close drops the idle connections and ends the browser.
func (a *Assembly) Close() {
	a.Client.Close()
	if a.ear != nil {
		if err := a.ear.Close(); err != nil {
			a.Audit.Log.Warn("the callback listener did not stop cleanly", "err", err)
		}
	}
	if a.browser != nil {
		if err := a.browser.Close(); err != nil {
			a.Audit.Log.Warn("the browser left something behind", "err", err)
		}
	}
}

// runID makes a short random name for a run.
func runID() string {
	var b [4]byte
	if _, err := io.ReadFull(rand.Reader, b[:]); err != nil {
		return "run"
	}
	return hex.EncodeToString(b[:])
}

// New wires an audit of the configuration's target. It reads the specification,
// which may mean to fetch it, and sends nothing else.
func New(ctx context.Context, c *config.Config, o Options) (*Assembly, error) {
	if c.Target.URL.URL == nil {
		return nil, errors.New("the configuration names no target.url")
	}
	if o.Run == "" {
		o.Run = runID()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	a := &Assembly{Redact: Redactor(c)}
	var err error
	if a.Surface, err = describe(ctx, c, o); err != nil {
		return nil, err
	}
	var routes []*lr.Route
	if a.Surface != nil {
		routes = a.Surface.Routes
	}
	pin(c, routes)
	routes = withGraphQL(c, routes)
	if a.purse, err = purse(c, routes); err != nil {
		return nil, err
	}
	po := probeOptions(c, o)
	po.Toll = a.purse.Toll
	client, err := probe.New(po)
	if err != nil {
		return nil, err
	}
	cast, err := newCast(c, o, client, routes)
	if err != nil {
		return nil, err
	}
	client.Use(cast)
	client.Mask(secretsOf(c)...)
	a.Client, a.Cast = client, cast
	deploy, err := deployment(c)
	if err != nil {
		return nil, err
	}
	target := &lr.Target{
		Product: c.Product, Base: c.Target.URL.URL, Environment: c.Target.Environment, Mutate: o.Mutate, Load: o.Load, Spend: c.Budget.USD > 0, Normal: float64(c.Latency.Rate),
		Access:  lr.Access{Public: patterns(c.Access.Public), Admin: patterns(c.Access.Admin), Shared: patterns(c.Access.Shared)},
		Mailbox: mailbox(c), Provider: provider(c), Webhooks: webhooks(c, routes), Routes: routes,
		Material: material(c), Secrets: keptSecrets(c), Duty: duty(c), Deploy: deploy, Database: database(c),
	}
	if c.WhoAmI.IsZero() {
		if rt := whoami(target.Routes); rt != nil {
			if err := cast.SetWhoAmI(rt.String()); err != nil {
				return nil, err
			}
		}
	}
	if target.Domain, err = domain(c, client, a.Surface); err != nil {
		return nil, err
	}
	if o.Verify {
		target.AskKey = askKey(o.Log)
	}
	target.SignIn = signInRoute(c, target.Routes)
	var noticed []string
	a.Audit = audit.Options{
		Run: o.Run, Tool: o.Version, Target: target, Client: client, Cast: cast, Rows: audit.Scorecard(), Only: o.Only,
		FailOn: c.FailOn, Waivers: waivers(c), Seed: o.Seed, Again: o.Again, Owners: owners(c), Rates: rates(c), Ledger: o.Ledger, Declared: declared(c),
		Preflight:   func(ctx context.Context) (err error) { noticed, err = preflight(ctx, cast); return err },
		Noticed:     func() []string { return noticed },
		SignUps:     func(record audit.SignUp) { cast.SetWitness(signin.Witness(record)) },
		Members:     func(make audit.MakeUser) { cast.SetMembers(members(make)) },
		Evidence:    func(e lr.Evidence) []lr.EvidenceItem { return report.Items(masked(e, client), "record", a.Redact) },
		Description: description(c, a.Surface), Warnings: c.Warnings, Profile: o.Profile, Utility: true, Progress: o.Progress, Log: o.Log, Now: o.Now,
	}
	if err := a.browse(c, o); err != nil {
		return nil, err
	}
	a.talk(c, o, a.purse)
	a.hear(ctx, c, o)
	if a.Surface != nil {
		a.Audit.Warnings = append(a.Audit.Warnings, a.Surface.Warnings...)
	}
	return a, nil
}

// masked is the evidence without the secrets that the client learned during the
// run: renewed tokens, passwords of spare users.
func masked(e lr.Evidence, client *probe.Client) lr.Evidence {
	shown := lr.Evidence{Witness: e.Witness, Records: e.Records}
	for _, x := range e.Exchanges {
		if x != nil {
			x = client.RedactExchange(x)
		}
		shown.Exchanges = append(shown.Exchanges, x)
	}
	return shown
}

// pin gives the routes that the configuration names the kinds that it says they
// have: their paths may tell otherwise.
func pin(c *config.Config, routes []*lr.Route) {
	named := func(r config.RequestLine, kind lr.Kind) {
		if !r.IsZero() {
			surface.Pin(routes, r.String(), kind)
		}
	}
	named(c.WhoAmI, lr.WhoAmI)
	if c.SignOut != nil {
		named(c.SignOut.Request, lr.SignOut)
	}
	if c.Refresh != nil {
		named(c.Refresh.Request, lr.Refresh)
	}
	if c.SignUp != nil {
		named(c.SignUp.Request, lr.SignUp)
	}
	if c.SignIn != nil {
		named(c.SignIn.Request, lr.SignIn)
	}
}

func whoami(routes []*lr.Route) *lr.Route {
	for _, rt := range routes {
		if rt.Kind == lr.WhoAmI && rt.Method == "GET" && len(rt.PathParams()) == 0 {
			return rt
		}
	}
	return nil
}

// signInRoute is the described route by which the identities sign in.
func signInRoute(c *config.Config, routes []*lr.Route) *lr.Route {
	for _, rt := range routes {
		if c.SignIn != nil && rt.Method == c.SignIn.Request.Method && rt.Path == c.SignIn.Request.Path {
			return rt
		}
	}
	for _, rt := range routes {
		if rt.Kind == lr.SignIn && rt.Method == "POST" {
			return rt
		}
	}
	return nil
}

// members adapts the stage's way of making users to the cast's.
func members(makeUser audit.MakeUser) signin.SpareMaker {
	return func(ctx context.Context, want signin.Identity) (signin.Identity, error) {
		login, id, err := makeUser(ctx, want.Tenant, want.Role, want.Password)
		if err != nil {
			return want, err
		}
		want.User, want.UserID = login, id
		return want, nil
	}
}

// preflight signs in, turns what is fatal into one error and tells the rest.
func preflight(ctx context.Context, cast *signin.Cast) (warnings []string, err error) {
	var fatal []error
	for _, p := range cast.Preflight(ctx) {
		if p.Fatal {
			fatal = append(fatal, errors.New(p.String()))
		} else {
			warnings = append(warnings, p.String())
		}
	}
	return warnings, errors.Join(fatal...)
}

// Redactor takes out every secret that the configuration refers to.
func Redactor(c *config.Config) *redact.Redactor {
	r := redact.New()
	for _, secret := range secretsOf(c) {
		if !secret.IsZero() {
			r.Add(secret)
		}
	}
	return r
}

// description says where the target's description was read, without a credential.
func description(c *config.Config, s *surface.Surface) *lr.DescriptionReport {
	if s == nil || len(c.Target.Spec.Routes) > 0 {
		return nil
	}
	d := &lr.DescriptionReport{Format: s.Format, Location: s.Location, File: !strings.Contains(s.Location, "://")}
	if d.File {
		d.Location = c.Target.Spec.Path
	} else if u, err := url.Parse(s.Location); err == nil {
		u.User, u.RawQuery, u.Fragment = nil, "", ""
		d.Location = u.String()
	}
	return d
}

// describe reads the target's description, from where the configuration says or
// from where applications usually serve it. None is no error.
func describe(ctx context.Context, c *config.Config, o Options) (*surface.Surface, error) {
	if len(c.Target.Spec.Routes) > 0 {
		return surface.RouteList([]byte(strings.Join(c.Target.Spec.Routes, "\n")), surface.Source{Base: c.Target.URL.URL})
	}
	src := surface.Source{Base: c.Target.URL.URL, Hosts: c.Target.Hosts, Fetch: fetcher(c, o)}
	if p := c.Target.Spec.Path; p != "" {
		src.Location = p
		if !strings.Contains(p, "://") {
			src.Location = c.Abs(p)
		}
		s, err := surface.Load(ctx, src)
		if err != nil {
			return nil, fmt.Errorf("target.spec: %w", err)
		}
		s.Location = src.Location
		return s, nil
	}
	base := strings.TrimSuffix(c.Target.URL.String(), "/")
	for _, p := range []string{"/openapi.json", "/openapi.yaml", "/swagger.json", "/v3/api-docs", "/api-docs", "/api/openapi.json", "/docs/openapi.json"} {
		src.Location = base + p
		if s, err := surface.Load(ctx, src); err == nil {
			s.Warnings = append(s.Warnings, "target.spec is not set; "+src.Location+" was found and used")
			s.Location = src.Location
			return s, nil
		}
	}
	return nil, nil
}

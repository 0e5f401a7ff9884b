package assembly

import (
	"net"
	"net/http"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/plan"
	"github.com/launchready/launchready/probe"
	"github.com/launchready/launchready/probe/signin"
	"github.com/launchready/launchready/stage"
)

// This file turns the configuration into the options of the packages that do
// the work. None of them knows the configuration.

// withGraphQL adds the endpoint that the configuration names, or says of the
// described route there that it is one.
func withGraphQL(c *config.Config, routes []*lr.Route) []*lr.Route {
	path := c.Target.GraphQL
	if path == "" {
		return routes
	}
	for _, rt := range routes {
		if rt.Path == path && rt.Method == http.MethodPost {
			rt.Kind = lr.GraphQL
			return routes
		}
	}
	return append(routes, &lr.Route{Method: http.MethodPost, Path: path, Kind: lr.GraphQL, Declared: true, Secured: true, Source: c.File})
}

// sessionName reports a header field whose value is a credential.
func sessionName(name string) bool {
	n := strings.ToLower(name)
	for _, w := range []string{"authorization", "cookie", "token", "api-key", "apikey", "secret", "session", "credential"} {
		if strings.Contains(n, w) {
			return true
		}
	}
	return false
}

func probeOptions(c *config.Config, o Options) probe.Options {
	out := probe.Options{
		Base:        c.Target.URL.URL,
		Scope:       append([]string{}, c.Target.Hosts...),
		Budget:      lr.Budget{Requests: c.Budget.Requests, Rate: float64(c.Budget.Rate), Wall: c.Budget.Wall(), USD: c.Budget.USD, Tokens: c.Budget.Tokens},
		Concurrency: c.Budget.Concurrency,
		HTTP1:       o.HTTP1,
		Insecure:    o.Insecure,
		CAFile:      c.Abs(c.Target.CAFile),
		Resolve:     addresses(c),
		Header:      http.Header{},
		Version:     o.Version,
		Run:         o.Run,
		Log:         o.Log,
		OnExchange:  o.OnExchange,
	}
	for _, t := range c.Tenants {
		if u := t.Value.URL.URL; u != nil {
			out.Scope = append(out.Scope, u.Host)
		}
	}
	for name, v := range c.Target.Headers {
		out.Header.Set(name, v.Reveal())
	}
	return out
}

// addresses gives each entry of resolve its ports.
func addresses(c *config.Config) map[string]string {
	out := map[string]string{}
	for from, to := range c.Target.Resolve {
		toHost, toPort, err := net.SplitHostPort(to)
		if err != nil {
			toHost, toPort = strings.Trim(to, "[]"), ""
		}
		var ports []string
		host := from
		if h, p, err := net.SplitHostPort(from); err == nil {
			host, ports = h, []string{p}
		} else {
			ports = []string{"80", "443"}
			if p := c.Target.URL.Port(); p != "" {
				ports = append(ports, p)
			}
		}
		for _, p := range ports {
			dst := toPort
			if dst == "" {
				dst = p
			}
			out[net.JoinHostPort(host, p)] = net.JoinHostPort(toHost, dst)
		}
	}
	return out
}

// method is how identities sign in. routes fill in what the file leaves out.
func method(c *config.Config, routes []*lr.Route) *signin.Method {
	m := &signin.Method{}
	if s := c.SignIn; s != nil {
		m.Call, m.Page = call(&s.Call), s.Page
		m.Token, m.RefreshToken, m.Expires, m.Send = string(s.Token), string(s.RefreshToken), string(s.Expires), string(s.Send)
		if s.Basic {
			m.Kind = signin.Basic
		}
		if o := s.OAuth2; o != nil {
			m.Kind = signin.OAuth2
			m.OAuth = &signin.OAuth{TokenURL: s.Request.Path, Grant: o.Grant, ClientID: o.ClientID, ClientSecret: o.ClientSecret.Secret,
				InBody: o.Client == "body", Scope: o.Scope, Extra: map[string]string{}}
			if o.Audience != "" {
				m.OAuth.Extra["audience"] = o.Audience
			}
			for k, v := range s.Form {
				m.OAuth.Extra[k] = v.Reveal()
			}
			m.Call = signin.Call{}
		}
	}
	switch rt := only(routes, lr.Refresh); {
	case c.Refresh != nil:
		k := call(&c.Refresh.Call)
		m.Refresh = &k
	case rt != nil && refreshField(rt) != "":
		m.Refresh = &signin.Call{Request: rt.String(), JSON: map[string]any{refreshField(rt): "$refresh"}}
	}
	switch rt := only(routes, lr.SignOut); {
	case c.SignOut != nil:
		k := call(c.SignOut)
		m.SignOut = &k
	case rt != nil:
		m.SignOut = &signin.Call{Request: rt.String()}
	}
	return m
}

func call(c *config.Call) signin.Call {
	k := signin.Call{Request: c.Request.String(), JSON: config.Template(c.JSON)}
	for name, v := range c.Form {
		if k.Form == nil {
			k.Form = map[string]string{}
		}
		k.Form[name] = v.Template()
	}
	for name, v := range c.Headers {
		if k.Header == nil {
			k.Header = map[string]string{}
		}
		k.Header[name] = v.Template()
	}
	return k
}

// only is the one route of a kind that a request without keys can go to, or nil
// where there is none or a choice.
func only(routes []*lr.Route, kind lr.Kind) *lr.Route {
	var found *lr.Route
	for _, rt := range routes {
		if rt.Kind != kind || len(rt.PathParams()) > 0 {
			continue
		}
		if found != nil {
			return nil
		}
		found = rt
	}
	return found
}

// refreshField is the field of the body that takes the refresh token.
func refreshField(rt *lr.Route) string {
	if rt.Body == nil || rt.Body.Schema == nil {
		return ""
	}
	for name := range rt.Body.Schema.Properties {
		if strings.Contains(strings.ToLower(name), "refresh") {
			return name
		}
	}
	return ""
}

func identities(c *config.Config) []signin.Identity {
	var out []signin.Identity
	for i := range c.Identities {
		name, v := c.Identities[i].Name, &c.Identities[i].Value
		id := signin.Identity{
			Identity: lr.Identity{Name: name, Tenant: v.Tenant, Role: v.Role, User: v.User},
			Password: v.Password.Secret, Token: v.Token.Secret, Send: string(v.Send),
			WhoAmI: v.WhoAmI.String(), UserID: v.ID, Spare: v.Spare, Expired: v.ExpiredToken.Secret, Refresh: v.RefreshToken.Secret,
			Header: map[string]lr.Secret{}, Cookie: map[string]lr.Secret{}, Extra: map[string]string{},
		}
		if t := c.Tenants.Get(v.Tenant); t != nil {
			id.TenantID = t.ID
		}
		for h, val := range v.Headers {
			if sessionName(h) {
				id.Header[h] = val.Secret
			} else {
				id.Extra[h] = val.Reveal()
			}
		}
		for _, part := range strings.Split(v.Cookie.Reveal(), ";") {
			if k, val, ok := strings.Cut(strings.TrimSpace(part), "="); ok {
				id.Cookie[k] = lr.NewSecret(val)
			}
		}
		if s := c.SignIn; s != nil && s.OAuth2 != nil && s.OAuth2.Grant == "client_credentials" {
			id.ClientID, id.ClientSecret = v.User, v.Password.Secret
		}
		out = append(out, id)
	}
	return out
}

// mailbox is the request that reads a user's mail; {user} stands for the address.
func mailbox(c *config.Config) *lr.Request {
	if c.Mailbox == nil {
		return nil
	}
	r := &lr.Request{Method: c.Mailbox.Request.Method, Path: strings.ReplaceAll(c.Mailbox.Request.Path, "$user", "{user}"), Note: "read the mailbox"}
	for name, v := range c.Mailbox.Headers {
		r.SetHeader(name, v.Reveal())
	}
	if h := c.Mailbox.Header; h.Name != "" {
		r.SetHeader(h.Name, h.Reveal())
	}
	return r
}

// webhooks are the routes that take signed events.
func webhooks(c *config.Config, routes []*lr.Route) []lr.Hook {
	var out []lr.Hook
	for i := range c.Webhooks {
		v := &c.Webhooks[i].Value
		w := lr.Hook{Name: c.Webhooks[i].Name, Request: lr.Request{Method: v.Request.Method, Path: v.Request.Path},
			Secret: v.Secret.Secret, Header: v.Header, Scheme: v.Scheme, Body: config.Reveal(v.JSON), Tenant: v.Tenant}
		if w.Scheme == "" {
			w.Scheme = "stripe"
		}
		if !v.Read.IsZero() {
			w.Read = &lr.Request{Method: v.Read.Method, Path: v.Read.Path}
		}
		for _, rt := range routes {
			if rt.Method == w.Request.Method && rt.Path == w.Request.Path {
				w.Route, rt.Kind = rt, lr.Webhook
			}
		}
		out = append(out, w)
	}
	return out
}

func declared(c *config.Config) []stage.Declared {
	var out []stage.Declared
	for i := range c.Objects {
		o := &c.Objects[i].Value
		body, _ := config.Reveal(o.Body).(map[string]any)
		out = append(out, stage.Declared{Name: c.Objects[i].Name, Create: o.Create.String(), ID: o.ID, Marker: o.Marker, Body: body, IDs: o.IDs, Read: o.Read.String()})
	}
	return out
}

func patterns(list []config.Pattern) []string {
	out := make([]string, len(list))
	for i, p := range list {
		out[i] = string(p)
	}
	return out
}

func waivers(c *config.Config) []lr.Waiver {
	out := make([]lr.Waiver, len(c.Waivers))
	for i, w := range c.Waivers {
		out[i] = lr.Waiver{Check: w.Check, Subject: w.Subject, Reason: w.Reason, Owner: w.Owner, Until: w.Until.String()}
	}
	return out
}

// secretsOf lists every secret that the configuration brought in.
func secretsOf(c *config.Config) []lr.Secret {
	var out []lr.Secret
	for i := range c.Identities {
		v := &c.Identities[i].Value
		out = append(out, v.Password.Secret, v.Token.Secret, v.RefreshToken.Secret, v.ExpiredToken.Secret, v.Cookie.Secret)
		for h, val := range v.Headers {
			if sessionName(h) {
				out = append(out, val.Secret)
			}
		}
	}
	if s := c.SignIn; s != nil && s.OAuth2 != nil {
		out = append(out, s.OAuth2.ClientSecret.Secret)
	}
	if m := c.Mailbox; m != nil {
		out = append(out, m.Header.Secret)
		for h, v := range m.Headers {
			if sessionName(h) {
				out = append(out, v.Secret)
			}
		}
	}
	if p := c.Provider; p != nil {
		out = append(out, p.Header.Secret)
		for h, v := range p.Headers {
			if sessionName(h) {
				out = append(out, v.Secret)
			}
		}
	}
	for i := range c.Webhooks {
		out = append(out, c.Webhooks[i].Value.Secret.Secret)
	}
	for h, v := range c.Target.Headers {
		if sessionName(h) {
			out = append(out, v.Secret)
		}
	}
	for i := range c.Secrets {
		out = append(out, c.Secrets[i].Value.Value.Secret)
	}
	if c.Database != nil {
		out = append(out, c.Database.URL.Secret)
	}
	if cf := c.Domain.Cloudflare; cf != nil {
		out = append(out, cf.Token.Secret)
	}
	if key := c.Domain.Edge.Key; key != nil {
		out = append(out, key.Secret.Secret)
	}
	return append(out, secretsOfChat(&c.Chat)...)
}

// secretsOfChat lists what the templates of the assistant hold by reference.
func secretsOfChat(c *config.Chat) []lr.Secret {
	var out []lr.Secret
	keep := func(v config.Value) {
		if v.Reveal() != v.Written {
			out = append(out, v.Secret)
		}
	}
	var tree func(any)
	tree = func(t any) {
		switch t := t.(type) {
		case config.Value:
			keep(t)
		case map[string]any:
			for _, e := range t {
				tree(e)
			}
		case []any:
			for _, e := range t {
				tree(e)
			}
		}
	}
	tree(c.Body)
	for _, v := range c.Header {
		keep(v)
	}
	if c.Begin != nil {
		tree(c.Begin.Body)
		for _, v := range c.Begin.Header {
			keep(v)
		}
	}
	if c.Follow != nil {
		tree(c.Follow.Body)
		for _, v := range c.Follow.Header {
			keep(v)
		}
	}
	return out
}

func owners(c *config.Config) plan.Owners {
	o := c.Owners
	return plan.Owners{Default: o.Default, Backup: o.Backup, Rows: o.Rows, Incidents: o.Incidents}
}

// rates are what an hour costs; nil when the configuration does not say.
func rates(c *config.Config) *lr.Rates {
	if c.Plan.Rate == 0 {
		return nil
	}
	return &lr.Rates{Currency: c.Plan.Currency, Hour: c.Plan.Rate, Senior: c.Plan.SeniorRate}
}

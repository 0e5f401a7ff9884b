package intake

import (
	"cmp"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/surface"
	"github.com/launchready/launchready/surface/postman"
)

func isCollection(text []byte) bool {
	kind := postmanKind(text)
	return kind == "collection" || kind == "collection 1.0"
}

func isEnvironment(text []byte) bool { return postmanKind(text) == "environment" }

// postmanKind tells what of Postman's a text is. What is cut off and looks like
// one counts as one, so that its own reader says where it ends.
func postmanKind(text []byte) string {
	root, err := postman.Decode(text)
	if err == nil {
		return postman.Kind(root)
	}
	head := string(text[:min(len(text), 64<<10)])
	switch {
	case strings.Contains(head, "getpostman.com/json/collection"):
		return "collection"
	case strings.Contains(head, "_postman_variable_scope"):
		return "environment"
	}
	return ""
}

func readCollection(file string, text []byte) (*Intake, error) {
	root, err := postman.Decode(text)
	if err != nil {
		return nil, err
	}
	c, err := postman.Read(root)
	if err != nil {
		return nil, err
	}
	in := &Intake{Format: "Postman " + c.Version + " collection", Product: c.Name, Spec: file, collection: c}
	return in, in.collect(nil)
}

func readEnvironment(_ string, text []byte) (*Intake, error) {
	env, err := postman.ParseEnvironment(text)
	if err != nil {
		return nil, err
	}
	in := &Intake{Format: "Postman environment", env: env}
	k := &collected{env: env, values: postman.Values{}.With(env.Values)}
	in.Target = k.base("")
	if p := k.ownToken(); p != nil {
		in.Identities = identify([]*someone{p}, in)
	}
	return in, nil
}

// collected is a collection seen with one environment.
type collected struct {
	in     *Intake
	c      *postman.Collection
	env    *postman.Environment
	values postman.Values
	routes []*lr.Route
}

// collect reads who a collection's requests are sent as: once with each of the
// environments, or with what it holds itself.
func (in *Intake) collect(envs []*postman.Environment) error {
	s, err := surface.Requests(in.collection, nil, surface.Source{Location: in.Spec})
	if err != nil {
		return err
	}
	in.Warnings, in.Admin, in.count = s.Warnings, administered(s.Routes), len(s.Routes)
	for _, rt := range s.Routes {
		switch {
		case rt.Kind == lr.WhoAmI && rt.Method == "GET" && len(rt.PathParams()) == 0 && in.WhoAmI == "":
			in.WhoAmI = rt.String()
		case rt.Kind == lr.Health && rt.Method == "GET" && len(rt.PathParams()) == 0 && !rt.Secured:
			in.Public = append(in.Public, rt.String())
		}
	}
	var people []*someone
	if len(envs) == 0 {
		envs = []*postman.Environment{nil}
	}
	for _, env := range envs {
		k := &collected{in: in, c: in.collection, env: env, routes: s.Routes, values: postman.Values{}.With(in.collection.Variables)}
		if env != nil {
			k.values = k.values.With(env.Values)
		}
		for _, q := range in.collection.Requests {
			if in.Target = cmp.Or(in.Target, k.base(q.URL.Raw)); in.Target != "" {
				break
			}
		}
		people = append(people, k.people()...)
	}
	in.Identities = identify(people, in)
	if len(in.Identities) == 0 {
		in.warn("the collection holds no credential, only names of variables: give the environment that fills them beside it")
	}
	return nil
}

// base is the address before a request's path, when it can be told.
func (k *collected) base(raw string) string {
	head := raw
	if i := strings.Index(raw, "://"); i >= 0 {
		if j := strings.IndexByte(raw[i+3:], '/'); j >= 0 {
			head = raw[:i+3+j]
		}
	} else if i := strings.IndexByte(raw, '/'); i >= 0 {
		head = raw[:i]
	}
	if raw == "" {
		for _, name := range []string{"baseUrl", "base", "base_url", "baseURL", "url", "host", "apiUrl", "api_url", "server"} {
			if v := k.values[name]; !v.IsZero() {
				head = v.Reveal()
				break
			}
		}
	}
	head = k.values.Fill(head)
	if head == "" || strings.Contains(head, "{{") {
		return ""
	}
	if !strings.Contains(head, "://") {
		head = "http://" + head
	}
	u, err := url.Parse(head)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

func (k *collected) people() []*someone {
	var out []*someone
	if p := k.signIn(); p != nil {
		out = append(out, p)
	}
	seen := map[string]bool{}
	for _, q := range k.c.Requests {
		if q.Auth == nil || len(out) >= maxIdentities {
			continue
		}
		values := postman.Values{}.With(q.Scope)
		if k.env != nil {
			values = values.With(k.env.Values)
		}
		p := authorised(q.Auth, values)
		if p == nil {
			continue
		}
		key := q.Auth.Type + p.Token.Reveal() + p.Headers["Authorization"].Reveal()
		if seen[key] {
			continue
		}
		seen[key] = true
		k.named(p, q)
		out = append(out, p)
	}
	if len(out) == 0 && k.env != nil {
		if p := k.ownToken(); p != nil {
			out = append(out, p)
		}
	}
	return out
}

// named tells whose a credential is, as far as variables, tokens and folders do.
func (k *collected) named(p *someone, q *postman.Request) {
	p.User = cmp.Or(p.User, k.first("email", "username", "user", "login", "user_email", "userEmail"))
	told := claims(p.Token.Reveal())
	p.User = cmp.Or(p.User, pick(told, "email", "preferred_username"))
	p.Role = cmp.Or(k.first("role", "user_role"), pick(told, "role", "roles/0"))
	p.tenantID, p.label = tenantOf(told)
	if v := k.first("tenant", "tenant_name", "tenantName", "tenant_slug", "organization", "organisation", "org", "workspace", "company", "account"); v != "" {
		p.label = v
	}
	if p.label == "" || surface.KeyLike(p.label) {
		p.guessed = p.label == "" && p.tenantID == ""
		p.label = cmp.Or(mailTenant(p.User), p.label, p.tenantID)
	}
	if p.Role == "" && p.User == "" {
		switch {
		case k.env != nil && k.env.Name != "":
			p.Role = fitKey(k.env.Name)
		case q != nil && len(q.Folder) > 0:
			p.Role = fitKey(q.Folder[0])
		}
	}
}

func (k *collected) first(names ...string) string {
	for _, n := range names {
		if v := k.values[n]; !v.IsZero() {
			return v.Reveal()
		}
	}
	return ""
}

// ownToken is the credential that an environment holds under a telling name.
func (k *collected) ownToken() *someone {
	p := &someone{}
	switch {
	case k.first("access_token", "accessToken", "token", "bearerToken", "bearer_token", "authToken", "auth_token", "jwt", "id_token") != "":
		p.Token = lr.NewSecret(k.first("access_token", "accessToken", "token", "bearerToken", "bearer_token", "authToken", "auth_token", "jwt", "id_token"))
	case k.first("api_key", "apiKey", "apikey", "x_api_key") != "":
		p.Token, p.Send = lr.NewSecret(k.first("api_key", "apiKey", "apikey", "x_api_key")), "X-API-Key: {token}"
	case k.first("password", "passwd", "pass") != "":
		p.Password = lr.NewSecret(k.first("password", "passwd", "pass"))
	default:
		return nil
	}
	k.named(p, nil)
	if !p.Password.IsZero() && p.User == "" {
		return nil
	}
	return p
}

// authorised is the credential of an auth block; nil where a variable in it has
// no value, or it needs none.
func authorised(a *postman.Auth, values postman.Values) *someone {
	get := func(name string) string { return strings.TrimSpace(values.Fill(a.Values[name].Reveal())) }
	p := &someone{}
	switch a.Type {
	case "bearer":
		p.Token = lr.NewSecret(get("token"))
	case "oauth2":
		p.Token = lr.NewSecret(get("accessToken"))
		if prefix := get("headerPrefix"); prefix != "" && !strings.EqualFold(prefix, "bearer") && !strings.ContainsAny(prefix, "\r\n{}") {
			p.Send = "Authorization: " + prefix + " {token}"
		}
	case "apikey":
		p.Token = lr.NewSecret(get("value"))
		switch name := get("key"); {
		case name == "" || strings.ContainsAny(name, " :{}\r\n"):
			return nil
		case get("in") == "query":
			p.Send = "Query: " + name + "={token}"
		default:
			p.Send = name + ": {token}"
		}
	case "basic":
		user, password := get("username"), get("password")
		if user == "" || strings.Contains(user+password, "{{") {
			return nil
		}
		p.User = user
		// RFC 7617, 2
		p.Token, p.Send = lr.NewSecret(base64.StdEncoding.EncodeToString([]byte(user+":"+password))), "Authorization: Basic {token}"
		return p
	}
	if p.Token.IsZero() || strings.Contains(p.Token.Reveal(), "{{") {
		return nil
	}
	return p
}

// signIn finds the request that signs in, and whom it signs in.
func (k *collected) signIn() *someone {
	for _, rt := range k.routes {
		if rt.Kind != lr.SignIn || rt.Method != "POST" || len(rt.PathParams()) > 0 {
			continue
		}
		for _, q := range k.c.Requests {
			if q.Method != "POST" || q.Body == nil || !strings.HasSuffix(strings.TrimSuffix(q.URL.Raw, "/"), rt.Path) {
				continue
			}
			if p := k.signsIn(rt, q); p != nil {
				return p
			}
		}
	}
	return nil
}

func (k *collected) signsIn(rt *lr.Route, q *postman.Request) *someone {
	body := map[string]any{}
	form := q.Body.Mode == "urlencoded" || q.Body.Mode == "formdata"
	if form {
		for _, f := range q.Body.Fields {
			if !f.Disabled && !f.File {
				body[f.Name] = k.values.Fill(f.Value.Reveal())
			}
		}
	} else if doc, ok := surface.JSON([]byte(k.values.Fill(q.Body.Text))); ok {
		body, _ = doc.(map[string]any)
	}
	user, password := surface.LoginIn(body)
	if user == "" || password == "" {
		return nil
	}
	l := &listener{dropped: map[string]bool{}}
	call := &SignIn{Request: rt.String()}
	tree, _ := l.template("", body, user, password, 0).(map[string]any)
	if form {
		call.Form = map[string]string{}
		for name, v := range tree {
			if s, ok := v.(string); ok {
				call.Form[name] = s
			}
		}
	} else {
		call.JSON = tree
	}
	k.tokenOf(call, q)
	if k.in.SignIn == nil {
		k.in.SignIn = call
	}
	if strings.Contains(user+password, "{{") {
		return nil
	}
	p := &someone{Identity: Identity{User: user, Password: lr.NewSecret(password)}}
	k.named(p, q)
	return p
}

// tokenOf says where the sign-in's reply holds the token that the collection
// sends: the place that a script keeps in the variable of an auth block.
func (k *collected) tokenOf(call *SignIn, q *postman.Request) {
	for _, set := range q.Sets {
		for _, other := range k.c.Requests {
			if other.Auth == nil {
				continue
			}
			for _, name := range sortedKeys(other.Auth.Values) {
				if !slices.Contains(postman.Names(other.Auth.Values[name].Reveal()), set.Variable) {
					continue
				}
				call.Token = set.Pointer
				if other.Auth.Type == "apikey" {
					if p := authorised(other.Auth, k.values.With([]postman.Variable{{Name: set.Variable, Value: lr.NewSecret("token")}})); p != nil {
						call.Send = p.Send
					}
				}
				return
			}
		}
	}
}

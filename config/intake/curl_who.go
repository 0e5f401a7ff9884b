package intake

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"sort"
	"strings"

	lr "github.com/launchready/launchready"
)

// keyOf is the same for two requests of one session: what trackers and guards
// against forgery change from request to request does not count.
func keyOf(fields []field) string {
	key := ""
	for _, f := range fields {
		low := strings.ToLower(f.name)
		if strings.Contains(low, "csrf") || strings.Contains(low, "xsrf") {
			continue
		}
		v := f.value
		if low == "cookie" {
			var session []string
			for _, part := range strings.Split(v, ";") {
				if n, _, _ := strings.Cut(strings.TrimSpace(part), "="); sessionCookie.MatchString(n) && !strings.Contains(strings.ToLower(n), "csrf") && !strings.Contains(strings.ToLower(n), "xsrf") {
					session = append(session, strings.TrimSpace(part))
				}
			}
			if len(session) > 0 {
				v = strings.Join(unique(session), ";")
			}
		}
		key += f.name + "\x00" + v + "\x00"
	}
	return key
}

var sessionCookie = regexp.MustCompile(`(?i)sess|^s?sid$|\.sid$|[_-]sid$|auth|token|jwt|login|identity|remember`)

// carried is the fields of a request that say who asks.
func (q *request) carried() []field {
	var out []field
	for _, f := range q.fields {
		switch low := strings.ToLower(f.name); {
		case low == "authorization", low == "cookie", tenantField(f.name):
			out = append(out, f)
		case among(low, "content-type", "accept", "user-agent", "origin", "referer", "host", "content-length", "x-requested-with", "x-request-id", "idempotency-key"):
		case strings.HasPrefix(low, "sec-") || strings.HasPrefix(low, "accept-"):
		case secretName(f.name) || strings.HasSuffix(low, "-auth") || strings.HasSuffix(low, "-key"):
			out = append(out, f)
		}
	}
	for name, values := range q.url.Query() {
		if secretName(name) || among(fold(name), "key", "apikey", "auth", "jwt", "sig") {
			out = append(out, field{"query:" + name, values[0]})
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].name < out[j].name })
	return out
}

// basicUser makes the identity of HTTP basic authentication, once, and returns
// its name; "" when there is none.
func (c *curl) basicUser(user, password string) string {
	key := "basic\x00" + user + ":" + password
	if name, known := c.seen[key]; known {
		return name
	}
	if password == "" || secretShape(user) { // an API key in the place of the user
		if _, refs := c.written(user); refs > 0 || user == "" {
			c.warn("-u with a variable and no password is not taken: send the key by a header")
			return ""
		}
		id := Identity{Token: lr.NewSecret(base64.StdEncoding.EncodeToString([]byte(user + ":" + password))), Send: "Authorization: Basic {token}"}
		return c.remember(key, id)
	}
	if c.in.SignIn != nil && !c.in.SignIn.Basic || len(c.logins) > 0 {
		c.warn("HTTP basic authentication beside another sign-in is not taken")
		return ""
	}
	p := c.person(nameOf(user), &login{user: user, pass: password})
	if p.User == "" || !p.Means() || strings.Contains(p.References["password"], " ") {
		return ""
	}
	c.in.SignIn = &SignIn{Basic: true}
	return c.remember(key, p)
}

// remember adds an identity under a name that nobody has yet.
func (c *curl) remember(key string, id Identity) string {
	if c.seen == nil {
		c.seen = map[string]string{}
	}
	if id.Name == "" || secretShape(id.Name) {
		id.Name = fmt.Sprintf("user%d", len(c.in.Identities)+1)
	}
	for base, n := id.Name, 2; c.in.named(id.Name) != nil; n++ {
		id.Name = fmt.Sprintf("%s_%d", base, n)
	}
	if len(c.in.Identities) < maxKeys {
		c.in.Identities = append(c.in.Identities, id)
	}
	c.seen[key] = id.Name
	return id.Name
}

func (in *Intake) named(name string) *Identity {
	for i := range in.Identities {
		if in.Identities[i].Name == name {
			return &in.Identities[i]
		}
	}
	return nil
}

// identity is who sends these fields.
func (c *curl) identity(key string, fields []field) string {
	if name, known := c.seen[key]; known {
		return name
	}
	id := Identity{}
	var headers, query []field
	for _, f := range fields {
		if name, ok := strings.CutPrefix(f.name, "query:"); ok {
			query = append(query, field{name, f.value})
		} else {
			headers = append(headers, f)
		}
	}
	c.credentials(&id, headers)
	for _, f := range query {
		whose := "the parameter " + clip(f.name)
		if id.has("token") || id.has("cookie") || !headerName.MatchString(f.name) {
			c.warn("%s beside a header is not taken", whose)
			continue
		}
		if ref, secret := c.secret(f.value, whose); (ref == "" || strings.HasPrefix(ref, "${")) && id.set("token", ref, secret) {
			id.Send = "query: " + f.name + "={token}"
		}
	}
	if !id.Means() || id.onlySelects() {
		return ""
	}
	id.claims()
	id.Name = nameOf(id.User)
	return c.remember(key, id)
}

// onlySelects reports an identity that names its tenant and proves nothing.
func (id *Identity) onlySelects() bool {
	if id.has("password") || id.has("token") || id.has("cookie") {
		return false
	}
	for name := range id.Headers {
		if !tenantField(name) {
			return false
		}
	}
	for name := range id.References {
		if !tenantField(strings.TrimPrefix(name, "headers.")) {
			return false
		}
	}
	return true
}

// nameOf is a name for a user: of member@acme.test it is acme_member.
func nameOf(user string) string {
	local, _, at := strings.Cut(user, "@")
	if strings.ContainsAny(user, mark+"$") {
		return ""
	}
	if _, label := companyOf(user); at && label != "" {
		return label + "_" + local
	}
	return local
}

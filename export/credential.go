package export

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	lr "github.com/launchready/launchready"
)

// key is the credential of a request that nobody who signed in sends: how the
// file makes it of what it has.
type key struct {
	header   []string // as the request has it
	query    bool     // the owner's own token, in the address
	captures []string // taken in the owner's step
	options  []string // of the owner's step
	before   func()   // further steps
}

// forged makes the credential of the run's attack again, out of the owner's own
// token or by a sign-in. Hurl can change a token and sign none.
func (g *regression) forged(e lr.EvidenceItem, p parsed, owner string) (*key, string) {
	const unsigned = "its token needs a signature, which Hurl cannot make"
	own := "variable \"token_" + owner + "\" "
	carry := func(token string) *key { return &key{header: g.carried(token)} }
	scope, scoped := strings.CutPrefix(e.Note, "API key with the scope ")
	literal, quoted := strings.CutPrefix(e.Note, "credential ")
	alg, unsignedAlg := strings.CutPrefix(e.Note, "alg ")
	switch {
	case scoped:
		return g.scopedKey(owner, scope, p)
	case strings.HasPrefix(e.Note, "expired_token of "):
		return g.expired(owner), ""
	case g.check.ID == "auth/token-audience":
		return g.otherToken(owner, e.Note)
	case g.check.ID == "auth/token-in-query":
		return &key{query: true}, ""
	case quoted:
		text, err := strconv.Unquote(literal)
		if err != nil {
			return nil, unsent
		}
		return carry(text), ""
	case unsignedAlg:
		head := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"alg":%q,"typ":"JWT"}`, alg))
		k := carry(head + ".{{claims}}.")
		k.captures = []string{"claims: " + own + `regex /^[^.]+\.([^.]+)\./`}
		return k, ""
	case e.Note == "one bit of the signature turned":
		k := carry("{{bent}}")
		k.captures = []string{"bent: " + own + `replaceRegex /\.([^.]{6})([^.]{6})([^.]*)$/ ".$2$1$3"`}
		return k, ""
	case e.Note == "no signature":
		k := carry("{{bare}}")
		k.captures = []string{"bare: " + own + `replaceRegex /\.[^.]*$/ "."`}
		return k, ""
	case e.Note == "a claim added after signing":
		k := carry("{{head}}.{{claims}}.{{signature}}")
		k.captures = []string{"head: " + own + `regex /^([^.]+)\./`, "signature: " + own + `regex /\.([^.]*)$/`,
			"claims: " + own + `regex /^[^.]+\.([^.]+)\./ base64UrlSafeDecode utf8Decode replaceRegex /\}\s*$/ ",\"launchready\":true}" utf8Encode base64UrlSafeEncode`}
		return k, ""
	case e.Note == "signed under an unknown key id":
		k := carry("{{head}}.{{rest}}")
		k.captures = []string{"alg: " + own + `regex /^([^.]+)\./ base64UrlSafeDecode utf8Decode regex /"alg"\s*:\s*"([^"]+)"/`, "rest: " + own + `regex /^[^.]+\.(.*)$/`}
		k.before = func() {
			g.h.request("The token's head is written anew, with a key that does not exist.", owner, g.whoami(owner),
				[]string{`variable: written={"alg":"{{alg}}","kid":"launchready-retired","typ":"JWT"}`},
				[]string{"[Captures]", `head: variable "written" utf8Encode base64UrlSafeEncode`, "[Asserts]", "status == 200"})
		}
		return k, ""
	case len(p.hidden) > 0:
		return nil, "the credential that was tried is masked in the report"
	case masked(p.credential):
		return nil, unsigned
	case p.credential != "":
		return &key{header: []string{"Authorization: " + hurlValue(p.credential)}}, ""
	}
	return &key{}, ""
}

// carried is the header field in which a token travels, with another in its place.
func (g *regression) carried(token string) []string {
	name, value, where := sendParts(g.o.SignIn)
	if where == "query" {
		name, value = "Authorization", "Bearer {token}"
	}
	return []string{strings.TrimRight(name+": "+strings.ReplaceAll(hurlValue(value), "{token}", hurlValue(token)), " ")}
}

// expired has the tester bring the token whose time is over, and makes sure that
// it is the owner's, made as those of today are: any other is refused anyway.
func (g *regression) expired(owner string) *key {
	name := "expired_token_" + owner
	g.given(variable{name: name, says: "a token of " + owner + " whose time is over, with the same key as today's", secret: true})
	part := func(token string) string {
		return `variable "` + token + `" regex /^[^.]+\.([^.]+)\./ base64UrlSafeDecode utf8Decode regex /"sub"\s*:\s*"?([^",}]+)/`
	}
	k := &key{header: g.carried("{{" + name + "}}")}
	k.captures = []string{"head: variable \"token_" + owner + `" regex /^([^.]+)\./`, "sub: " + part("token_"+owner)}
	k.before = func() {
		g.h.request("The expired token is the owner's, and made as today's are. Else this is red.", owner, g.whoami(owner), nil,
			[]string{"[Asserts]", "status == 200", `variable "` + name + `" startsWith "{{head}}."`, part(name) + ` == "{{sub}}"`})
	}
	return k
}

// otherToken signs the owner in and takes another token of the reply.
func (g *regression) otherToken(owner, note string) (*key, string) {
	field := "refresh_?[tT]oken"
	if name, ok := strings.CutPrefix(note, "the sign-in's "); ok {
		field = name
	} else if note != "refresh token" {
		return nil, "the credential that was tried is masked in the report"
	}
	if why := g.signIn("session", g.person(owner), []string{`other: regex /"` + field + `"\s*:\s*"([^"]+)"/`}); why != "" {
		return nil, why
	}
	return &key{header: g.carried("{{other}}")}, ""
}

// scopedKey has the owner make an API key with one scope.
func (g *regression) scopedKey(owner, scope string, p parsed) (*key, string) {
	const none = "no route makes an API key with a scope"
	if len(p.hidden) != 1 && p.credential == "" {
		return nil, none
	}
	b := newBuilder(g.o)
	for _, rt := range g.o.Routes {
		if rt.Method != "POST" || len(rt.PathParams()) > 0 || rt.Body == nil || rt.Body.Schema == nil || !strings.Contains(strings.ToLower(rt.Path), "key") && !strings.Contains(strings.ToLower(rt.Path), "token") {
			continue
		}
		for _, field := range []string{"scopes", "scope", "permissions", "abilities", "grants"} {
			sc := rt.Body.Schema.Properties[field]
			c, err := b.call(rt, nil)
			if sc == nil || err != nil {
				continue
			}
			var v any = []string{scope}
			if sc.Type == "string" {
				v = scope
			}
			if c.body = set(c.body, map[string]any{field: v}); c.body == "" {
				continue
			}
			t := g.r.of(rt.Resource)
			response := []string{"[Captures]"}
			if t != nil && t.remove != nil {
				response = append(response, captured(t.variable(), t.id))
				g.tidy = append(g.tidy, func() { g.h.request(owner+" takes the key back.", owner, t.remove, nil, nil) })
			}
			// Not the key's id or its visible start: what is long enough to be a secret.
			response = append(response, `key: regex /"(?:key|secret|token|api_?[kK]ey|value|plaintext)"\s*:\s*"([^"]{16,})"/`, "[Asserts]", "status < 300")
			g.h.request(owner+" makes an API key with the scope "+scope+".", owner, c, []string{makeCanary("canary")}, response)
			g.own("key")
			if len(p.hidden) == 1 {
				k := &key{header: []string{p.hidden[0] + ": {{key}}"}}
				k.before = func() { g.within(scope, k.header) }
				return k, ""
			}
			k := &key{header: g.carried("{{key}}")}
			k.before = func() { g.within(scope, k.header) }
			return k, ""
		}
	}
	return nil, none
}

// within is the key's control: it opens what its scope names.
func (g *regression) within(scope string, header []string) {
	for _, t := range g.r.things {
		if t.list == nil || strings.Contains(t.list.path, "{{") || !strings.Contains(strings.ToLower(scope), t.name) {
			continue
		}
		c := *t.list
		c.header = append(c.header, header...)
		g.h.request("The key opens what its scope names. Else it is worth nothing, and this is red.", "", &c, nil, []string{"[Asserts]", "status == 200"})
		return
	}
}

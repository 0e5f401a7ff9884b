package auth_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// bureau is a small application of many tenants, right in all it does except
// for the faults that a test gives it.
type bureau struct {
	t      *testing.T
	faults map[string]bool
	style  string // how it refuses: "", "soft", "soft-role", "redirect", "broken", "busy", "echo"
	now    func() time.Time
	key    *rsa.PrivateKey
	secret []byte // set: tokens are signed with HS256

	mu          sync.Mutex
	n           int
	users       map[string]*person
	sessions    map[string]*visit
	refreshes   map[string]string // token => session
	cookies     map[string]string // value => session
	notes       map[string]*note
	invitations map[string]*invite
	keys        map[string]*apiKey
	mail        map[string][]string
	resets      map[string]string // token => user

	wide      int // further reads in one group of routes
	endpoints []endpoint
	server    *httptest.Server
	asked     func() int // requests of the audit so far
}

type person struct {
	ID, Tenant, Email, Name, Role, Status, Password, Directory string
}

type visit struct {
	user string
	over bool
}

type note struct {
	ID, Tenant, Text string
	Pinned           bool
}

type invite struct {
	ID, Tenant, Email, Role, Token string
	used                           bool
}

type apiKey struct {
	user   string
	scopes []string
}

// ranks order the roles; 0 is nobody.
var ranks = map[string]int{"": 0, "viewer": 1, "member": 2, "admin": 3, "manager": 3}

// appKey is made once: making one takes longer than a test.
var appKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func newBureau(t *testing.T, style string, faults ...string) *bureau {
	b := &bureau{t: t, style: style, faults: map[string]bool{}, now: time.Now, key: appKey(),
		users: map[string]*person{}, sessions: map[string]*visit{}, refreshes: map[string]string{}, cookies: map[string]string{},
		notes: map[string]*note{}, invitations: map[string]*invite{}, keys: map[string]*apiKey{}, mail: map[string][]string{}, resets: map[string]string{}}
	for _, f := range faults {
		b.faults[f] = true
	}
	if b.faults["symmetric"] {
		b.secret = []byte("k3Jd82hfQ0-not-in-any-list-28fhs9")
	}
	if b.faults["weak"] {
		b.secret = []byte("secret")
	}
	for _, u := range []string{"acme admin", "acme member", "acme viewer", "globex member"} {
		tenant, role, _ := strings.Cut(u, " ")
		b.addUser("ten_"+tenant+"9k2m4x", role+"@"+tenant+".test", role, "pw-"+tenant+"-"+role+"-71c")
	}
	for _, f := range faults {
		if n, ok := strings.CutPrefix(f, "wide "); ok {
			fmt.Sscan(n, &b.wide) //nolint:errcheck // 0 otherwise
		}
	}
	b.endpoints = b.table()
	mux := http.NewServeMux()
	for _, e := range b.endpoints {
		mux.HandleFunc(e.method+" "+e.path, b.serve(e))
	}
	b.server = httptest.NewServer(b.front(mux))
	t.Cleanup(b.server.Close)
	return b
}

// id is random enough to be told apart by who looks for it.
func (b *bureau) id(prefix string) string {
	b.n++
	sum := sha256.Sum256([]byte(fmt.Sprint(prefix, b.n, b.t.Name())))
	return fmt.Sprintf("%s_%x", prefix, sum[:9])
}

func (b *bureau) addUser(tenant, email, role, password string) *person {
	p := &person{ID: b.id("usr"), Tenant: tenant, Email: email, Name: "Name of " + email, Role: role, Status: "active", Password: password, Directory: b.id("dir")}
	b.users[p.ID] = p
	return p
}

func (b *bureau) byEmail(email string) *person {
	for _, p := range b.users {
		if strings.EqualFold(p.Email, email) {
			return p
		}
	}
	return nil
}

// front is what stands before the router: mistakes of the edge live here.
func (b *bureau) front(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if b.faults["raw-path"] && strings.HasPrefix(r.URL.Path, "//") {
			r.URL.Path = r.URL.Path[1:]
			r.Header.Set("X-Inside", "1")
		}
		if b.faults["original-url"] && r.Header.Get("X-Original-URL") != "" {
			r.URL.Path, r.URL.RawPath = r.Header.Get("X-Original-URL"), ""
			r.Header.Set("X-Inside", "1")
		}
		if r.Method == "LAUNCHREADY" && b.faults["any-method"] {
			r.Method = "GET"
			r.Header.Set("X-Inside", "1")
		}
		mux.ServeHTTP(w, r)
	})
}

func (b *bureau) serve(e endpoint) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		defer b.mu.Unlock()
		c := b.caller(r)
		open := b.faults["open "+e.method+" "+e.path] || r.Header.Get("X-Inside") != ""
		// A credential is optional there, but a wrong one is refused.
		optional := b.faults["optional"] || b.faults["optional notes"] && strings.HasPrefix(r.URL.Path, "/notes")
		open = open || optional && len(r.Header.Values("Authorization")) == 0
		rank := ranks[c.role()]
		if b.faults["no-role "+e.method+" "+e.path] && rank > 0 {
			rank = 9
		}
		if c.key != nil && !b.faults["scopes"] && e.rank > 0 && !c.may(e) {
			rank = 0
		}
		if rank < e.rank && !open {
			if b.faults["leak-in-redirect"] && e.path == "/notes" {
				w.Header().Set("Location", "/login")
				w.WriteHeader(302)
				json.NewEncoder(w).Encode(b.all()) //nolint:errcheck // a test
				return
			}
			b.refuse(w, r, c)
			return
		}
		if m := r.Header.Get("X-HTTP-Method-Override"); m != "" && b.faults["override"] {
			for _, other := range b.endpoints {
				if other.method == m && other.path == e.path {
					other.handle(w, r, c)
					return
				}
			}
		}
		e.handle(w, r, c)
	}
}

func (b *bureau) all() []*note {
	var out []*note
	for _, n := range b.notes {
		out = append(out, n)
	}
	return out
}

// refuse answers a caller who may not, in the application's way.
func (b *bureau) refuse(w http.ResponseWriter, r *http.Request, c *caller) {
	style := b.style
	if c.person != nil && style != "soft-role" { // signed in, only too weak a role
		say(w, 403, map[string]any{"error": "you may not", "needs": "another role"})
		return
	}
	switch style {
	case "soft", "soft-role":
		say(w, 200, map[string]any{"success": false, "data": nil})
	case "redirect":
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Location", "/login")
		w.WriteHeader(302)
		fmt.Fprint(w, "<a href=/login>Please sign in</a>")
	case "broken":
		say(w, 500, map[string]any{"error": "internal error"})
	case "busy":
		say(w, 429, map[string]any{"error": "slow down"})
	case "echo":
		say(w, 401, map[string]any{"error": "this token is not valid", "token": c.claims, "header": r.Header.Get("Authorization")})
	default:
		say(w, 401, map[string]any{"error": "sign in first"})
	}
}

func say(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v) //nolint:errcheck // a test
}

// caller is who a request speaks for.
type caller struct {
	*person
	session string
	key     *apiKey
	claims  map[string]any // of a token that was refused, for the style "echo"
}

func (c *caller) role() string {
	if c.person == nil {
		return ""
	}
	return c.Role
}

func (c *caller) may(e endpoint) bool {
	for _, s := range c.key.scopes {
		noun, verb, _ := strings.Cut(s, ":")
		if strings.HasPrefix(e.path, "/"+noun) && (verb == "read") == (e.method == "GET") {
			return true
		}
	}
	return false
}

var lost = map[string]bool{"": true, "null": true, "undefined": true, "[]": true, "{}": true, `""`: true, "0": true}

func (b *bureau) caller(r *http.Request) *caller {
	c := &caller{}
	if k := b.keys[r.Header.Get("X-API-Key")]; k != nil {
		c.person, c.key = b.users[k.user], k
		return c
	}
	if ck, err := r.Cookie("bureau"); err == nil {
		b.enter(c, b.cookies[ck.Value])
		return c
	}
	h := r.Header.Values("Authorization")
	token := r.URL.Query().Get("access_token")
	if len(h) > 0 {
		_, token, _ = strings.Cut(h[0], " ")
		if lost[token] {
			if b.faults["empty"] {
				c.person = b.byEmail("admin@acme.test")
			}
			return c
		}
	} else if !b.faults["query"] || token == "" {
		return c
	}
	claims, ok := b.verify(token)
	c.claims = claims
	if !ok {
		if b.faults["garbage"] && claims == nil && strings.HasPrefix(r.URL.Path, "/usage") {
			c.person = b.byEmail("member@acme.test")
		}
		return c
	}
	b.enter(c, fmt.Sprint(claims["sid"]))
	return c
}

// enter makes the caller the user of a session that is alive.
func (b *bureau) enter(c *caller, session string) {
	v := b.sessions[session]
	if v == nil || v.over && !b.faults["logout"] && !b.faults["logout-access"] {
		return
	}
	p := b.users[v.user]
	if p == nil || p.Status != "active" && !b.faults["disabled"] {
		return
	}
	c.person, c.session = p, session
}

// verify reads a token. The claims come back for a refused one too, as far as
// they could be read.
func (b *bureau) verify(token string) (map[string]any, bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, false
	}
	var h, c map[string]any
	if !unpart(parts[0], &h) || !unpart(parts[1], &c) {
		return nil, false
	}
	if !b.signed(parts, h) {
		return c, false
	}
	exp, _ := c["exp"].(float64)
	if b.now().Unix() >= int64(exp) && !b.faults["expired"] {
		return c, false
	}
	return c, c["aud"] == "bureau-api" || b.faults["audience"]
}

func (b *bureau) signed(parts []string, h map[string]any) bool {
	alg, _ := h["alg"].(string)
	kid, _ := h["kid"].(string)
	input := parts[0] + "." + parts[1]
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return false
	}
	hs := func(key []byte) bool {
		m := hmac.New(sha256.New, key)
		m.Write([]byte(input))
		return hmac.Equal(m.Sum(nil), sig)
	}
	rs := func(key *rsa.PublicKey) bool {
		sum := sha256.Sum256([]byte(input))
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], sig) == nil
	}
	if b.faults["signature"] {
		return true
	}
	if strings.EqualFold(alg, "none") {
		return b.faults["none"] && (alg != "none" || !b.faults["none-filtered"])
	}
	if alg == "HS256" {
		switch {
		case b.secret != nil && hs(b.secret), b.faults["confusion"] && hs(publicPEM(&b.key.PublicKey)):
			return true
		case b.faults["kid-path"] && strings.Contains(kid, "dev/null"):
			return hs(nil)
		}
		return false
	}
	if alg != "RS256" || b.secret != nil {
		return false
	}
	key := &b.key.PublicKey
	if brought, ok := h["jwk"].(map[string]any); ok && b.faults["jwk"] {
		key = rsaOf(brought)
	}
	if at, ok := h["jku"].(string); ok && b.faults["jku"] {
		res, err := http.Get(at) //nolint:gosec // the fault is that it fetches
		if err != nil {
			return false
		}
		defer res.Body.Close()
		var set struct{ Keys []map[string]any }
		if json.NewDecoder(res.Body).Decode(&set) != nil || len(set.Keys) == 0 {
			return false
		}
		key = rsaOf(set.Keys[0])
	}
	return rs(key)
}

func (b *bureau) sign(claims map[string]any) string {
	h := map[string]any{"alg": "RS256", "typ": "JWT", "kid": "key-1"}
	if b.secret != nil {
		h["alg"] = "HS256"
	}
	input := part(h) + "." + part(claims)
	if b.secret != nil {
		m := hmac.New(sha256.New, b.secret)
		m.Write([]byte(input))
		return input + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
	}
	sum := sha256.Sum256([]byte(input))
	sig, err := rsa.SignPKCS1v15(rand.Reader, b.key, crypto.SHA256, sum[:])
	if err != nil {
		b.t.Fatal(err)
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(sig)
}

func part(v any) string {
	j, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(j)
}

func unpart(s string, into *map[string]any) bool {
	j, err := base64.RawURLEncoding.DecodeString(s)
	return err == nil && json.Unmarshal(j, into) == nil && *into != nil
}

func publicPEM(k *rsa.PublicKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(k)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

func rsaOf(m map[string]any) *rsa.PublicKey {
	n, _ := base64.RawURLEncoding.DecodeString(fmt.Sprint(m["n"]))
	e, _ := base64.RawURLEncoding.DecodeString(fmt.Sprint(m["e"]))
	return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
}

// grant opens a session and issues its tokens.
func (b *bureau) grant(p *person, session string, life time.Duration) map[string]any {
	if session == "" {
		session = b.id("ses")
		b.sessions[session] = &visit{user: p.ID}
	}
	claims := map[string]any{"sub": p.ID, "tid": p.Tenant, "email": p.Email, "sid": session, "aud": "bureau-api", "exp": b.now().Add(life).Unix(), "jti": b.id("jti")}
	access := b.sign(claims)
	claims["aud"], claims["jti"], claims["exp"] = "bureau-refresh", b.id("rft"), b.now().Add(720*time.Hour).Unix()
	again := b.sign(claims)
	b.refreshes[again] = session
	return map[string]any{"access_token": access, "refresh_token": again, "token_type": "Bearer", "expires_in": int(life.Seconds())}
}

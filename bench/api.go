package main

import (
	"cmp"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// api is a multi-tenant application of any number of routes, right in every
// way the audit asks: whoever signs in sees, changes and deletes the objects of
// their tenant, and those of others look like missing ones. It lives in memory.
type api struct {
	operations []operation
	users      []*user
	handler    http.Handler
	spec       []byte

	mu      sync.Mutex
	tokens  map[string]*user
	objects map[string]map[string]*object // collection => id
}

type user struct {
	ID       string `json:"id"`
	Email    string `json:"email"`
	Role     string `json:"role"`
	TenantID string `json:"tenant_id"`
	tenant   string
	password string
}

type object struct {
	ID        string    `json:"id"`
	ParentID  string    `json:"parent_id,omitempty"`
	Title     string    `json:"title"`
	Note      string    `json:"note"`
	Priority  string    `json:"priority"`
	CreatedAt time.Time `json:"created_at"`
	tenant    string
}

// fields are what a caller may write; everything else in a body is ignored.
type fields struct {
	Title    *string `json:"title"`
	Note     *string `json:"note"`
	Priority *string `json:"priority"`
}

// newAPI makes an application of that many operations, sign-in and whoami
// included.
func newAPI(routes int) *api {
	a := &api{operations: operations(routes), tokens: map[string]*user{}, objects: map[string]map[string]*object{}}
	for _, tenant := range []string{"acme", "globex"} {
		id := random()
		for _, role := range []string{"admin", "member"} {
			a.users = append(a.users, &user{ID: random(), Email: role + "@" + tenant + ".test", Role: role, TenantID: id, tenant: tenant, password: random()})
		}
	}
	a.spec = a.describe()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(a.spec) // a client that went away wants no answer
	})
	for _, op := range a.operations {
		mux.Handle(op.method+" "+op.path, a.serve(op))
	}
	a.handler = mux
	return a
}

func (a *api) serve(op operation) http.Handler {
	if op.does == signIn {
		return http.HandlerFunc(a.login)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u := a.caller(r)
		if u == nil {
			w.Header().Set("WWW-Authenticate", "Bearer")
			refuse(w, http.StatusUnauthorized, "sign in first")
			return
		}
		if op.does == whoAmI {
			answer(w, http.StatusOK, u)
			return
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		a.act(w, r, op, u)
	})
}

func (a *api) login(w http.ResponseWriter, r *http.Request) {
	var in struct{ Email, Password string }
	if !read(w, r, &in) {
		return
	}
	for _, u := range a.users {
		if u.Email == in.Email && subtle.ConstantTimeCompare([]byte(u.password), []byte(in.Password)) == 1 {
			token := random() + random()
			a.mu.Lock()
			a.tokens[token] = u
			a.mu.Unlock()
			answer(w, http.StatusOK, map[string]string{"access_token": token, "token_type": "Bearer"})
			return
		}
	}
	refuse(w, http.StatusUnauthorized, "wrong address or password")
}

func (a *api) caller(r *http.Request) *user {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.tokens[token]
}

// act works on one collection. What the caller's tenant does not own is missing.
func (a *api) act(w http.ResponseWriter, r *http.Request, op operation, u *user) {
	parent := ""
	if op.parent != "" {
		p := a.objects[op.parent][r.PathValue("parent_id")]
		if p == nil || p.tenant != u.tenant {
			refuse(w, http.StatusNotFound, "not found")
			return
		}
		parent = p.ID
	}
	if op.does == list {
		data := []*object{}
		for _, o := range a.objects[op.collection] {
			if o.tenant == u.tenant && o.ParentID == parent {
				data = append(data, o)
			}
		}
		sort.Slice(data, func(i, j int) bool { return data[i].ID < data[j].ID })
		answer(w, http.StatusOK, map[string]any{"data": data})
		return
	}
	if op.does == create {
		o := &object{ID: random(), ParentID: parent, Priority: "normal", CreatedAt: time.Now().UTC(), tenant: u.tenant}
		if !write(w, r, o, true) {
			return
		}
		if a.objects[op.collection] == nil {
			a.objects[op.collection] = map[string]*object{}
		}
		a.objects[op.collection][o.ID] = o
		answer(w, http.StatusCreated, o)
		return
	}
	o := a.objects[op.collection][r.PathValue("id")]
	if o == nil || o.tenant != u.tenant || o.ParentID != parent {
		refuse(w, http.StatusNotFound, "not found")
		return
	}
	switch op.does {
	case update:
		if !write(w, r, o, false) {
			return
		}
	case remove:
		delete(a.objects[op.collection], o.ID)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	answer(w, http.StatusOK, o)
}

// write changes the object as the body says; it reports whether it did.
func write(w http.ResponseWriter, r *http.Request, o *object, titled bool) bool {
	var in fields
	if !read(w, r, &in) {
		return false
	}
	if over(in.Title, 200) || over(in.Note, 2000) || in.Priority != nil && !slices.Contains(priorities, *in.Priority) {
		refuse(w, http.StatusUnprocessableEntity, "a member is too long, or none of the allowed values")
		return false
	}
	for _, f := range []struct {
		to   *string
		from *string
	}{{&o.Title, in.Title}, {&o.Note, in.Note}, {&o.Priority, in.Priority}} {
		if f.from != nil {
			*f.to = *f.from
		}
	}
	if titled && o.Title == "" {
		refuse(w, http.StatusUnprocessableEntity, "title is required")
		return false
	}
	return true
}

// over reports a text that is longer than the description allows.
func over(text *string, most int) bool { return text != nil && utf8.RuneCountInString(*text) > most }

// read decodes the body, and nothing that only begins like one.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	if media, _, err := mime.ParseMediaType(cmp.Or(r.Header.Get("Content-Type"), "application/json")); err != nil || media != "application/json" {
		refuse(w, http.StatusUnsupportedMediaType, "the body must be JSON")
		return false
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	if err != nil {
		refuse(w, http.StatusRequestEntityTooLarge, "the body is too large")
		return false
	}
	if err := json.Unmarshal(b, into); err != nil {
		refuse(w, http.StatusBadRequest, "the body is not what the description says")
		return false
	}
	return true
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that went away wants no answer
}

func refuse(w http.ResponseWriter, status int, why string) {
	answer(w, status, map[string]string{"error": why})
}

// random is 26 letters and digits that nobody guesses.
func random() string { return strings.ToLower(rand.Text()) }

// config is a launchready.yaml for the application, and the file of its secrets.
func (a *api) config(base string) (yaml, secrets string) {
	var c, s strings.Builder
	fmt.Fprintf(&c, `version: 1
product: Synthetic
target: {url: %q, spec: %q, environment: test}
tenants: {acme: {}, globex: {}}
sign_in: {request: POST /v1/login, json: {email: $user, password: $password}, token: /access_token, send: "Authorization: Bearer {token}"}
whoami: GET /v1/me
identities:
`, base, base+"/openapi.json")
	for _, u := range a.users {
		name := u.tenant + "_" + u.Role
		key := strings.ToUpper(name)
		fmt.Fprintf(&c, "  %s: {tenant: %s, role: %s, user: %s, password: \"file:%s#%s\"}\n", name, u.tenant, u.Role, u.Email, secretsFile, key)
		fmt.Fprintf(&s, "%s=%s\n", key, u.password)
	}
	c.WriteString("access: {public: [GET /openapi.json]}\nsource: {repository: none}\n" +
		"owners: {backup: cto@bench.test, minutes: 15, incidents: {outage: ops@bench.test, leak: ops@bench.test, abuse: ops@bench.test, key-exposed: ops@bench.test}}\n" +
		"deploy: {health: GET /openapi.json}\nbudget: {rate: 0, requests: 1000000, minutes: 60}\n")
	return c.String(), s.String()
}

const secretsFile = "synthetic.secrets"

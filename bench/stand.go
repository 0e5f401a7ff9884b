package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
	"github.com/launchready/launchready/demo"
)

// stand is a demo behind a meter, with what a careful user of any tool would have
// at hand: passwords, tokens of the day, and objects of both tenants.
type stand struct {
	env   map[string]string
	meter *meter
	demo  *server
	spec  []byte
}

// flawsOf lists the demo's flaws of the rows.
func flawsOf(rows []string) []string {
	asked := map[string]bool{} // through the assistant, the source or the database, which none of the peers does
	for _, row := range audit.Scorecard() {
		for _, c := range row.Checks {
			asked[c.ID] = c.Needs&(lr.Chat|lr.Repository|lr.Database) != 0
		}
	}
	var out []string
	for _, f := range demo.Flaws() {
		if row, _, _ := strings.Cut(f.ID, "/"); slices.Contains(rows, row) && !asked[f.ID] {
			out = append(out, f.ID)
		}
	}
	return out
}

// front is where the comparison's target stands as well, "" where its name does
// not lead to this machine.
func (s *settings) front(ctx context.Context) string {
	if s.contest.front == "" {
		return ""
	}
	if _, err := frontAddress(ctx, s.contest.front); err != nil {
		fmt.Fprintf(s.out, "%v; tools that need it are left out\n", err)
		return ""
	}
	return s.contest.front
}

// newStand starts a demo in the folder, flawed or clean, always of the same seed.
func newStand(ctx context.Context, s *settings, dir string, flawed bool) (*stand, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make a folder for the demo: %w", err)
	}
	args := []string{"demo", "serve", "--seed", "1", "--clean"}
	if flawed {
		args = []string{"demo", "serve", "--seed", "1", "--flaws", strings.Join(flawsOf(s.contest.rows), ",")}
	}
	d, url, err := startListening(ctx, dir, s.binary, args...)
	if err != nil {
		return nil, err
	}
	st := &stand{demo: d}
	if err := st.furnish(ctx, dir, url, s.front(ctx)); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare the demo: %w", err), st.close())
	}
	return st, nil
}

func (st *stand) close() error {
	var err error
	if st.meter != nil {
		err = st.meter.close()
	}
	return errors.Join(err, st.demo.stop())
}

// furnish signs the identities in and looks up an object of each kind for each
// tenant. None of it goes through the meter: it is the user's work, not the tool's.
func (st *stand) furnish(ctx context.Context, dir, url, front string) error {
	b, err := os.ReadFile(filepath.Join(dir, "harbor.secrets"))
	if err != nil {
		return fmt.Errorf("read the passwords: %w", err)
	}
	st.env = map[string]string{}
	for line := range strings.Lines(string(b)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			st.env[name] = value
		}
	}
	c := &person{ctx: ctx, base: url, client: &http.Client{Timeout: 20 * time.Second}}
	spec := c.do("", "GET", "/openapi.json", nil)
	if c.err != nil {
		return c.err
	}
	if st.meter, err = newMeter(url, operationsIn(spec)); err != nil {
		return err
	}
	st.env["URL"] = st.meter.URL
	if front != "" {
		if err := st.meter.front(ctx, front); err != nil {
			return err
		}
		st.env["FRONT"] = front
	}
	for _, tenant := range []string{"acme", "globex"} {
		st.lookUp(c, tenant)
	}
	st.spec = bytes.ReplaceAll(spec, []byte(url), []byte(st.meter.URL))
	return c.err
}

// lookUp fills in the tokens and keys of one tenant.
func (st *stand) lookUp(c *person, tenant string) {
	of := strings.ToUpper(tenant) + "_"
	roles := []string{"admin", "member"}
	if tenant == "acme" {
		roles = append(roles, "viewer")
	}
	for _, role := range roles {
		name := of + strings.ToUpper(role)
		in := c.do("", "POST", "/v1/auth/login", map[string]any{"email": role + "@" + tenant + ".test", "password": st.env[name+"_PASSWORD"]})
		st.env[name+"_TOKEN"] = pick(in, "access_token")
	}
	token, admin := st.env[of+"MEMBER_TOKEN"], st.env[of+"ADMIN_TOKEN"]
	set := func(name string, body []byte, path string) { st.env[of+name] = pick(body, path) }
	me := c.do(token, "GET", "/v1/me", nil)
	set("USER", me, "id")
	set("TENANT", me, "tenant.id")
	chats := c.do(token, "GET", "/v1/chats", nil)
	set("CHAT", chats, "data.0.id")
	set("SPARE_CHAT", chats, "data.1.id")
	set("MESSAGE", c.do(token, "GET", "/v1/chats/"+st.env[of+"CHAT"]+"/messages", nil), "data.0.id")
	documents := c.do(token, "GET", "/v1/collections/handbook/documents", nil)
	set("DOCUMENT", documents, "data.0.id")
	set("SPARE_DOCUMENT", documents, "data.1.id")
	files := c.do(token, "GET", "/v1/files", nil)
	set("FILE", files, "data.0.id")
	set("SPARE_FILE", files, "data.1.id")
	set("REPORT", c.do(token, "GET", "/v1/reports", nil), "data.0.id")
	set("INVOICE", c.do(token, "GET", "/v1/billing/invoices", nil), "data.0.id")
	set("EXPORT", c.do(token, "POST", "/v1/exports", map[string]any{"kind": "documents"}), "id")
	set("SPARE_EXPORT", c.do(token, "POST", "/v1/exports", map[string]any{"kind": "documents"}), "id")
	c.do(token, "POST", "/v1/chats/"+st.env[of+"CHAT"]+"/share", nil)
	set("KEY", c.do(token, "POST", "/v1/api-keys", map[string]any{"name": "nightly", "scopes": []string{"chats:read"}}), "id")
	for i, name := range []string{"INVITATION", "SPARE_INVITATION"} {
		set(name, c.do(admin, "POST", "/v1/invitations", map[string]any{"email": fmt.Sprintf("nora%d@%s.test", i, tenant), "role": "member"}), "id")
	}
	for _, name := range []string{"ENDPOINT", "SPARE_ENDPOINT"} {
		set(name, c.do(admin, "POST", "/v1/webhook-endpoints", map[string]any{"url": "https://hooks." + tenant + ".test/" + strings.ToLower(name), "events": []string{"chat.created"}}), "id")
	}
	for name, value := range st.env {
		if value == "" && c.err == nil {
			c.err = fmt.Errorf("nothing to fill %s with", name)
		}
	}
}

// person sends a few requests by hand, and remembers the first that failed.
type person struct {
	ctx    context.Context
	base   string
	client *http.Client
	err    error
}

func (p *person) do(token, method, path string, body any) []byte {
	if p.err != nil {
		return nil
	}
	b, err := p.try(token, method, path, body)
	if err != nil {
		p.err = fmt.Errorf("%s %s: %w", method, path, err)
	}
	return b
}

func (p *person) try(token, method, path string, body any) ([]byte, error) {
	var in io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		in = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(p.ctx, method, p.base+path, in)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := p.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, 4<<20))
	if err == nil && res.StatusCode > 299 {
		err = fmt.Errorf("answered with status %d", res.StatusCode)
	}
	return b, err
}

// pick reads a text or number by its path in JSON: "data.0.id".
func pick(body []byte, path string) string {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return ""
	}
	for key := range strings.SplitSeq(path, ".") {
		switch node := v.(type) {
		case map[string]any:
			v = node[key]
		case []any:
			var i int
			if _, err := fmt.Sscan(key, &i); err != nil || i < 0 || i >= len(node) {
				return ""
			}
			v = node[i]
		default:
			return ""
		}
	}
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return fmt.Sprint(v)
	}
	return ""
}

// operationsIn lists the operations of an OpenAPI document: "GET /v1/chats".
func operationsIn(spec []byte) []string {
	var doc struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if json.Unmarshal(spec, &doc) != nil {
		return nil
	}
	var out []string
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		for method := range doc.Paths[path] {
			out = append(out, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(out)
	return out
}

// publicIn lists the operations of an OpenAPI document that ask for no credential.
func publicIn(spec []byte) []string {
	var doc struct {
		Paths map[string]map[string]struct {
			Security *[]any `json:"security"`
		} `json:"paths"`
	}
	if json.Unmarshal(spec, &doc) != nil {
		return nil
	}
	var out []string
	for path, item := range doc.Paths {
		for method, op := range item {
			if op.Security != nil && len(*op.Security) == 0 {
				out = append(out, strings.ToUpper(method)+" "+path)
			}
		}
	}
	slices.Sort(out)
	return out
}

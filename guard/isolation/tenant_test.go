package isolation_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/isolation"
)

var bound = isolation.Tenant{Path: []string{"tenant_id"}, Query: []string{"tenant_id", "orgId"}, Header: []string{"X-Tenant-ID"}, Body: []string{"tenant_id", "orgId"}}

// signed is who asks, as a credential said.
type signed struct{ who *guard.Principal }

func (signed) Name() string      { return "auth" }
func (signed) Needs() guard.Need { return guard.NeedRoute }
func (signed) Gives() guard.Need { return guard.NeedClaims }
func (s signed) Check(x *guard.Exchange) *guard.Denial {
	x.Who = s.who
	return nil
}

// app counts what reaches it.
type app struct{ asked int }

func (a *app) RoundTrip(r *http.Request) (*http.Response, error) {
	a.asked++
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

// front is guard before the application, for one caller.
func front(t testing.TB, a *app, who *guard.Principal) http.Handler {
	t.Helper()
	p, err := guard.New(guard.Options{Upstream: &url.URL{Scheme: "http", Host: "app.test"}, Dial: a, MaxBody: 4096, Keep: map[string]bool{"x-tenant-id": true},
		Routes: []*guard.Route{{Pattern: "/v1/tenants/{tenant_id}"}, {Pattern: "/**"}}, Checks: []guard.Check{signed{who}, bound}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestTenantOfEither: many frameworks read a query and a body alike, so that a name of
// bodies counts in queries as well, where bodies are looked at.
func TestTenantOfEither(t *testing.T) {
	check := isolation.Tenant{Body: []string{"tenant_id"}, BodyOf: []string{"/read"}}
	for target, want := range map[string]int{"/read?tenant_id=globex": 404, "/read?a[Tenant_ID]=globex": 404, "/read?tenant_id=acme": 200, "/read?a=globex": 200, "/other?tenant_id=globex": 200} {
		a := &app{}
		p, err := guard.New(guard.Options{Upstream: &url.URL{Scheme: "http", Host: "app.test"}, Dial: a, Routes: []*guard.Route{{Pattern: "/read"}, {Pattern: "/other"}},
			Checks: []guard.Check{signed{&guard.Principal{Subject: "ann", Tenant: "acme"}}, check}})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("POST", target, strings.NewReader("{}"))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		if w.Code != want || (a.asked == 1) != (want == 200) {
			t.Errorf("%s: %d, want %d; asked %d times", target, w.Code, want, a.asked)
		}
	}
}

// TestTenant: wherever a request can name a tenant, and however it spells that, only
// the caller's own reaches the application.
func TestTenant(t *testing.T) {
	const (
		json = "application/json"
		form = "application/x-www-form-urlencoded"
	)
	deep := func(n int, inner string) string { return strings.Repeat("[", n) + inner + strings.Repeat("]", n) }
	for name, c := range map[string]struct {
		target, kind, body string
		headers            []string
		want               int
	}{
		"nothing":                      {"/v1/x", "", "", nil, 200},
		"own everywhere":               {"/v1/tenants/acme?tenant_id=acme&orgId=acme", json, `{"tenant_id":"acme","a":[{"orgId":"acme"}]}`, []string{"X-Tenant-ID", "acme"}, 200},
		"another in the path":          {"/v1/tenants/globex", "", "", nil, 404},
		"in the path, encoded":         {"/v1/tenants/%67lobex", "", "", nil, 404},
		"own in the path, encoded":     {"/v1/tenants/%61cme", "", "", nil, 200},
		"own in the path, in capitals": {"/v1/tenants/ACME", "", "", nil, 404},

		"in the query":                   {"/v1/x?tenant_id=globex", "", "", nil, 404},
		"in the query, second":           {"/v1/x?tenant_id=acme&tenant_id=globex", "", "", nil, 404},
		"in the query, other name":       {"/v1/x?orgId=globex", "", "", nil, 404},
		"in the query, case":             {"/v1/x?Tenant_ID=globex", "", "", nil, 404},
		"in the query, name encoded":     {"/v1/x?%74enant%5fid=globex", "", "", nil, 404},
		"in the query, list":             {"/v1/x?tenant_id[]=acme&tenant_id[]=globex", "", "", nil, 404},
		"in the query, brackets encoded": {"/v1/x?tenant_id%5B%5D=globex", "", "", nil, 404},
		"in the query, operator":         {"/v1/x?tenant_id[$ne]=acme", "", "", nil, 404},
		"in the query, within a list":    {"/v1/x?tenant_id[0][$ne]=acme", "", "", nil, 404},
		"in the query, behind a dot":     {"/v1/x?user.tenant_id=globex", "", "", nil, 404},
		"in the query, nested":           {"/v1/x?filter[tenant_id]=globex", "", "", nil, 404},
		"in the query, nested deeper":    {"/v1/x?a[b][Tenant_id][]=globex", "", "", nil, 404},
		"in the query, own nested":       {"/v1/x?filter[tenant_id]=acme", "", "", nil, 200},
		"in the query, joined":           {"/v1/x?tenant_id=acme,globex", "", "", nil, 404},
		"in the query, empty":            {"/v1/x?tenant_id=", "", "", nil, 404},
		"in the query, semicolon":        {"/v1/x?a=1;tenant_id=globex", "", "", nil, 404},
		"in the query, half an escape":   {"/v1/x?a=%zz&tenant_id=globex", "", "", nil, 404},
		"in the query, a longer name":    {"/v1/x?my_tenant_id=globex", "", "", nil, 200},

		"in a header":                {"/v1/x", "", "", []string{"X-Tenant-ID", "globex"}, 404},
		"in a header, second":        {"/v1/x", "", "", []string{"X-Tenant-ID", "acme", "X-Tenant-ID", "globex"}, 404},
		"in a header, joined":        {"/v1/x", "", "", []string{"X-Tenant-ID", "acme, globex"}, 404},
		"in a header, empty":         {"/v1/x", "", "", []string{"X-Tenant-ID", ""}, 404},
		"in a body":                  {"/v1/x", json, `{"tenant_id":"globex"}`, nil, 404},
		"in a body, own":             {"/v1/x", json, `{"tenant_id":"acme"}`, nil, 200},
		"in a body, none":            {"/v1/x", json, `{"tenant_id":null,"a":"globex"}`, nil, 200},
		"in a body, case":            {"/v1/x", json, `{"ORGID":"globex"}`, nil, 404},
		"in a body, escaped":         {"/v1/x", json, `{"tenant\u005fid":"globex"}`, nil, 404},
		"in a body, twice":           {"/v1/x", json, `{"tenant_id":"acme","tenant_id":"globex"}`, nil, 400},
		"in a body, twice by case":   {"/v1/x", json, `{"tenant_id":"acme","Tenant_Id":"globex"}`, nil, 400},
		"in a body, within":          {"/v1/x", json, `{"a":{"b":[{"tenant_id":"globex"}]}}`, nil, 404},
		"in a body, a list":          {"/v1/x", json, `[{"tenant_id":"acme"},{"tenant_id":"globex"}]`, nil, 404},
		"in a body, list of tenants": {"/v1/x", json, `{"tenant_id":["acme","globex"]}`, nil, 404},
		"in a body, own in a list":   {"/v1/x", json, `{"tenant_id":["acme"]}`, nil, 200},
		"in a body, lists of lists":  {"/v1/x", json, `{"tenant_id":[["acme"],["globex"]]}`, nil, 404},
		"in a body, a number":        {"/v1/x", json, `{"tenant_id":7}`, nil, 404},
		"in a body, yes":             {"/v1/x", json, `{"tenant_id":true}`, nil, 404},
		"in a body, operator":        {"/v1/x", json, `{"tenant_id":{"$ne":"acme"}}`, nil, 404},
		"in a body, object in list":  {"/v1/x", json, `{"tenant_id":[{"id":"globex"}]}`, nil, 404},
		"in a body, empty object":    {"/v1/x", json, `{"tenant_id":{}}`, nil, 404},
		"in a body, empty":           {"/v1/x", json, `{"tenant_id":""}`, nil, 404},
		"in a body, too deep":        {"/v1/x", json, deep(guard.MaxDepth, `{"tenant_id":"globex"}`), nil, 400},
		"in a body, deep":            {"/v1/x", json, deep(guard.MaxDepth-1, `{"tenant_id":"globex"}`), nil, 404},
		"in a body, after it":        {"/v1/x", json, `{"a":1}{"tenant_id":"globex"}`, nil, 400},
		"no JSON":                    {"/v1/x", json, `tenant_id=globex`, nil, 400},
		"too long":                   {"/v1/x", json, `"` + strings.Repeat("a", 5000) + `"`, nil, 413},
		"another JSON":               {"/v1/x", "application/merge-patch+json", `{"tenant_id":"globex"}`, nil, 404},
		"JSON of UTF-8":              {"/v1/x", json + "; charset=UTF-8", `{"tenant_id":"acme"}`, nil, 200},
		"JSON of UTF-7":              {"/v1/x", json + "; charset=utf-7", `{"tenant+AF8-id":"globex"}`, nil, 415},
		"JSON, compressed":           {"/v1/x", json, `{"tenant_id":"acme"}`, []string{"Content-Encoding", "gzip"}, 415},

		"in a form":             {"/v1/x", form, "a=1&tenant_id=globex", nil, 404},
		"in a form, own":        {"/v1/x", form, "tenant_id=acme", nil, 200},
		"in a form, twice":      {"/v1/x", form, "tenant_id=acme&tenant_id=globex", nil, 404},
		"in a form, list":       {"/v1/x", form, "TENANT_ID[0]=globex", nil, 404},
		"in a form, nested":     {"/v1/x", form, "user[tenant_id]=globex", nil, 404},
		"in a form, semicolon":  {"/v1/x", form, "a=1;tenant_id=globex", nil, 404},
		"a form, compressed":    {"/v1/x", form, "\x1f\x8b\x08", []string{"Content-Encoding", "gzip"}, 415},
		"a form of Latin 1":     {"/v1/x", form + "; charset=iso-8859-1", "a=1", nil, 415},
		"several parts":         {"/v1/x", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=tenant_id\r\n\r\nglobex\r\n--b--", nil, 415},
		"XML":                   {"/v1/x", "application/xml", "<tenant_id>globex</tenant_id>", nil, 415},
		"plain text":            {"/v1/x", "text/plain", `{"tenant_id":"globex"}`, nil, 415},
		"no type":               {"/v1/x", "", `{"tenant_id":"globex"}`, nil, 415},
		"no type that is one":   {"/v1/x", "application/", `{"tenant_id":"globex"}`, nil, 415},
		"two types":             {"/v1/x", form, `{"tenant_id":"globex"}`, []string{"Content-Type", json}, 415},
		"a type without a body": {"/v1/x", "application/xml", "", nil, 200},
	} {
		a := &app{}
		r := httptest.NewRequest(http.MethodPost, c.target, strings.NewReader(c.body))
		if c.body == "" {
			r.Body = http.NoBody
		}
		if c.kind != "" {
			r.Header.Set("Content-Type", c.kind)
		}
		for i := 0; i+1 < len(c.headers); i += 2 {
			r.Header.Add(c.headers[i], c.headers[i+1])
		}
		w := httptest.NewRecorder()
		front(t, a, &guard.Principal{Subject: "ann", Tenant: "acme"}).ServeHTTP(w, r)
		if w.Code != c.want || (a.asked > 0) != (c.want == 200) {
			t.Errorf("%s: %d, want %d; the application was asked %d times", name, w.Code, c.want, a.asked)
		}
		if strings.Contains(w.Body.String(), "globex") || strings.Contains(w.Body.String(), "acme") {
			t.Errorf("%s: the denial names a tenant: %s", name, w.Body)
		}
	}
}

// TestLengthUnknown: a body whose length is not told is read as any other.
func TestLengthUnknown(t *testing.T) {
	a := &app{}
	r := httptest.NewRequest(http.MethodPost, "/v1/x", strings.NewReader(`{"tenant_id":"globex"}`))
	r.ContentLength, r.Header = -1, http.Header{"Content-Type": {"application/json"}}
	w := httptest.NewRecorder()
	front(t, a, &guard.Principal{Subject: "ann", Tenant: "acme"}).ServeHTTP(w, r)
	if w.Code != 404 || a.asked > 0 {
		t.Errorf("%d, the application was asked %d times", w.Code, a.asked)
	}
}

// TestNoTenant: who has no tenant may name none; who did not sign in is bound by nothing
// here, as on a public route.
func TestNoTenant(t *testing.T) {
	for _, c := range []struct {
		who    *guard.Principal
		target string
		want   int
	}{
		{&guard.Principal{Subject: "ann"}, "/v1/x", 200}, {&guard.Principal{Subject: "ann"}, "/v1/x?tenant_id=acme", 404}, {&guard.Principal{Subject: "ann"}, "/v1/x?tenant_id=", 404},
		{&guard.Principal{Subject: "ann"}, "/v1/tenants/acme", 404}, {nil, "/v1/x?tenant_id=acme", 200},
	} {
		w := httptest.NewRecorder()
		front(t, &app{}, c.who).ServeHTTP(w, httptest.NewRequest(http.MethodGet, c.target, http.NoBody))
		if w.Code != c.want {
			t.Errorf("%+v asks for %s: %d, want %d", c.who, c.target, w.Code, c.want)
		}
	}
}

// TestBodyOf: bodies are read on the routes that are named alone, and a form with
// files passes elsewhere.
func TestBodyOf(t *testing.T) {
	check := isolation.Tenant{Body: []string{"tenant_id"}, BodyOf: []string{"/v1/chat"}}
	for name, c := range map[string]struct {
		pattern, kind, body string
		want                bool
	}{
		"another tenant's":          {"/v1/chat", "application/json", `{"tenant_id":"globex"}`, false},
		"own":                       {"/v1/chat", "application/json", `{"tenant_id":"acme"}`, true},
		"not read where it is":      {"/v1/chat", "multipart/form-data; boundary=x", "--x--", false},
		"another route":             {"/v1/files", "multipart/form-data; boundary=x", "--x--", true},
		"another tenant, elsewhere": {"/v1/files", "application/json", `{"tenant_id":"globex"}`, true},
	} {
		a := &app{}
		p, err := guard.New(guard.Options{Upstream: &url.URL{Scheme: "http", Host: "app.test"}, Dial: a, MaxBody: 4096, Routes: []*guard.Route{{Pattern: c.pattern}},
			Checks: []guard.Check{signed{&guard.Principal{Subject: "s", Tenant: "acme"}}, check}})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodPost, c.pattern, strings.NewReader(c.body))
		r.Header.Set("Content-Type", c.kind)
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		if (a.asked == 1) != c.want {
			t.Errorf("%s: %d, the application was asked %d times", name, w.Code, a.asked)
		}
	}
}

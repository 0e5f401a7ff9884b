package signin_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/demo"
	"github.com/launchready/launchready/probe"
	"github.com/launchready/launchready/probe/signin"
)

// harbor is a cast for the demo chatbot, an application that nobody made for
// this package.
func harbor(t *testing.T, f func(*signin.Options)) (*demo.Server, *probe.Client, *signin.Cast) {
	t.Helper()
	d, err := demo.New(demo.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	base, err := url.Parse(d.URL)
	if err != nil {
		t.Fatal(err)
	}
	client, err := probe.New(probe.Options{Base: base})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	o := signin.Options{
		HTTP: client,
		Method: &signin.Method{
			Call:    signin.Call{Request: "POST /v1/auth/login", JSON: map[string]any{"email": "$user", "password": "$password"}},
			Refresh: &signin.Call{Request: "POST /v1/auth/refresh", JSON: map[string]any{"refresh_token": "$refresh"}},
			SignOut: &signin.Call{Request: "POST /v1/auth/logout"},
		},
		WhoAmI: "GET /v1/me",
		SignUp: &signin.Call{Request: "POST /v1/auth/signup", JSON: map[string]any{"company": "$tenant", "name": "$name", "email": "$user", "password": "$password"}},
	}
	for _, tenant := range []string{"acme", "globex"} {
		for _, role := range []string{"admin", "member"} {
			mail := role + "@" + tenant + ".test"
			o.Identities = append(o.Identities, identity(tenant+"_"+role, tenant, role, mail, d.Password(mail)))
		}
	}
	if f != nil {
		f(&o)
	}
	cast, err := signin.New(o)
	if err != nil {
		t.Fatal(err)
	}
	client.Use(cast)
	if ps := cast.Preflight(t.Context()); len(ps) > 0 {
		t.Fatalf("preflight: %v", ps)
	}
	return d, client, cast
}

func status(t *testing.T, c *probe.Client, as *lr.Account, path string) int {
	t.Helper()
	x, err := c.Do(t.Context(), as, &lr.Request{Method: "GET", Path: path})
	if err != nil {
		t.Fatal(err)
	}
	return x.Status
}

func TestHarborBearer(t *testing.T) {
	_, client, cast := harbor(t, nil)
	tenants := map[string]string{}
	users := map[string]bool{}
	for _, a := range cast.Accounts() {
		if a.UserID == "" || users[a.UserID] || !strings.HasPrefix(a.TenantID, "ten_") {
			t.Errorf("%s: learned user %q tenant %q", a.Name, a.UserID, a.TenantID)
		}
		users[a.UserID] = true
		if id := tenants[a.Tenant]; id != "" && id != a.TenantID {
			t.Errorf("tenant %s has ids %s and %s", a.Tenant, id, a.TenantID)
		}
		tenants[a.Tenant] = a.TenantID
		if a.Credential.Expires.IsZero() || a.Credential.Refresh.IsZero() {
			t.Errorf("%s: no expiry or refresh token", a.Name)
		}
		if got := status(t, client, a, "/v1/chats"); got != 200 {
			t.Errorf("%s: GET /v1/chats answered %d", a.Name, got)
		}
	}
	if tenants["acme"] == tenants["globex"] {
		t.Errorf("both tenants are %s", tenants["acme"])
	}
}

func TestHarborCookie(t *testing.T) {
	_, client, cast := harbor(t, func(o *signin.Options) {
		o.Method.JSON = map[string]any{"email": "$user", "password": "$password", "cookie": true}
		o.Method.Token, o.Method.Refresh = "cookie", nil
		for i := range o.Identities {
			o.Identities[i].Extra = map[string]string{"X-Requested-With": "harbor"}
		}
	})
	a := cast.Accounts()[0]
	if len(a.Credential.Cookie) == 0 || len(a.Credential.Header) != 1 {
		t.Fatalf("credential: %d cookies, %d headers", len(a.Credential.Cookie), len(a.Credential.Header))
	}
	x, err := client.Do(t.Context(), a, &lr.Request{Method: "POST", Path: "/v1/chats", Body: []byte(`{"title":"by cookie"}`), Header: http.Header{"Content-Type": {"application/json"}}})
	if err != nil || x.Status != 201 {
		t.Fatalf("a write by cookie: %v %v", x, err)
	}
}

func TestHarborRefreshAndSignOut(t *testing.T) {
	_, client, cast := harbor(t, nil)
	a := cast.Accounts()[1]
	own, err := cast.Session(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	next, x, err := cast.Refresh(t.Context(), own)
	if err != nil || next == nil {
		t.Fatalf("refresh: %v %v", x, err)
	}
	if got := status(t, client, next, "/v1/me"); got != 200 {
		t.Errorf("after a refresh: %d", got)
	}
	if _, err := cast.SignOut(t.Context(), next); err != nil {
		t.Fatal(err)
	}
	if got := status(t, client, next, "/v1/me"); got != 401 {
		t.Errorf("after the sign-out: %d, want 401 to be seen", got)
	}
	if got := status(t, client, a, "/v1/me"); got != 200 {
		t.Errorf("the account's own session: %d", got)
	}
	// The kept session ends behind the cast's back; the next request repairs it.
	kept := *a
	if _, err := cast.SignOut(t.Context(), &kept); err != nil {
		t.Fatal(err)
	}
	if got := status(t, client, a, "/v1/me"); got != 200 {
		t.Errorf("a session that ended by itself was not renewed: %d", got)
	}
}

func TestHarborSpares(t *testing.T) {
	_, client, cast := harbor(t, nil)
	admin := cast.Accounts()[0]
	cast.SetMembers(func(ctx context.Context, want signin.Identity) (signin.Identity, error) {
		if want.Tenant != admin.Tenant {
			return want, lr.ErrNoSpare
		}
		body, err := json.Marshal(map[string]string{"email": want.User, "name": want.Name, "role": want.Role, "password": want.Password.Reveal()})
		if err != nil {
			return want, err
		}
		x, err := client.Do(ctx, admin, &lr.Request{Method: "POST", Path: "/v1/members", Body: body, Header: http.Header{"Content-Type": {"application/json"}}})
		if err != nil {
			return want, err
		}
		if !x.OK() {
			return want, fmt.Errorf("POST /v1/members answered %d", x.Status)
		}
		return want, nil
	})
	viewer, err := cast.Spare(t.Context(), "acme", "viewer")
	if err != nil || viewer.TenantID != admin.TenantID || viewer.UserID == admin.UserID || !viewer.Spare {
		t.Fatalf("got %+v, %v", viewer, err)
	}
	if _, err := cast.Spare(t.Context(), "globex", "viewer"); !errors.Is(err, lr.ErrNoSpare) {
		t.Errorf("globex: got %v, want ErrNoSpare", err)
	}
	founder, err := cast.Spare(t.Context(), "", "")
	if err != nil || founder.TenantID == "" || founder.TenantID == admin.TenantID {
		t.Fatalf("sign-up: got %+v, %v", founder, err)
	}
	if got := status(t, client, founder, "/v1/me"); got != 200 {
		t.Errorf("the founder's GET /v1/me: %d", got)
	}
}

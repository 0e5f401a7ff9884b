package secrets

import (
	"context"
	"encoding/base64"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
)

// visitor is a browser that says what a real one might; probe/browser has the real one.
type visitor struct {
	lr.Browser
	give func(lr.Sojourn) (*lr.Kept, error)
}

func (b visitor) Stay(_ context.Context, v lr.Sojourn) (*lr.Kept, error) { return b.give(v) }

// signing is a cast whose accounts have passwords.
type signing struct{ crew }

func (signing) Password(a *lr.Account) lr.Secret {
	if a.User == "" {
		return lr.Secret{}
	}
	return lr.NewSecret("password of " + a.User)
}

func tokenOf(payload string) string {
	enc := base64.RawURLEncoding.EncodeToString
	return enc([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + enc([]byte(payload)) + "." + enc([]byte("signature-of-some-length"))
}

func item(store, name, value string) lr.Stored {
	return lr.Stored{Store: store, Name: name, Value: lr.NewSecret(value)}
}

func TestBrowserStorage(t *testing.T) {
	ann := &lr.Account{Identity: lr.Identity{Name: "ann", Tenant: "acme", User: "ann@acme.test"}, UserID: "usr_ann", Credential: lr.Credential{Token: lr.NewSecret(tokenOf(`{"sub":"usr_ann"}`))}}
	bob := &lr.Account{Identity: lr.Identity{Name: "bob", Tenant: "acme", User: "bob@acme.test"}, UserID: "usr_bob", Credential: lr.Credential{Token: lr.NewSecret("opaque-token-of-bob-0123456789")}}
	service := tokenOf(`{"iss":"supabase","role":"service_role","exp":4102444800}`)
	const own = "N7fQx2LrV9kTz4WmB8cYp1"
	for _, tc := range []struct {
		name  string
		items []lr.Stored
		want  string
	}{
		{"nothing", nil, "passed ann: signed in on the page; what the browser then keeps, 0 values of local storage"},
		{"her own token", []lr.Stored{item("localStorage", "token", ann.Credential.Token.Reveal())}, "passed ann"},
		{"a fresh token of hers", []lr.Stored{item("localStorage", "auth", `{"access_token":"`+tokenOf(`{"sub":"usr_ann","exp":4102444800}`)+`"}`)}, "passed ann"},
		{"a list of colleagues", []lr.Stored{item("IndexedDB", "app/users", `{"id":"usr_bob","email":"bob@acme.test"}`)}, "passed ann"},
		{"a publishable key", []lr.Stored{item("localStorage", "stripe", publicKey())}, "passed ann"},
		{"what a sign-in with Google gives", []lr.Stored{item("sessionStorage", "g", "ya29."+strings.Repeat("a1B2c3D4", 12))}, "passed ann"},
		{"a random id", []lr.Stored{item("localStorage", "session_secret", "f3a9c1d27b5e4f60a8c2")}, "passed ann"},
		{"a provider's key", []lr.Stored{item("localStorage", "cfg", `{"stripe":"`+stripeKey()+`"}`)}, "failed localStorage cfg: a secret of stripe"},
		{"in IndexedDB, in base64", []lr.Stored{item("IndexedDB", "app/cfg", base64.StdEncoding.EncodeToString([]byte(`STRIPE_SECRET_KEY=`+stripeKey())))}, "failed IndexedDB app/cfg: a secret of stripe"},
		{"in a cookie", []lr.Stored{item("cookie", "k", stripeKey())}, "failed cookie k: a secret of stripe"},
		{"the key to all rows", []lr.Stored{item("localStorage", "sb", service)}, "failed localStorage sb: a secret (jwt)"},
		{"a colleague's token", []lr.Stored{item("localStorage", "impersonate", "x="+bob.Credential.Token.Reveal())}, "failed localStorage impersonate: a token of another user, bob,"},
		{"a token that names a colleague", []lr.Stored{item("localStorage", "admin", tokenOf(`{"sub":"usr_bob"}`))}, "failed localStorage admin: a token of another user, bob,"},
		{"a token that names both", []lr.Stored{item("localStorage", "act", tokenOf(`{"sub":"usr_ann","act":{"sub":"usr_bob"}}`))}, "passed ann"},
		{"a value of the secrets map", []lr.Stored{item("sessionStorage", "s", base64.StdEncoding.EncodeToString([]byte(own)))}, "failed sessionStorage s: the value of SESSION_SECRET, in base64 form,"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			target := lr.Target{Accounts: []*lr.Account{ann, bob}, Secrets: []lr.KeptSecret{{Name: "SESSION_SECRET", Value: lr.NewSecret(own)}}}
			got := stayed(t, target, func(v lr.Sojourn) (*lr.Kept, error) {
				if v.User != "ann@acme.test" || v.Password.Reveal() != "password of ann@acme.test" || !strings.HasSuffix(v.URL, "/") {
					t.Errorf("signed in as %s at %s", v.User, v.URL)
				}
				return &lr.Kept{Browser: "Chrome/1", Page: v.URL, Form: true, SignedIn: true, Items: tc.items}, nil
			})
			got.holds(t, []string{tc.want}, own, service, bob.Credential.Token.Reveal())
		})
	}
}

// TestBrowserStorageIsOpen: what could not be read is no pass, and a finding stands all the same.
func TestBrowserStorageIsOpen(t *testing.T) {
	withForm := &lr.Account{Identity: lr.Identity{Name: "ann", Tenant: "acme", User: "ann@acme.test"}}
	withCookie := &lr.Account{Identity: lr.Identity{Name: "cat", Tenant: "acme"}, Credential: lr.Credential{Cookie: map[string]lr.Secret{"sid": lr.NewSecret("1")}}}
	key := []lr.Stored{item("localStorage", "k", stripeKey())}
	for _, tc := range []struct {
		name string
		as   *lr.Account
		kept lr.Kept
		err  error
		want []string
	}{
		{"no form", withForm, lr.Kept{}, nil, []string{"unknown ann: nobody could sign in on the page: no form was found at / and /login"}},
		{"a form that stays", withForm, lr.Kept{Form: true}, nil, []string{"unknown ann: the page's form to sign in was filled in and did not go away"}},
		{"a form that stays, and a key", withForm, lr.Kept{Form: true, Items: key}, nil, []string{"failed localStorage k", "unknown ann"}},
		{"gaps", withForm, lr.Kept{Form: true, SignedIn: true, Gaps: []string{"a file"}}, nil, []string{"unknown ann: not all of it was read: a file"}},
		{"a browser that does not start", withForm, lr.Kept{}, errors.New("no sandbox"), []string{"unknown ann: the browser could not be asked: no sandbox"}},
		{"a session that is a cookie", withCookie, lr.Kept{Items: key}, nil, []string{"failed localStorage k"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := stayed(t, lr.Target{Accounts: []*lr.Account{tc.as}}, func(v lr.Sojourn) (*lr.Kept, error) {
				if tc.as == withCookie && (len(v.Cookies) != 1 || v.Cookies[0].Reveal() != "sid=1; Path=/; HttpOnly") {
					t.Errorf("the browser got %d cookies", len(v.Cookies))
				}
				k := tc.kept
				return &k, tc.err
			})
			got.holds(t, tc.want)
		})
	}
	put(t, browserStorage, served(map[string]string{"/": "<p>a page"}), lr.Target{}).holds(t, []string{"unknown application: no Chromium was found"})
	put(t, browserStorage, nil, lr.Target{}).holds(t, []string{"skipped : no page is served"})
}

// TestRecordings searches recordings and storage states, with a browser or without: a person's own
// session in them is none of the server's secrets.
func TestRecordings(t *testing.T) {
	own := tokenOf(`{"sub":"usr_ann","exp":4102444800}`)
	dir := tree(t, map[string]string{
		"state.json": `{"cookies":[{"name":"sid","value":"f3a9c1d27b5e4f60a8c2"}],"origins":[{"origin":"http://x","localStorage":[{"name":"token","value":"` + own + `"},{"name":"pk","value":"` + publicKey() + `"}]}]}`,
		"bad.har":    `{"log":{"entries":[{"request":{"headers":[{"name":"Authorization","value":"Bearer ` + own + `"}]},"response":{"content":{"text":"{\"key\":\"` + stripeKey() + `\"}"}}}]}}`,
	})
	at := func(names ...string) lr.Target {
		var m lr.Material
		for _, n := range names {
			m.Sessions = append(m.Sessions, filepath.Join(dir, n))
		}
		return lr.Target{Material: m}
	}
	put(t, browserStorage, nil, at("state.json")).holds(t, []string{"passed state.json: 1 files", "skipped : no page is served"}, own)
	put(t, browserStorage, nil, at("bad.har", "none.har")).holds(t, []string{"failed bad.har (key): a secret of stripe", "skipped", "unknown none.har: none.har does not exist"}, own)
}

// stayed asks the check with a browser that gives what it is told.
func stayed(t *testing.T, target lr.Target, give func(lr.Sojourn) (*lr.Kept, error)) asked {
	t.Helper()
	c := *browserStorage
	c.Run = func(ctx context.Context, trial *lr.Trial) error {
		trial.Browser, trial.Cast = visitor{give: give}, signing{}
		return browserStorage.Run(ctx, trial)
	}
	return put(t, &c, served(map[string]string{"/": "<p>a page"}), target)
}

package audit_test

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
)

// refusing changes how the desk turns down who may not see or change a note.
// other is called when the note belongs to another tenant, or when nobody is
// signed in and n is nil.
func refusing(d *desk, pattern string, right, other func(http.ResponseWriter, *http.Request, *note, *user)) {
	d.instead(pattern, func(w http.ResponseWriter, r *http.Request) {
		u, n := d.caller(r), d.note(r.PathValue("id"))
		if u != nil && n != nil && n.Tenant == u.tenant {
			right(w, r, n, u)
			return
		}
		other(w, r, n, u)
	})
}

func shows(w http.ResponseWriter, _ *http.Request, n *note, _ *user) { say(w, 200, n) }

type answer = func(http.ResponseWriter, *http.Request, *note, *user)

// TestRefusals puts refusals that tools by status or length flag to both rows,
// and beside each the leak or the change that looks like it.
func TestRefusals(t *testing.T) {
	t.Parallel()
	const read, update, remove = "GET /notes/{id}", "PATCH /notes/{id}", "DELETE /notes/{id}"
	fixed := func(status int, body any) answer {
		return func(w http.ResponseWriter, _ *http.Request, _ *note, _ *user) { say(w, status, body) }
	}
	found := func(body func(*note) string) answer {
		return func(w http.ResponseWriter, _ *http.Request, n *note, u *user) {
			if u == nil {
				refuse(w, 401)
				return
			}
			w.Header().Set("Location", "/sign-in")
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusFound)
			fmt.Fprint(w, body(n))
		}
	}
	for name, c := range map[string]struct {
		with func(*desk)
		want []string // checks with a finding, and no others
	}{
		"200 that says no": {func(d *desk) { refusing(d, read, shows, fixed(200, map[string]any{"success": false, "data": nil})) }, nil},
		"200 with an error text": {func(d *desk) {
			refusing(d, read, shows, fixed(200, map[string]any{"status": "fail", "message": "not yours"}))
		}, nil},
		"200 with an empty object":          {func(d *desk) { refusing(d, read, shows, fixed(200, map[string]any{})) }, nil},
		"200 with null":                     {func(d *desk) { refusing(d, read, shows, fixed(200, nil)) }, nil},
		"200 in the owner's shape, emptied": {func(d *desk) { refusing(d, read, shows, fixed(200, note{})) }, nil},
		"500 without data":                  {func(d *desk) { refusing(d, read, shows, fixed(500, map[string]any{"error": "internal"})) }, nil},
		"302 without the data": {func(d *desk) {
			refusing(d, read, shows, found(func(*note) string { return "<a href=/sign-in>sign in</a>" }))
		}, nil},
		"302 with the data in the body": {func(d *desk) {
			refusing(d, read, shows, found(func(n *note) string {
				if n == nil {
					return "<p>sign in</p>"
				}
				return "<p>" + html.EscapeString(n.Title+" "+n.Text) + "</p>"
			}))
		}, []string{"isolation/foreign-read"}},
		"403 with the data in the body": {func(d *desk) {
			refusing(d, read, shows, func(w http.ResponseWriter, _ *http.Request, n *note, u *user) {
				if n == nil || u == nil {
					refuse(w, 404)
					return
				}
				say(w, 403, map[string]any{"error": "no access to " + n.Title})
			})
		}, []string{"isolation/foreign-read", "isolation/existence-oracle"}},
		"empty list for nobody": {func(d *desk) {
			d.instead("GET /notes", func(w http.ResponseWriter, r *http.Request) {
				if u := d.caller(r); u != nil {
					say(w, 200, map[string]any{"data": d.of(u.tenant)})
					return
				}
				say(w, 200, map[string]any{"data": []note{}})
			})
		}, nil},
		"list of everybody's": {func(d *desk) {
			d.instead("GET /notes", d.signedIn(func(w http.ResponseWriter, _ *http.Request, _ *user) {
				say(w, 200, map[string]any{"data": append(d.of("ten_acme_5c02"), d.of("ten_globex_5c02")...)})
			}))
		}, []string{"isolation/list-leak"}},
		"deletion answers 204 and does nothing": {func(d *desk) {
			refusing(d, remove, func(w http.ResponseWriter, _ *http.Request, n *note, _ *user) {
				d.remove(n)
				w.WriteHeader(204)
			}, func(w http.ResponseWriter, _ *http.Request, _ *note, _ *user) { w.WriteHeader(204) })
		}, nil},
		"deletion answers 404 and deletes": {func(d *desk) {
			refusing(d, remove, func(w http.ResponseWriter, _ *http.Request, n *note, _ *user) {
				d.remove(n)
				w.WriteHeader(204)
			}, func(w http.ResponseWriter, _ *http.Request, n *note, u *user) {
				if n != nil && u != nil {
					d.remove(n)
				}
				refuse(w, 404)
			})
		}, []string{"isolation/foreign-delete"}},
		"update answers 200 and does nothing": {func(d *desk) {
			refusing(d, update, changes(d), fixed(200, map[string]any{"ok": true}))
		}, nil},
		"update echoes the caller's fields and does nothing": {func(d *desk) {
			refusing(d, update, changes(d), func(w http.ResponseWriter, r *http.Request, _ *note, u *user) {
				if u == nil {
					refuse(w, 401)
					return
				}
				in := map[string]any{}
				_ = json.NewDecoder(r.Body).Decode(&in) // nonsense is echoed as nothing
				in["id"], in["tenant_id"] = r.PathValue("id"), u.tenant
				say(w, 200, in)
			})
		}, nil},
		"update answers 403 and changes": {func(d *desk) {
			refusing(d, update, changes(d), func(w http.ResponseWriter, r *http.Request, n *note, u *user) {
				if n != nil && u != nil {
					d.change(n, r)
				}
				refuse(w, 403)
			})
		}, []string{"isolation/foreign-update"}},
		"update moves the note to the caller": {func(d *desk) {
			refusing(d, update, changes(d), func(w http.ResponseWriter, _ *http.Request, n *note, u *user) {
				if n == nil || u == nil {
					refuse(w, 404)
					return
				}
				d.mu.Lock()
				n.Tenant = u.tenant
				d.mu.Unlock()
				say(w, 200, n)
			})
		}, []string{"isolation/foreign-update"}},
		"public on purpose": {func(d *desk) {
			d.handle("GET /status", func(w http.ResponseWriter, _ *http.Request) {
				say(w, 200, map[string]any{"status": "all systems are up", "build": "2f81c0aa94"})
			})
			d.handle("GET /articles", func(w http.ResponseWriter, _ *http.Request) {
				say(w, 200, map[string]any{"data": []any{map[string]any{"id": "art_7712aa90", "title": "How to begin with the desk"}}})
			})
		}, nil},
		"each tenant's own settings": {func(d *desk) {
			d.handle("GET /settings", d.signedIn(func(w http.ResponseWriter, _ *http.Request, u *user) {
				say(w, 200, map[string]any{"plan": "enterprise", "theme": "dark", "domain": strings.TrimPrefix(u.email, u.role+"@")})
			}))
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			c.with(d)
			rep := run(t, d.audit(t))
			want := map[string]bool{}
			for _, id := range c.want {
				want[id] = true
				if got := check(t, rep, id); got.Verdict != lr.Failed {
					t.Errorf("%s: got %s (%s), want failed", id, got.Verdict, got.Reason)
				}
			}
			for _, row := range rep.Rows {
				for _, c := range row.Checks {
					for _, f := range c.Findings {
						if !want[c.ID] {
							t.Errorf("%s: a %s finding at %s: %s", c.ID, f.Confidence, f.Subject, f.Message)
						}
					}
				}
			}
		})
	}
}

func changes(d *desk) answer {
	return func(w http.ResponseWriter, r *http.Request, n *note, _ *user) {
		d.change(n, r)
		say(w, 200, n)
	}
}

package audit_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
)

// TestSetup holds that a run which cannot begin is a set-up error that says what
// is wrong, and no report.
func TestSetup(t *testing.T) {
	t.Parallel()
	quick := func(s *setup) { s.probe.Timeout = 100 * time.Millisecond }
	for name, c := range map[string]struct {
		desk   func(*testing.T, *desk)
		change func(*setup)
		says   []string // all of them
	}{
		"dead host": {
			desk: func(t *testing.T, d *desk) {
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				d.URL = "http://" + l.Addr().String()
				if err := l.Close(); err != nil {
					t.Fatal(err)
				}
			},
			says: []string{"reach the target", "connection refused"},
		},
		"unknown authority": {
			desk: func(_ *testing.T, d *desk) { d.StartTLS() },
			says: []string{"reach the target", "certificate"},
		},
		"no TLS there": {
			desk: func(_ *testing.T, d *desk) {
				d.Start()
				d.URL = strings.Replace(d.URL, "http:", "https:", 1)
			},
			says: []string{"reach the target"},
		},
		"hangs": {
			desk: func(_ *testing.T, d *desk) {
				d.before = func(_ http.ResponseWriter, r *http.Request, _ int) bool { hang(r); return true }
			},
			change: quick,
			says:   []string{"reach the target", "no reply in time"},
		},
		"sign-in hangs": {
			desk: func(_ *testing.T, d *desk) {
				d.instead("POST /login", func(_ http.ResponseWriter, r *http.Request) { hang(r) })
			},
			change: quick,
			says:   []string{"acme_member", "no reply in time"},
		},
		"sign-in refused": {
			desk: func(_ *testing.T, d *desk) { d.users["member@globex.test"] = nil },
			says: []string{"globex_member", "answered 401", "check the user member@globex.test"},
		},
		"sign-in answers 500": {
			desk: func(_ *testing.T, d *desk) {
				d.instead("POST /login", func(w http.ResponseWriter, _ *http.Request) { refuse(w, 500) })
			},
			says: []string{"acme_member", "answered 500", "log"},
		},
		"sign-in redirects": {
			desk: func(_ *testing.T, d *desk) {
				d.instead("POST /login", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/login", http.StatusFound) })
			},
			says: []string{"acme_member"},
		},
		"sign-in gives no token": {
			desk: func(_ *testing.T, d *desk) {
				d.instead("POST /login", func(w http.ResponseWriter, _ *http.Request) { say(w, 200, map[string]any{"ok": true}) })
			},
			says: []string{"acme_member", "token"},
		},
		"two identities are one user": {
			desk: func(_ *testing.T, d *desk) {
				both := *d.users["member@acme.test"]
				d.users["member@globex.test"] = &both
			},
			change: func(s *setup) {
				s.signin.Identities[2].User = "member@acme.test"
				s.signin.Identities[2].Password = s.signin.Identities[0].Password
			},
			says: []string{"acme_member and globex_member are the same user"},
		},
		"two tenants are one": {
			desk: func(_ *testing.T, d *desk) {
				d.users["member@globex.test"].tenant = "ten_acme_5c02"
				d.users["admin@globex.test"].tenant = "ten_acme_5c02"
			},
			says: []string{"acme_member and globex_member", "in the same tenant"},
		},
		"one tenant is two": {
			desk: func(_ *testing.T, d *desk) { d.users["admin@acme.test"].tenant = "ten_other" },
			says: []string{"acme_member and acme_admin", "in different tenants"},
		},
		"no such check": {
			desk:   func(*testing.T, *desk) {},
			change: func(s *setup) { s.audit.Only = []string{"isolation/foreign-raed"} },
			says:   []string{"isolation/foreign-raed", "did you mean", "isolation/foreign-read"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			c.desk(t, d)
			change := []func(*setup){}
			if c.change != nil {
				change = append(change, c.change)
			}
			rep, err := audit.Run(t.Context(), d.audit(t, change...))
			var s *audit.SetupError
			if !errors.As(err, &s) || rep != nil {
				t.Fatalf("got report %t and error %v, want a set-up error", rep != nil, err)
			}
			for _, want := range c.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error %q does not say %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "pw of ") || strings.Contains(err.Error(), "tok-") {
				t.Errorf("the error tells a secret: %v", err)
			}
			if len(d.notes) != 0 {
				t.Errorf("%d notes were made before the run could begin", len(d.notes))
			}
		})
	}
}

// hang waits until the client has gone, which a server notices only once the
// body is read.
func hang(r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // the client goes in the middle of it, or after
	<-r.Context().Done()
}

// TestHostileReplies holds that routes which hang, never end, are huge or
// redirect for ever or elsewhere cost one verdict each, not the run.
func TestHostileReplies(t *testing.T) {
	t.Parallel()
	outside := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("a host out of scope was asked for %s", r.URL)
	}))
	defer outside.Close()
	elsewhere := strings.Replace(outside.URL, "127.0.0.1", "localhost", 1)
	d := newDesk(t)
	d.handle("GET /slow", func(_ http.ResponseWriter, r *http.Request) { hang(r) })
	d.handle("GET /silent", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"half":`)
		_ = http.NewResponseController(w).Flush() // the client is gone when it fails
		<-r.Context().Done()
	})
	d.handle("GET /endless", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for r.Context().Err() == nil {
			if _, err := fmt.Fprint(w, "data: tick\n\n"); err != nil {
				return
			}
			if http.NewResponseController(w).Flush() != nil {
				return
			}
		}
	})
	d.handle("GET /huge", func(w http.ResponseWriter, _ *http.Request) {
		chunk := make([]byte, 1<<16)
		for range 100 << 20 / len(chunk) {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	d.handle("GET /loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	d.handle("GET /away", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere+"/x", http.StatusFound) })
	d.handle("GET /broken", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	o := d.audit(t, func(s *setup) {
		s.probe.Timeout, s.probe.Stall = 150*time.Millisecond, 50*time.Millisecond
		s.probe.Keep, s.probe.Count = 1<<16, 1<<18
		s.audit.Only = []string{"auth/no-credential", "isolation/foreign-read", "isolation/list-leak", "isolation/export-leak"}
	})
	rep := run(t, o)
	noFindings(t, rep)
	if c := check(t, rep, "isolation/foreign-read"); c.Verdict != lr.Passed {
		t.Errorf("foreign-read: got %s (%s), want passed beside hostile routes", c.Verdict, c.Reason)
	}
	if rep.Interrupted {
		t.Error("the run says that it was interrupted")
	}
	if !slices.Equal(rep.Only, o.Only) {
		t.Errorf("the report says that %q were asked for, want %q", rep.Only, o.Only)
	}
}

// A target that answers everything with a redirect to itself ends as set-up.
func TestRedirectsOnly(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.before = func(w http.ResponseWriter, r *http.Request, _ int) bool {
		http.Redirect(w, r, (&url.URL{Path: "/sign-in"}).String(), http.StatusFound)
		return true
	}
	_, err := audit.Run(t.Context(), d.audit(t))
	var s *audit.SetupError
	if !errors.As(err, &s) {
		t.Errorf("got %v, want a set-up error", err)
	}
}

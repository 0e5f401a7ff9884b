package browser_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
)

// application is a page that signs in by its own script and keeps things in every store.
func application(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/":
		fmt.Fprint(w, `<!doctype html><form id=f><input type=email name=email><input type=password><button>Sign in</button></form><p id=p></p><script>
f.addEventListener("submit", async ev => { ev.preventDefault();
  const r = await fetch("/login", {method: "POST", body: JSON.stringify({u: f.email.value, p: f.querySelector("[type=password]").value})});
  if (!r.ok) { p.textContent = "no"; return; }
  f.remove();
  localStorage.setItem("theme", "dark");
  sessionStorage.setItem("me", JSON.stringify(await r.json()));
  const open = indexedDB.open("app", 1);
  open.onupgradeneeded = () => open.result.createObjectStore("drafts", {keyPath: "id"});
  open.onsuccess = () => open.result.transaction("drafts", "readwrite").objectStore("drafts").put({id: 1, text: "a draft", bytes: new TextEncoder().encode("raw bytes"), big: 7n});
});</script>`)
	case "/login":
		body := make([]byte, 200)
		n, _ := r.Body.Read(body)
		if string(body[:n]) != `{"u":"ann@acme.test","p":"a \"quoted\" </script> password"}` {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: "hidden from scripts", HttpOnly: true})
		http.SetCookie(w, &http.Cookie{Name: "seen", Value: "by-scripts"})
		fmt.Fprint(w, `{"name": "Ann"}`)
	default:
		http.NotFound(w, r)
	}
}

// shown are the items, a line each.
func shown(k *lr.Kept) []string {
	var out []string
	for _, i := range k.Items {
		line := i.Store + " " + i.Name + ": " + i.Value.Reveal()
		if i.HTTPOnly {
			line += " (HttpOnly)"
		}
		out = append(out, line)
	}
	slices.Sort(out)
	return out
}

func TestStay(t *testing.T) {
	b, s := serve(t, application)
	k, err := b.Stay(t.Context(), lr.Sojourn{URL: s.URL + "/", User: "ann@acme.test", Password: lr.NewSecret(`a "quoted" </script> password`)})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`IndexedDB app/drafts: {"id":1,"text":"a draft","bytes":"raw bytes","big":"7"}`,
		"cookie seen: by-scripts", `cookie sid: "hidden from scripts" (HttpOnly)`, "localStorage theme: dark", `sessionStorage me: {"name":"Ann"}`,
	}
	if got := shown(k); !slices.Equal(got, want) || !k.Form || !k.SignedIn || len(k.Gaps) > 0 || k.Page != s.URL+"/" || !strings.Contains(k.Browser, "Chrome") {
		t.Errorf("got %+v\n%s", k, strings.Join(got, "\n"))
	}
	if text := fmt.Sprintf("%v %+v %#v", k, k.Items, k.Items); strings.Contains(text, "hidden from scripts") {
		t.Error("a value is printed")
	}
	// Each stay has storage of its own.
	k, err = b.Stay(t.Context(), lr.Sojourn{URL: s.URL + "/"})
	if err != nil || len(k.Items) > 0 || k.Form || k.SignedIn {
		t.Errorf("the next stay: %v %+v", err, k)
	}
}

func TestStayThatIsRefused(t *testing.T) {
	b, s := serve(t, application)
	k, err := b.Stay(t.Context(), lr.Sojourn{URL: s.URL + "/", User: "ann@acme.test", Password: lr.NewSecret("wrong")})
	if err != nil || !k.Form || k.SignedIn || len(k.Items) > 0 {
		t.Errorf("got %v %+v", err, k)
	}
}

// TestStayOnOtherPages: forms that load the next page, ask for the name first, or are none.
func TestStayOnOtherPages(t *testing.T) {
	b, s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		switch r.Method + " " + r.URL.Path {
		case "GET /classic", "GET /steps":
			hidden := ""
			if r.URL.Path == "/steps" {
				hidden = " hidden"
			}
			fmt.Fprintf(w, `<form method=post action=/in><label>User <input name=username></label><p%s id=more><input type=password name=password></p><button type=button hidden>x</button><button>Next</button></form><script>
if (%q) document.forms[0].addEventListener("submit", ev => { if (more.hidden) { ev.preventDefault(); setTimeout(() => more.hidden = false, 300); } });</script>`, hidden, hidden)
		case "POST /in":
			if r.FormValue("username") != "ann" || r.FormValue("password") != "right" {
				http.Redirect(w, r, "/classic", http.StatusSeeOther)
				return
			}
			http.Redirect(w, r, "/home", http.StatusSeeOther)
		case "GET /home":
			fmt.Fprint(w, `<p>home</p><script>localStorage.setItem("at", "home")</script>`)
		case "GET /search":
			fmt.Fprint(w, `<form><input name=q></form><script>localStorage.setItem("at", "search")</script>`)
		default:
			http.NotFound(w, r)
		}
	})
	for _, c := range []struct {
		name, path, password string
		form, in             bool
		items                string
	}{
		{"a form that loads the next page", "/classic", "right", true, true, "localStorage at: home"},
		{"and comes again", "/classic", "wrong", true, false, ""},
		{"the name first", "/steps", "right", true, true, "localStorage at: home"},
		{"no form to sign in", "/search", "right", false, false, "localStorage at: search"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k, err := b.Stay(t.Context(), lr.Sojourn{URL: s.URL + c.path, User: "ann", Password: lr.NewSecret(c.password)})
			if err != nil {
				t.Fatal(err)
			}
			if k.Form != c.form || k.SignedIn != c.in || strings.Join(shown(k), "\n") != c.items {
				t.Errorf("got %+v %q", k, shown(k))
			}
		})
	}
}

func TestStayWithASession(t *testing.T) {
	b, s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" && r.URL.Path != "/favicon.ico" {
			t.Errorf("the target was asked for %s", r.URL.Path)
		}
		c, err := r.Cookie("sid")
		fmt.Fprintf(w, `<script>localStorage.setItem("sid", "%v %v")</script>`, c, err)
	})
	k, err := b.Stay(t.Context(), lr.Sojourn{URL: s.URL + "/", Cookies: cookies("sid=1; Path=/; HttpOnly")})
	if err != nil || !slices.Contains(shown(k), "localStorage sid: sid=1 <nil>") {
		t.Errorf("got %v %q", err, shown(k))
	}
}

// TestStayIsBounded: a page that fills its storage, and values that are no text.
func TestStayIsBounded(t *testing.T) {
	b, s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `<script>
for (let i = 0; i < 60; i++) sessionStorage.setItem("fill" + i, "x".repeat(80000));
const open = indexedDB.open("many", 1);
open.onupgradeneeded = () => { const s = open.result.createObjectStore("rows", {autoIncrement: true}); for (let i = 0; i < 700; i++) s.put({i}); s.put({f: new Blob(["x"])}); };
</script>`)
	})
	k, err := b.Stay(t.Context(), lr.Sojourn{URL: s.URL + "/"})
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	for _, i := range k.Items {
		size += len(i.Value.Reveal())
	}
	if gaps := strings.Join(k.Gaps, "\n"); size > 4<<20 || !strings.Contains(gaps, "more is kept than") || !strings.Contains(gaps, "701 entries") {
		t.Errorf("%d bytes, gaps %q", size, k.Gaps)
	}
}

func TestStayRefusesOthers(t *testing.T) {
	b, s := serve(t, application)
	for _, address := range []string{"https://example.com/", "file:///etc/passwd", strings.Replace(s.URL, "127.0.0.1", "localhost", 1)} {
		if _, err := b.Stay(t.Context(), lr.Sojourn{URL: address}); !errors.Is(err, lr.ErrScope) {
			t.Errorf("%s: %v", address, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Stay(ctx, lr.Sojourn{URL: s.URL + "/"}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

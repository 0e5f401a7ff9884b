package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/demo"
	"github.com/launchready/launchready/probe/browser"
)

// listener writes down what Chromium's Network domain tells, as its developer
// tools do when they export a session.
type listener struct {
	mu    sync.Mutex
	order []network.RequestID
	at    map[network.RequestID]*heard
}

type heard struct {
	began    time.Time
	kind     string
	asked    *network.Request
	sent     network.Headers // as they went over the wire, cookies too
	answered *network.Response
	received network.Headers
	done     bool
	body     []byte
}

func (l *listener) note(ev any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	of := func(id network.RequestID) *heard {
		if l.at[id] == nil {
			l.at[id] = &heard{}
			l.order = append(l.order, id)
		}
		return l.at[id]
	}
	switch e := ev.(type) {
	case *network.EventRequestWillBeSent:
		h := of(e.RequestID)
		h.asked, h.kind, h.began = e.Request, strings.ToLower(string(e.Type)), time.Now()
	case *network.EventRequestWillBeSentExtraInfo:
		of(e.RequestID).sent = e.Headers
	case *network.EventResponseReceived:
		of(e.RequestID).answered = e.Response
	case *network.EventResponseReceivedExtraInfo:
		of(e.RequestID).received = e.Headers
	case *network.EventLoadingFinished:
		of(e.RequestID).done = true
	}
}

type entry = map[string]any

// keep asks for the bodies of what has been answered: the browser forgets them
// when it leaves the page.
func (l *listener) keep(ctx context.Context) {
	l.mu.Lock()
	var open []network.RequestID
	for _, id := range l.order {
		if h := l.at[id]; h.done && h.body == nil {
			open = append(open, id)
		}
	}
	l.mu.Unlock()
	for _, id := range open {
		if b, err := chromedp.Call(ctx, network.GetResponseBody, network.GetResponseBodyParams{RequestID: id}); err == nil {
			l.mu.Lock()
			l.at[id].body = b.Body
			l.mu.Unlock()
		}
	}
}

// har is what was heard as a recording.
func (l *listener) har() []any {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []any
	for _, id := range l.order {
		h := l.at[id]
		if h.asked == nil || h.answered == nil {
			continue
		}
		asked := entry{"method": h.asked.Method, "url": h.asked.URL, "headers": pairs(h.asked.Headers, h.sent), "cookies": cookies(h.sent)}
		if h.asked.HasPostData {
			var body []byte
			for _, e := range h.asked.PostDataEntries {
				body = append(body, e.Bytes...)
			}
			asked["postData"] = entry{"mimeType": h.asked.Headers["Content-Type"], "text": string(body)}
		}
		content := entry{"mimeType": h.answered.MimeType, "text": base64.StdEncoding.EncodeToString(h.body), "encoding": "base64"}
		out = append(out, entry{"startedDateTime": h.began.UTC().Format(time.RFC3339Nano), "_resourceType": h.kind, "request": asked,
			"response": entry{"status": h.answered.Status, "headers": pairs(h.answered.Headers, h.received), "content": content}})
	}
	return out
}

func pairs(sets ...network.Headers) []any {
	all := map[string]string{}
	for _, h := range sets {
		for name, v := range h {
			all[strings.ToLower(name)] = fmt.Sprint(v)
		}
	}
	out := []any{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for line := range strings.SplitSeq(all[name], "\n") {
			out = append(out, entry{"name": name, "value": line})
		}
	}
	return out
}

func cookies(sent network.Headers) []any {
	out := []any{}
	for name, v := range sent {
		if !strings.EqualFold(name, "cookie") {
			continue
		}
		for part := range strings.SplitSeq(fmt.Sprint(v), "; ") {
			k, val, _ := strings.Cut(part, "=")
			out = append(out, entry{"name": k, "value": val})
		}
	}
	return out
}

// recordSession is a browser session on the demo's page, of one user of each
// tenant: sign in, start a conversation, talk, ask, share, sign out.
func recordSession(t *testing.T, s *demo.Server) []byte {
	t.Helper()
	binary, err := browser.Find(os.Getenv("LAUNCHREADY_CHROMIUM"))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%v; in CI a session must be recorded: make test installs one", err)
		}
		t.Skipf("%v: no session is recorded", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	ctx, stop := chromedp.NewExecAllocator(ctx, chromedp.ExecPath(binary), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()))
	defer stop()
	ctx, stop = chromedp.NewContext(ctx)
	defer stop()
	l := &listener{at: map[network.RequestID]*heard{}}
	if err := chromedp.Listen(ctx, l.note); err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatalf("listen to chromium: %v", err)
	}
	type css = chromedp.CSS
	do := func(steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, steps...); err != nil {
			t.Fatalf("drive the page: %v", err)
		}
		l.keep(ctx)
	}
	// press clicks by script: a click by coordinates is lost when the list above
	// the button grows between the look and the press.
	press := func(sel string) chromedp.Action[chromedp.Void] {
		return func(ctx context.Context, at *chromedp.Target) (chromedp.Void, error) {
			if _, err := chromedp.WaitVisible(css(sel))(ctx, at); err != nil {
				return chromedp.Void{}, fmt.Errorf("wait for %s: %w", sel, err)
			}
			if _, err := chromedp.Evaluate[bool](fmt.Sprintf("document.querySelector(%q).click(), true", sel))(ctx, at); err != nil {
				return chromedp.Void{}, fmt.Errorf("press %s: %w", sel, err)
			}
			return chromedp.Void{}, nil
		}
	}
	for _, user := range []string{"member@acme.test", "member@globex.test"} {
		do(
			chromedp.Navigate(s.URL+"/"),
			chromedp.WaitVisible(css("#sign-in-form")),
			chromedp.SendKeys(css("#email"), user),
			chromedp.SendKeys(css("#password"), s.Password(user)),
			press("#sign-in-form button"),
			chromedp.WaitVisible(css("#chats button")),
			chromedp.SendKeys(css("#title"), "From the page"),
			press("#new-chat button"),
			chromedp.WaitVisible(css("#chat-actions")),
			chromedp.SendKeys(css("#content"), "How long do refunds take?"),
			press("#compose button"),
			chromedp.WaitVisible(css("#messages .assistant .citations")),
			chromedp.SendKeys(css("#question"), "When is the support desk open?"),
			press("#ask button"),
			chromedp.WaitVisible(css("#answer p")),
			press("#share"),
			chromedp.WaitVisible(css("#shared a")),
		)
		do(press("#shared a"), chromedp.WaitVisible(css("pre")))
		do(
			chromedp.Navigate(s.URL+"/"),
			chromedp.WaitVisible(css("#chats button")),
			press("#chats button"),
			chromedp.WaitVisible(css("#delete")),
			press("#delete"),
			chromedp.WaitNotVisible(css("#chat-actions")),
			press("#sign-out"),
			chromedp.WaitVisible(css("#sign-in-form")),
		)
	}
	b, err := json.Marshal(entry{"log": entry{"version": "1.2", "creator": entry{"name": "WebInspector", "version": "537.36"}, "entries": l.har()}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestAuditFromABrowserSession holds the promise of --from: a session on the
// page, recorded by a real browser, is all that an audit needs.
func TestAuditFromABrowserSession(t *testing.T) {
	t.Parallel()
	var flawed []string
	for _, f := range demo.Flaws() {
		if f.ID != "isolation/cookie-scope" { // the browser then drops the cookie, and nobody is signed in
			flawed = append(flawed, f.ID)
		}
	}
	for name, tc := range map[string]struct{ flaws, rows, want []string }{
		"clean":  {},
		"flawed": {flawed, []string{"--only", "auth,isolation"}, []string{"auth/undeclared-route", "auth/token-after-logout", "auth/session-fixation", "auth/user-enumeration", "isolation/predictable-id", "isolation/share-link"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := served(t, tc.flaws...)
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "session.har"), recordSession(t, s), 0o600); err != nil {
				t.Fatal(err)
			}
			rep, stderr := auditFrom(t, dir, tc.rows, "session.har")
			if !strings.Contains(stderr, "sign-in by POST /v1/auth/login; whoami by GET /v1/me; 2 users in 2 tenants: acme_member, globex_member") {
				t.Errorf("stderr lacks what was understood: %s", stderr)
			}
			found := map[string]string{}
			for _, row := range rep.Rows {
				for _, c := range row.Checks {
					for _, f := range c.Findings {
						found[c.ID] = f.Subject + ": " + f.Message
					}
				}
			}
			if tc.want == nil && len(found) > 0 {
				t.Errorf("findings on the clean demo: %v", found)
			}
			for _, id := range tc.want {
				if found[id] == "" {
					t.Errorf("%s is not found; found are %v", id, found)
				}
			}
		})
	}
}

func served(t *testing.T, flaws ...string) *demo.Server {
	t.Helper()
	s, err := demo.New(demo.Options{Flaws: flaws, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the demo: %v", err)
		}
	})
	return s
}

// auditFrom runs the program in a folder that holds nothing but the files.
func auditFrom(t *testing.T, dir string, more []string, files ...string) (*lr.Report, string) {
	t.Helper()
	args := []string{"audit", "--mutate", "--rate", "0", "-o", "json=report.json"}
	args = append(args, more...)
	for _, f := range files {
		args = append(args, "--from", f)
	}
	var out, errw strings.Builder
	if code := runIn(dir, args, strings.NewReader(""), &out, &errw, nil); code == exitSetup || code == exitInternal {
		t.Fatalf("exit code %d: %s", code, errw.String())
	}
	b, err := os.ReadFile(filepath.Join(dir, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	var rep lr.Report
	if err := json.Unmarshal(b, &rep); err != nil {
		t.Fatal(err)
	}
	return &rep, errw.String()
}

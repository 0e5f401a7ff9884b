package demo

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/launchready/launchready/probe/browser"
)

// tab is a Chromium tab that a test drives.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu     sync.Mutex
	faults []string // what the page threw or the browser refused
}

// openTab opens Chromium; without one the test is skipped.
func openTab(t *testing.T) *tab {
	t.Helper()
	binary, err := browser.Find(os.Getenv("LAUNCHREADY_CHROMIUM"))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%v; in CI the page must be driven: make test installs one", err)
		}
		t.Skipf("%v: the page is not driven", err)
	}
	ctx, stop := chromedp.NewExecAllocator(context.Background(), chromedp.ExecPath(binary), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	b := &tab{t: t}
	if err := chromedp.Listen(ctx, b.note); err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	if _, err := chromedp.Call(ctx, log.Enable, cdp.Empty{}); err != nil {
		t.Fatalf("listen to chromium: %v", err)
	}
	b.ctx, stop = context.WithTimeout(ctx, time.Minute)
	t.Cleanup(stop)
	return b
}

func (b *tab) note(ev any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := ev.(type) {
	case *runtime.EventExceptionThrown:
		b.faults = append(b.faults, e.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		// Asking who is signed in answers 401 before anyone is; there is no icon.
		if e.Entry.Level == "error" && !strings.HasSuffix(e.Entry.URL, "/v1/me") && !strings.HasSuffix(e.Entry.URL, "/favicon.ico") {
			b.faults = append(b.faults, e.Entry.Text+" "+e.Entry.URL)
		}
	}
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatalf("drive the page: %v", err)
	}
}

func (b *tab) text(selector chromedp.CSS) string {
	b.t.Helper()
	s, err := chromedp.Run(b.ctx, chromedp.Text(selector))
	if err != nil {
		b.t.Fatalf("read %s: %v", selector, err)
	}
	return s
}

// A person signs in, starts a conversation, talks, asks and signs out.
func TestPersonChatsOnThePage(t *testing.T) {
	w := start(t)
	w.do(w.as("member@acme.test"), "POST", "/v1/chats", map[string]any{"title": `<img src=x onerror="document.title='owned'">`}).want(201)
	b := openTab(t)
	type css = chromedp.CSS
	b.do(
		chromedp.Navigate(w.s.URL+"/"),
		chromedp.WaitVisible(css("#sign-in-form")),
		chromedp.SendKeys(css("#email"), "member@acme.test"),
		chromedp.SendKeys(css("#password"), w.s.Password("member@acme.test")),
		chromedp.Click(css("#sign-in-form button")),
		chromedp.WaitVisible(css("#chats button")),
	)
	who, chats := b.text("#whoami"), b.text("#chats")
	b.do(
		chromedp.SendKeys(css("#title"), "From the page"),
		chromedp.Click(css("#new-chat button")),
		chromedp.WaitVisible(css("#chat-actions")),
		chromedp.SendKeys(css("#content"), "How long do refunds take?"),
		chromedp.Click(css("#compose button")),
		chromedp.WaitVisible(css("#messages .assistant .citations")),
		chromedp.SendKeys(css("#question"), "When is the support desk open?"),
		chromedp.Click(css("#ask button")),
		chromedp.WaitVisible(css("#answer p")),
	)
	messages, answer := b.text("#messages"), b.text("#answer")
	marked, err := chromedp.Run(b.ctx, chromedp.Evaluate[int](`document.querySelectorAll("img, [style], [onclick], [onerror]").length`))
	if err != nil || marked != 0 {
		t.Errorf("got %d elements made of data, %v", marked, err)
	}
	if title, err := chromedp.Run(b.ctx, chromedp.Title()); err != nil || title != "Harbor" {
		t.Errorf("got title %q, %v", title, err)
	}
	b.do(chromedp.Click(css("#sign-out")), chromedp.WaitVisible(css("#sign-in-form")))
	for _, c := range []struct{ what, got, want string }{
		{"who is signed in", who, "Mina Sato, Acme Corp"},
		{"conversations", chats, "Onboarding checklist"},
		{"a hostile title", chats, "<img src=x"},
		{"the reply", messages, "Refunds are paid within 14 days."},
		{"its source", messages, "Refund policy"},
		{"the answer", answer, "from nine to five"},
	} {
		if !strings.Contains(c.got, c.want) {
			t.Errorf("%s: got %q, want %q", c.what, c.got, c.want)
		}
	}
	if strings.Contains(chats+messages+answer, "Globex") {
		t.Error("another tenant is on the page")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.faults) > 0 {
		t.Errorf("the page has faults: %v", b.faults)
	}
}

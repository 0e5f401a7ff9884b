package html_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/launchready/launchready/probe/browser"
	"github.com/launchready/launchready/report/sample"
)

// tab is a browser tab on a loopback server that holds one page.
type tab struct {
	context.Context
	url string

	mu       sync.Mutex
	requests []string // what the page asked for, itself excepted
	said     []string // log entries and dialogs
}

// TestInBrowser looks at the pages as Chromium shows them: one browser, a tab a
// page. It is skipped where there is no Chromium, except in CI.
func TestInBrowser(t *testing.T) {
	chrome := start(t)
	for _, c := range []struct {
		name string
		test func(*testing.T, context.Context)
	}{
		{"accessible", accessible},
		{"one file, no network", oneFile},
		{"readable without script", withoutScript},
		{"hostile report is inert", hostile},
		{"print", prints},
		{"narrow screen does not scroll sideways", narrow},
		{"an address is in one piece", wholeAddress},
		{"pictures", pictures},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, chrome) })
	}
}

func start(t *testing.T) context.Context {
	t.Helper()
	binary, err := browser.Find(os.Getenv("LAUNCHREADY_CHROMIUM"))
	if err != nil {
		missing(t, err.Error())
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	t.Cleanup(cancel)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(binary), chromedp.UserDataDir(t.TempDir()))
	for _, f := range []string{"headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking", "disable-component-update", "disable-sync"} {
		options = append(options, chromedp.Flag(f, true))
	}
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // waits until the browser has left its folder
		cancel()
	})
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// browse opens a tab on the page.
func browse(t *testing.T, chrome context.Context, body string) *tab {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	ctx, cancel := chromedp.NewContext(chrome)
	t.Cleanup(cancel)
	b := &tab{Context: ctx, url: server.URL + "/"}
	if err := chromedp.Listen(ctx, b.note); err != nil {
		t.Fatal(err)
	}
	call(t, b, network.Enable, network.EnableParams{})
	call(t, b, log.Enable, cdp.Empty{})
	b.size(t, 1280)
	b.do(t, chromedp.Navigate(b.url))
	return b
}

func (b *tab) note(ev any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch ev := ev.(type) {
	case *network.EventRequestWillBeSent:
		if ev.Request.URL != b.url && !strings.HasPrefix(ev.Request.URL, "data:") {
			b.requests = append(b.requests, ev.Request.URL)
		}
	case *log.EventEntryAdded:
		b.said = append(b.said, ev.Entry.Text)
	case *page.EventJavascriptDialogOpening:
		b.said = append(b.said, "dialog: "+ev.Message)
	}
}

// missing skips, or fails where everything must be there.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

func call[P, R any](t *testing.T, b *tab, c cdp.Command[P, R], p P) R {
	t.Helper()
	r, err := chromedp.Call(b, c, p)
	if err != nil {
		t.Fatalf("%s: %v", c.Method, err)
	}
	return r
}

func (b *tab) do(t *testing.T, a chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b, a); err != nil {
		t.Fatal(err)
	}
}

// size makes the screen so many pixels wide; up to 800 it is a mobile's.
func (b *tab) size(t *testing.T, width int64) {
	t.Helper()
	call(t, b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 900, DeviceScaleFactor: 1, Mobile: width < 800})
}

func (b *tab) media(t *testing.T, kind, scheme string) {
	t.Helper()
	call(t, b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: kind, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
}

func (b *tab) text(t *testing.T, expression string) string {
	t.Helper()
	s, err := chromedp.Run(b, chromedp.Evaluate[string]("(async () => String(await ("+expression+")))()", chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%.80s: %v", expression, err)
	}
	return s
}

// quiet fails when the page asked for anything, or the browser complained.
func (b *tab) quiet(t *testing.T) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.requests {
		t.Errorf("the page asks for %s", r)
	}
	for _, s := range b.said {
		t.Errorf("the browser says: %s", s)
	}
}

func accessible(t *testing.T, chrome context.Context) {
	path := os.Getenv("LAUNCHREADY_AXE")
	if path == "" {
		path = filepath.Join("..", "..", "node_modules", "axe-core", "axe.min.js")
	}
	axe, err := os.ReadFile(path)
	if err != nil {
		missing(t, "axe-core is not here: run report/html/testdata/axe.sh and set LAUNCHREADY_AXE to what it prints")
	}
	for name, body := range map[string]string{"flawed": draw(t, sample.Flawed()), "clean": draw(t, sample.Clean()), "comparison": compare(t, sample.Flawed(), sample.Clean())} {
		b := browse(t, chrome, body)
		schemes := []string{"light", "dark"}
		if name == "flawed" {
			schemes = append(schemes, "narrow", "opened")
		}
		for _, scheme := range schemes {
			t.Run(name+" "+scheme, func(t *testing.T) {
				switch scheme {
				case "light":
					b.media(t, "", "light")
				case "dark":
					b.media(t, "", "dark")
				case "narrow":
					b.size(t, 390)
				case "opened":
					b.size(t, 1280)
					b.text(t, `document.querySelectorAll("details").forEach(e => { e.open = true })`)
				}
				if _, err := chromedp.Run(b, chromedp.Evaluate[int](string(axe)+"\n;0")); err != nil {
					t.Fatal(err)
				}
				raw := b.text(t, `axe.run(document, {resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(r => JSON.stringify(r.violations.map(v => ({id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + " " + (n.failureSummary || "")), count: v.nodes.length}))))`)
				var violations []struct {
					ID, Impact, Help string
					Nodes            []string
					Count            int
				}
				if err := json.Unmarshal([]byte(raw), &violations); err != nil {
					t.Fatal(err)
				}
				for _, v := range violations {
					t.Errorf("%s (%s): %s, %d times: %s", v.ID, v.Impact, v.Help, v.Count, strings.Join(v.Nodes, " | "))
				}
			})
		}
	}
}

func oneFile(t *testing.T, chrome context.Context) {
	b := browse(t, chrome, draw(t, sample.Flawed()))
	if got := b.text(t, `getComputedStyle(document.querySelector(".verdict")).fontWeight`); got != "750" {
		t.Errorf("the style is not applied: weight %s", got)
	}
	if got := b.text(t, `document.querySelectorAll("button.copy").length > 5`); got != "true" {
		t.Error("the script has not run")
	}
	b.text(t, `(e => { e.value = "dmarc"; e.dispatchEvent(new Event("input")) })(document.querySelector("input[type=search]"))`)
	if got := b.text(t, `document.querySelectorAll(".finding:not([hidden])").length`); got != "1" {
		t.Errorf("the filter leaves %s findings, want 1", got)
	}
	b.quiet(t)
}

func withoutScript(t *testing.T, chrome context.Context) {
	b := browse(t, chrome, draw(t, sample.Flawed()))
	call(t, b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	b.do(t, chromedp.Navigate(b.url))
	if got := b.text(t, `document.querySelectorAll("button").length`); got != "0" {
		t.Error("the script has run")
	}
	text := b.text(t, `document.querySelector("main").innerText`)
	for _, want := range []string{"Not ready", "5 blockers in 3 rows", "Put the tenant of the verified caller", "GET /v1/billing/invoices", "launchready audit replay lr-96983de48ad4", "Why it matters to a buyer", "no drill has been run"} {
		if !strings.Contains(text, want) {
			t.Errorf("without a script %q is not seen", want)
		}
	}
	b.quiet(t)
}

func hostile(t *testing.T, chrome context.Context) {
	for name, body := range map[string]string{"report": draw(t, sample.Hostile(20000)), "comparison": compare(t, sample.Hostile(100), sample.Flawed())} {
		t.Run(name, func(t *testing.T) {
			b := browse(t, chrome, body)
			if got := b.text(t, `document.querySelectorAll("script").length + " " + document.querySelectorAll("img, iframe, object, [onerror], [style]").length`); got != "1 0" {
				t.Errorf("scripts and live elements: got %s, want 1 0", got)
			}
			if got := b.text(t, `Array.from(document.links).filter(a => !/^(https:\/\/(cwe\.mitre\.org|www\.rfc-editor\.org)\/|http:\/\/127\.0\.0\.1:\d+\/#)/.test(a.href)).length`); got != "0" {
				t.Errorf("%s links lead elsewhere", got)
			}
			b.quiet(t)
		})
	}
}

func prints(t *testing.T, chrome context.Context) {
	b := browse(t, chrome, draw(t, sample.Flawed()))
	b.media(t, "print", "dark")
	if got := b.text(t, `Array.from(document.querySelectorAll("details.row:not([open]) table")).filter(e => e.offsetHeight < 10).length`); got != "0" {
		t.Errorf("%s closed tables are not printed", got)
	}
	if got := b.text(t, `getComputedStyle(document.querySelector(".copy")).display`); got != "none" {
		t.Error("buttons are printed")
	}
	pdf := call(t, b, page.PrintToPDF, page.PrintToPDFParams{PrintBackground: yes(), PreferCSSPageSize: yes()}).Data
	if pages := strings.Count(string(pdf), "/Type /Page\n"); !strings.HasPrefix(string(pdf), "%PDF") || pages > 30 {
		t.Errorf("%d bytes, %d pages", len(pdf), pages)
	}
	keep(t, "print.pdf", pdf)
}

func narrow(t *testing.T, chrome context.Context) {
	for name, body := range map[string]string{"flawed": draw(t, sample.Flawed()), "comparison": compare(t, sample.Flawed(), sample.Clean()), "hostile": draw(t, sample.Hostile(500))} {
		b := browse(t, chrome, body)
		for _, width := range []int64{320, 390, 768} {
			b.size(t, width)
			if got := b.text(t, `document.documentElement.scrollWidth`); got != fmt.Sprint(width) {
				t.Errorf("%s: %s wide on a screen of %d", name, got, width)
			}
		}
	}
}

// wholeAddress: what a reader copies is not torn at its port.
func wholeAddress(t *testing.T, chrome context.Context) {
	r := sample.Flawed()
	r.Target = "http://127.0.0.1:41531"
	b := browse(t, chrome, draw(t, r))
	for _, width := range []int64{390, 768, 1280} {
		b.size(t, width)
		lines := b.text(t, `(() => { const r = document.createRange(); r.selectNodeContents(document.querySelector(".facts dd").firstChild); return r.getClientRects().length })()`)
		if lines != "1" {
			t.Errorf("on a screen of %d the target takes %s lines", width, lines)
		}
	}
}

// pictures leaves pictures to look at in the folder that LAUNCHREADY_SHOTS names.
func pictures(t *testing.T, chrome context.Context) {
	if os.Getenv("LAUNCHREADY_SHOTS") == "" {
		t.Skip("LAUNCHREADY_SHOTS names no folder")
	}
	for name, body := range map[string]string{"flawed": draw(t, sample.Flawed()), "clean": draw(t, sample.Clean()), "comparison": compare(t, sample.Flawed(), sample.Clean()), "hostile": draw(t, sample.Hostile(300))} {
		b := browse(t, chrome, body)
		for _, v := range []struct {
			name, media, scheme string
			width               int64
		}{{"light", "", "light", 1280}, {"dark", "", "dark", 1280}, {"narrow", "", "light", 390}, {"print", "print", "light", 820}} {
			b.media(t, v.media, v.scheme)
			b.size(t, v.width)
			height, err := strconv.ParseFloat(b.text(t, `document.documentElement.scrollHeight`), 64)
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; float64(i)*1500 < height && i < 8; i++ {
				clip := &page.Viewport{Y: float64(i) * 1500, Width: float64(v.width), Height: min(1500, height-float64(i)*1500), Scale: 1}
				png := call(t, b, page.CaptureScreenshot, page.CaptureScreenshotParams{CaptureBeyondViewport: yes(), Clip: clip}).Data
				keep(t, fmt.Sprintf("%s-%s-%d.png", name, v.name, i), png)
			}
		}
	}
}

func yes() *bool { v := true; return &v }

func keep(t *testing.T, name string, b []byte) {
	t.Helper()
	dir := os.Getenv("LAUNCHREADY_SHOTS")
	if dir == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// Package browser drives a headless Chromium that proves what a page of another
// origin can read of the target. It implements [launchready.Browser].
//
// The browser starts with the first visit and has a profile of its own. Its
// names resolve to the target and to nothing else; the pages of other origins
// are answered by this package inside the browser, so nothing of them touches
// the network. What the script may read is decided by Chromium alone.
package browser

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
)

// ErrNone says that there is no Chromium.
var ErrNone = errors.New("no Chromium was found: install one, or name it in LAUNCHREADY_CHROMIUM")

var errClosed = errors.New("the browser is closed")

// Options configure a Browser. Base and Binary are required.
type Options struct {
	Binary   string            // of Chromium; see Find
	Base     *url.URL          // the target: the only host that is contacted
	Resolve  map[string]string // "host:port" => "ip:port", instead of DNS
	Insecure bool              // do not verify the target's certificate

	Start time.Duration // for the browser to come up; 0 means 30 s
	Visit time.Duration // for one page; 0 means 15 s
	Log   *slog.Logger
}

// pages is how many visits one browser makes at a time; more wait for their turn.
const pages = 4

// Browser is a Chromium that starts when it is needed first. It is safe for
// concurrent use: each visit has cookies of its own.
type Browser struct {
	o     Options
	turns chan struct{}

	mu     sync.RWMutex // visits read-lock it, so that Close waits for them
	closed bool

	starting sync.Mutex // a lock of its own: who waits for mu waits for the visits under way
	begun    bool
	failed   error // why it did not start: it is tried once
	ctx      context.Context
	name     string
	profile  string
	end      []func()
}

// names are those by which a Chromium is called, the lightest first: one that is built
// without windows starts, and opens a page, for a sixth of the processor's time.
var names = [...]string{"chromium-headless-shell", "chrome-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome"}

// Find looks for a Chromium: the one that is named, or else the usual names in
// the path. A name that leads nowhere is an error of its own.
func Find(named string) (string, error) {
	if named != "" {
		p, err := exec.LookPath(named)
		if err != nil {
			return "", fmt.Errorf("find the Chromium named in LAUNCHREADY_CHROMIUM: %w", err)
		}
		return p, nil
	}
	for _, name := range names {
		if p, err := exec.LookPath(name); err == nil {
			return p, nil
		}
	}
	return "", ErrNone
}

// New makes a browser. It starts nothing.
func New(o Options) (*Browser, error) {
	if o.Base == nil || o.Base.Host == "" {
		return nil, errors.New("browser: the target's base must be an absolute URL")
	}
	if o.Binary == "" {
		return nil, ErrNone
	}
	if o.Start == 0 {
		o.Start = 30 * time.Second
	}
	if o.Visit == 0 {
		o.Visit = 15 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Browser{o: o, turns: make(chan struct{}, pages)}, nil
}

// rules let the browser resolve the target's host and nothing else: not even
// its own services. A literal address goes through them as a name does.
func rules(base *url.URL, resolve map[string]string) string {
	var out []string
	for from, to := range resolve {
		out = append(out, "MAP "+from+" "+to)
	}
	return strings.Join(append(out, "MAP * ~NOTFOUND", "EXCLUDE "+bracketed(base.Hostname())), ", ")
}

func bracketed(host string) string {
	if ip := net.ParseIP(host); ip != nil && ip.To4() == nil {
		return "[" + host + "]"
	}
	return host
}

// artefacts are features that would judge the target by where it is tested, on
// loopback, and not by what it answers; in service it stands elsewhere.
const artefacts = "Translate,LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets,BlockInsecurePrivateNetworkRequests," +
	"PrivateNetworkAccessSendPreflights,PrivateNetworkAccessRespectPreflightResults,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,OptimizationHints,MediaRouter"

// preferences let other sites' pages send cookies that are marked SameSite=None:
// whether a target is safe must not hang on a setting of each customer's browser.
const preferences = `{"profile": {"cookie_controls_mode": 0, "block_third_party_cookies": false}}`

func newProfile() (string, error) {
	dir, err := os.MkdirTemp("", "launchready-browser-")
	if err != nil {
		return "", err
	}
	err = os.Mkdir(filepath.Join(dir, "Default"), 0o700)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "Default", "Preferences"), []byte(preferences), 0o600)
	}
	return dir, err
}

// start brings the browser up, once.
func (b *Browser) start(ctx context.Context) error {
	b.starting.Lock()
	defer b.starting.Unlock()
	if b.begun {
		return b.failed
	}
	b.begun = true
	if b.failed = b.launch(ctx); b.failed != nil {
		b.failed = fmt.Errorf("start %s: %w", b.o.Binary, errors.Join(b.failed, b.stop()))
	}
	return b.failed
}

func (b *Browser) launch(ctx context.Context) error {
	var err error
	if b.profile, err = newProfile(); err != nil {
		return err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(b.o.Binary), chromedp.UserDataDir(b.profile), chromedp.DisableGPU,
		chromedp.Flag("disable-features", artefacts), chromedp.Flag("host-resolver-rules", rules(b.o.Base, b.o.Resolve)), chromedp.WSURLReadTimeout(b.o.Start))
	for _, f := range []string{"no-proxy-server", "disable-quic", "disable-component-update", "disable-domain-reliability", "no-pings"} {
		options = append(options, chromedp.Flag(f, true))
	}
	if os.Geteuid() == 0 { // Chromium refuses to run as root with its sandbox
		options = append(options, chromedp.NoSandbox)
	}
	if b.o.Insecure {
		options = append(options, chromedp.IgnoreCertErrors)
	}
	// The browser outlives the visit that started it; Close ends it.
	life, kill := context.WithCancel(context.WithoutCancel(ctx))
	life, release := chromedp.NewExecAllocator(life, options...)
	life, cancel := chromedp.NewContext(life)
	b.ctx = life
	b.end = []func(){cancel, release, kill}
	timer := time.AfterFunc(b.o.Start, kill)
	defer timer.Stop()
	defer context.AfterFunc(ctx, kill)()
	v, err := chromedp.CallBrowser(life, cdpbrowser.GetVersion, cdp.Empty{})
	if err != nil {
		return err
	}
	b.name = v.Product
	b.o.Log.Debug("browser started", "product", v.Product)
	return nil
}

// Close ends the browser and removes its profile.
func (b *Browser) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	return b.stop()
}

func (b *Browser) stop() error {
	if b.ctx != nil && b.failed == nil {
		polite, cancel := context.WithTimeout(b.ctx, 5*time.Second)
		if err := chromedp.Cancel(polite); err != nil {
			b.o.Log.Debug("close the browser", "err", err)
		}
		cancel()
	}
	for _, f := range b.end {
		f()
	}
	b.ctx, b.end = nil, nil
	profile := b.profile
	b.profile = ""
	if profile == "" {
		return nil
	}
	// Its processes may still write for a moment.
	err := os.RemoveAll(profile)
	for i := 0; err != nil && i < 20; i++ {
		time.Sleep(50 * time.Millisecond)
		err = os.RemoveAll(profile)
	}
	return err
}

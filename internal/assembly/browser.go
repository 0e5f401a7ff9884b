package assembly

import (
	"errors"

	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/probe/browser"
)

// browse gives the audit a browser where there is one. Nothing is started. A
// browser that was named and is not there is an error; none at all is not.
func (a *Assembly) browse(c *config.Config, o Options) error {
	bin, err := browser.Find(o.Chromium)
	if errors.Is(err, browser.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	// An authority of the configuration's is unknown to the browser; the client
	// has verified it, and the browser reaches no other host.
	b, err := browser.New(browser.Options{Binary: bin, Base: c.Target.URL.URL, Resolve: addresses(c), Insecure: o.Insecure || c.Target.CAFile != "", Log: o.Log})
	if err != nil {
		return err
	}
	a.browser, a.Audit.Browser = b, b
	return nil
}

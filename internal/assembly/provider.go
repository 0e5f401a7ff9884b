package assembly

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/config"
)

// provider is the model provider that can be looked at, and made to fail. Nil
// where the configuration names none.
func provider(c *config.Config) *lr.Provider {
	p := c.Provider
	if p == nil {
		return nil
	}
	ask := func(r config.RequestLine, note string) lr.Request {
		out := lr.Request{Method: r.Method, Path: r.Path, Note: note}
		if r.IsZero() {
			return lr.Request{}
		}
		for name, v := range p.Headers {
			out.SetHeader(name, v.Reveal())
		}
		if p.Header.Name != "" {
			out.SetHeader(p.Header.Name, p.Header.Reveal())
		}
		return out
	}
	out := &lr.Provider{
		Traffic: ask(p.Traffic, "what came to the provider"), Calls: p.Calls, Tokens: p.Tokens,
		Fail: ask(p.Fail, "make the provider fail"), FailBody: config.Reveal(p.JSON), Mend: ask(p.Mend, "make the provider well again"),
	}
	if out.Calls == "" {
		out.Calls = "/calls"
	}
	return out
}

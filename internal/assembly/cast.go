package assembly

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/probe"
	"github.com/launchready/launchready/probe/signin"
	"github.com/launchready/launchready/surface"
)

func newCast(c *config.Config, o Options, client *probe.Client, routes []*lr.Route) (*signin.Cast, error) {
	so := signin.Options{
		HTTP: client, Method: method(c, routes), WhoAmI: c.WhoAmI.String(), Planned: c.Budget.Wall(), Run: o.Run, Now: o.Now, Log: o.Log,
		Identities: identities(c),
	}
	if c.SignUp != nil {
		up := call(&c.SignUp.Call)
		so.SignUp = &up
	} else {
		so.SignUp = signUpCall(routes)
	}
	for _, id := range so.Identities {
		if _, d, ok := strings.Cut(id.User, "@"); ok {
			so.MailDomain = d
			break
		}
	}
	return signin.New(so)
}

// fetcher gets documents of the description, each from its own host, with the
// target's certificate settings.
func fetcher(c *config.Config, o Options) func(context.Context, string) ([]byte, error) {
	return func(ctx context.Context, location string) ([]byte, error) {
		u, err := url.Parse(location)
		if err != nil {
			return nil, fmt.Errorf("fetch %s: %w", location, err)
		}
		client, err := probe.New(probe.Options{
			Base: &url.URL{Scheme: u.Scheme, Host: u.Host}, HTTP1: o.HTTP1, Insecure: o.Insecure, CAFile: c.Abs(c.Target.CAFile),
			Resolve: addresses(c), Header: sameHost(u, c), Version: o.Version, Run: o.Run, Timeout: 20 * time.Second,
			Keep: surface.DefaultMaxBytes, Count: surface.DefaultMaxBytes, Retries: -1,
		})
		if err != nil {
			return nil, err
		}
		defer client.Close()
		x, err := client.Do(ctx, nil, &lr.Request{Method: http.MethodGet, Path: u.RequestURI(), Note: "fetch the description"})
		if err != nil {
			return nil, err
		}
		if !x.OK() {
			return nil, fmt.Errorf("fetch %s: answered %d", location, x.Status)
		}
		if x.Truncated {
			return nil, fmt.Errorf("fetch %s: %w", location, io.ErrShortBuffer)
		}
		return x.Body, nil
	}
}

func sameHost(u *url.URL, c *config.Config) http.Header {
	h := http.Header{}
	if u.Host == c.Target.URL.Host {
		for name, v := range c.Target.Headers {
			h.Set(name, v.Reveal())
		}
	}
	return h
}

package assembly

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/chat"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/probe/callback"
)

// talk tells the audit how to find the target's assistant: by the shape that the
// configuration describes, else by those that its routes suggest.
func (a *Assembly) talk(c *config.Config, o Options) {
	a.Audit.Meet = func(ctx context.Context, client lr.Client, as *lr.Account, routes []*lr.Route) (lr.Assistant, error) {
		candidates, err := shapes(c, routes)
		if err != nil {
			return nil, err
		}
		d := &chat.Detector{
			Endpoint: chat.Endpoint{Client: client, ID: uuid},
			Random:   mathrand.New(mathrand.NewPCG(uint64(o.Seed), 0)), //nolint:gosec // reproducible questions are the point
		}
		found, tried, err := chat.Meet(ctx, d, as, candidates, routes)
		for _, t := range tried {
			for _, n := range t.Notes {
				o.Log.Debug("looking for the assistant", "note", n)
			}
		}
		if err != nil {
			return nil, err
		}
		return found, nil
	}
}

// shapes are the ways to try, the configuration's alone when it names one.
func shapes(c *config.Config, routes []*lr.Route) ([]chat.Shape, error) {
	if p := c.Chat.Preset; p != "" && p != "auto" && p != "custom" {
		s, ok := chat.Preset(p, c.Chat.Request.Path)
		if !ok {
			return nil, fmt.Errorf("chat.preset %q: no such preset", p)
		}
		return []chat.Shape{s}, nil
	}
	return chat.FromRoutes(routes), nil
}

// uuid is a random UUID of version 4 (RFC 9562, 5.4).
func uuid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// hear starts the listener, where the target can reach one: a target on this
// machine always, another one by an address that the configuration names.
func (a *Assembly) hear(ctx context.Context, c *config.Config, o Options) error {
	if !loopback(c.Target.URL.Hostname()) {
		a.Audit.Deaf = "the target is on another machine and reaches no listener of this one"
		return nil
	}
	l, err := callback.Listen(ctx, callback.Options{Log: o.Log, Now: o.Now, Nonce: func() string {
		var b [10]byte
		_, _ = rand.Read(b[:]) // never fails (crypto/rand)
		return strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
	}})
	if err != nil {
		return err
	}
	a.ear = l
	if err := l.Prove(ctx); err != nil {
		a.Audit.Deaf = err.Error()
		return nil
	}
	a.Audit.Listener = l
	return nil
}

// loopback reports whether a host name is this machine's.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe"
)

// web asks for what init needs, API descriptions and the sign-up, with the scope
// and the bounds of an audit.
type web struct {
	client *probe.Client
	base   *url.URL
}

// specMost bounds an API description and what it refers to.
const specMost = 64 << 20

func newWeb(o probe.Options) (*web, error) {
	o.Keep, o.Count = specMost, specMost
	o.Budget = lr.Budget{}
	o.LostAfter = 1000 // a host that serves no description is not lost
	c, err := probe.New(o)
	if err != nil {
		return nil, err
	}
	return &web{client: c, base: o.Base}, nil
}

func (w *web) Close() { w.client.Close() }

func (w *web) get(ctx context.Context, at string) (int, []byte, error) {
	return w.send(ctx, &lr.Request{Method: http.MethodGet, Path: at, Note: "API description"})
}

// document is get for a reader that wants the body or an error.
func (w *web) document(ctx context.Context, at string) ([]byte, error) {
	status, body, err := w.get(ctx, at)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("%s answered %d", at, status)
	}
	return body, err
}

func (w *web) post(ctx context.Context, path, kind string, body []byte) (int, []byte, error) {
	r := &lr.Request{Method: http.MethodPost, Path: path, Body: body, Note: "sign up"}
	r.SetHeader("Content-Type", kind)
	x, err := w.client.Private(ctx, nil, r)
	if err != nil {
		return 0, nil, err
	}
	return x.Status, x.Body, nil
}

func (w *web) send(ctx context.Context, r *lr.Request) (int, []byte, error) {
	// A path, where the address is below the base: what is asked then goes
	// where everything else of the audit goes.
	if rest, ok := strings.CutPrefix(r.Path, strings.TrimRight(w.base.String(), "/")+"/"); ok {
		r.Path = "/" + rest
	}
	chain, err := w.client.Follow(ctx, nil, r)
	if err != nil {
		return 0, nil, err
	}
	x := chain[len(chain)-1]
	if x.Truncated {
		return 0, nil, errors.New("the description is larger than 64 MiB")
	}
	return x.Status, x.Body, nil
}

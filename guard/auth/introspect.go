package auth

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/launchready/launchready/guard"
)

// Introspection asks the provider about tokens that only it can read (RFC 7662).
type Introspection struct {
	URL         string        // "": as the issuer's configuration says
	ID, Secret  string        // of guard at the provider
	Cache       time.Duration // how long a token that is active is believed; 0: not at all
	AnyAudience bool          // answers name no audience
	Client      *http.Client

	mu    sync.Mutex
	found string
	busy  int
}

// mostAsked is how many tokens are asked about at one time.
const mostAsked = 64

// answer of the provider, which says true or false of what else there is to know.
type answer struct {
	Active  bool            `json:"active"`
	Subject string          `json:"sub"`
	Issuer  string          `json:"iss"`
	Aud     json.RawMessage `json:"aud"`
	Exp     float64         `json:"exp"`
	Nbf     float64         `json:"nbf"`
}

func (i *Introspection) ask(ctx context.Context, token string, o *Options, now time.Time) (*guard.Principal, time.Time, error) {
	no := func(err error) (*guard.Principal, time.Time, error) { return nil, time.Time{}, err }
	i.mu.Lock()
	if i.busy >= mostAsked {
		i.mu.Unlock()
		return no(&Down{errors.New("too many tokens are asked about")})
	}
	i.busy++
	at := i.URL
	if at == "" {
		at = i.found
	}
	i.mu.Unlock()
	defer func() { i.mu.Lock(); i.busy--; i.mu.Unlock() }()
	ctx, cancel := outside(ctx)
	defer cancel()
	if at == "" {
		d, err := discover(ctx, i.Client, o.Issuer)
		if err == nil && d.Introspect == "" {
			err = errors.New("the issuer's configuration names no introspection")
		}
		if err != nil {
			return no(&Down{err})
		}
		at = d.Introspect
		i.mu.Lock()
		i.found = at
		i.mu.Unlock()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at, strings.NewReader(url.Values{"token": {token}, "token_type_hint": {"access_token"}}.Encode()))
	if err != nil {
		return no(&Down{errors.New("the address cannot be asked")})
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	if i.ID != "" {
		req.SetBasicAuth(url.QueryEscape(i.ID), url.QueryEscape(i.Secret)) // RFC 6749 section 2.3.1
	}
	b, err := do(i.Client, req)
	if err != nil {
		return no(&Down{err}) // a refusal here is one of guard, not of the token
	}
	var a answer
	all := map[string]any{}
	if json.Unmarshal(b, &a) != nil || json.Unmarshal(b, &all) != nil {
		return no(&Down{errors.New("the answer is none of an introspection")})
	}
	until := now.Add(i.Cache)
	if a.Exp > 0 {
		if exp := time.Unix(int64(a.Exp), 0); exp.Before(until) {
			until = exp
		}
	}
	switch {
	case !a.Active || a.Subject == "":
		return no(errors.New("the token is not active"))
	case a.Exp > 0 && now.Unix() >= int64(a.Exp) || a.Nbf > 0 && o.later(now).Unix() < int64(a.Nbf):
		return no(errors.New("the token is not valid at this time"))
	case a.Issuer != "" && a.Issuer != o.Issuer:
		return no(errors.New("the token is of another issuer"))
	case !(i.AnyAudience && len(a.Aud) == 0) && !slices.Contains(listed(decoded(a.Aud)), o.Audience):
		return no(errors.New("the token is for another audience"))
	}
	tenant, _ := all[o.Tenant].(string)
	return &guard.Principal{Subject: a.Subject, Tenant: tenant, Roles: listed(all[o.Roles])}, until, nil
}

func decoded(raw json.RawMessage) any {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return nil
	}
	return v
}

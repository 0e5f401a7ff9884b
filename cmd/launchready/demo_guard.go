package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/guard/policy"
	"github.com/launchready/launchready/report"
)

// loop is what came of a chatbot behind guard.
type loop struct {
	policy   []byte
	findings []report.Guarded
}

// rotated are all flaws but the guessable secret: as long as the application signs
// by it, what guard takes for its tokens may be anybody's.
func rotated() []string {
	return slices.DeleteFunc(flawIDs(), func(id string) bool { return id == "auth/weak-token-secret" })
}

// closeLoop drafts a policy from the report, serves by it in front of the chatbot,
// and asks there again what the policy stops.
func (p *program) closeLoop(ctx context.Context, s *staged, direct *lr.Report) (_ *loop, err error) {
	d, err := policy.Draft(direct, policy.Sketch{Listen: "127.0.0.1:8080", Upstream: s.URL, AdminRole: "admin", Auth: &policy.Auth{
		Issuer: "https://harbor.test", Audience: "harbor-api", JWKS: s.URL + "/.well-known/jwks.json", TenantClaim: "tid", RolesClaim: "role"}})
	if err != nil {
		return nil, err
	}
	l := &loop{policy: d.Text}
	if len(d.Checks) == 0 {
		l.findings = report.Behind(direct, &lr.Report{}, d.Open)
		return l, nil
	}
	pol, err := policy.Parse("launchready-demo.guard.yaml", d.Text)
	if err != nil {
		return nil, err
	}
	pipe, err := pol.Build(&policy.State{})
	if err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	front, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen as guard: %w", err)
	}
	srv := &http.Server{Handler: pipe, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(front) }()
	defer func() {
		err = errors.Join(err, srv.Close())
		if serve := <-failed; !errors.Is(serve, http.ErrServerClosed) {
			err = errors.Join(err, serve)
		}
	}()
	behind, err := s.audit(ctx, "the flawed chatbot behind guard", "http://"+front.Addr().String(), d.Checks)
	if err != nil {
		return nil, err
	}
	l.findings = report.Behind(direct, behind, d.Open)
	return l, nil
}

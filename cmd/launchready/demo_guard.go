package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/guard/ownership"
	"github.com/launchready/launchready/guard/policy"
	"github.com/launchready/launchready/report"
)

// loop is what came of a chatbot behind guard.
type loop struct {
	policy, description []byte
	findings            []report.Guarded
}

// Where the demo keeps the policy that guard stood in front by, and the
// description beside it.
const (
	demoPolicy      = "launchready-demo.guard.yaml"
	demoDescription = "launchready-demo.openapi.json"
)

// rotated are all flaws but the guessable secret: as long as the application signs
// by it, what guard takes for its tokens may be anybody's.
func rotated() []string {
	return slices.DeleteFunc(flawIDs(), func(id string) bool { return id == "auth/weak-token-secret" })
}

// closeLoop drafts a policy from the report, serves by it in front of the chatbot,
// and asks there again what the policy stops.
func (p *program) closeLoop(ctx context.Context, s *staged, direct *lr.Report) (_ *loop, err error) {
	spec, err := fetched(ctx, s.URL+"/openapi.json")
	if err != nil {
		return nil, fmt.Errorf("read the chatbot's description: %w", err)
	}
	d, err := policy.Draft(direct, policy.Sketch{Listen: "127.0.0.1:8080", Upstream: s.URL, AdminRole: "admin", Description: spec, DescriptionFile: demoDescription, Auth: &policy.Auth{
		Issuer: "https://harbor.test", Audience: "harbor-api", JWKS: s.URL + "/.well-known/jwks.json", TenantClaim: "tid", RolesClaim: "role"}})
	if err != nil {
		return nil, err
	}
	l := &loop{policy: d.Text, description: spec}
	if len(d.Checks) == 0 {
		l.findings = report.Behind(direct, &lr.Report{}, d.Open)
		return l, nil
	}
	pol, err := policy.Parse(demoPolicy, d.Text)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(s.dir, demoDescription), spec, 0o600); err != nil {
		return nil, fmt.Errorf("keep the description beside the policy: %w", err)
	}
	if err := tellOwners(ctx, s, pol); err != nil {
		return nil, err
	}
	state := &policy.State{Folder: s.dir}
	defer func() { err = errors.Join(err, state.Close()) }()
	pipe, err := pol.Build(state)
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

// tellOwners tells guard whose the objects are that were there before it, as
// whoever runs it does from the database.
func tellOwners(ctx context.Context, s *staged, pol *policy.Policy) error {
	store, err := pol.OpenOwners(ctx, &policy.State{Folder: s.dir})
	if err != nil || store == nil {
		return err
	}
	list, err := s.Owners(ctx)
	if err == nil {
		_, err = ownership.Import{Store: store}.CSV(ctx, bytes.NewReader(list))
	}
	return errors.Join(err, store.Close())
}

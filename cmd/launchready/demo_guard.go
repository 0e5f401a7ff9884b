package main

import (
	"bytes"
	"context"
	"crypto/sha256"
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
	own, key := s.Provider()
	d, err := policy.Draft(direct, policy.Sketch{Listen: "127.0.0.1:8080", Upstream: s.URL, AdminRole: "admin", Description: spec, DescriptionFile: demoDescription, Model: demoModel(own), Auth: &policy.Auth{
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
	proxy, err := pol.BuildModel(state, func(name string) (string, bool) { return key, name == demoKeyVariable })
	if err != nil {
		return nil, err
	}
	egress, closeEgress, err := fronted(ctx, proxy)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closeEgress()) }()
	s.AskModelAt(egress, demoVirtual)
	defer s.AskModelAt(own, key)
	s.StandBehind(pipe)
	front, closeFront, err := fronted(ctx, pipe)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closeFront()) }()
	behind, err := s.audit(ctx, "the flawed chatbot behind guard", front, d.Checks)
	if err != nil {
		return nil, err
	}
	l.findings = report.Behind(direct, behind, d.Open)
	open := report.OpenChecks(l.findings)
	if len(open) == 0 {
		return l, nil
	}
	// What others of the run have used up of guard's limits, or a busy machine, may leave a
	// check without an answer: those are asked again, by themselves.
	behind, err = s.audit(ctx, "what is open behind guard, by itself", front, open)
	if err != nil {
		return nil, err
	}
	l.findings = report.Settled(l.findings, report.Behind(direct, behind, d.Open))
	return l, nil
}

// fronted answers on a port of loopback, at the address that it gives, until it is closed.
func fronted(ctx context.Context, h http.Handler) (url string, closed func() error, err error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("listen as guard: %w", err)
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	return "http://" + l.Addr().String(), func() error {
		err := srv.Close()
		if serve := <-failed; !errors.Is(serve, http.ErrServerClosed) {
			err = errors.Join(err, serve)
		}
		return err
	}, nil
}

// What the chatbot holds in place of its provider's key, and where guard finds that.
const (
	demoVirtual     = "lrk_demo"
	demoKeyVariable = "MODEL_KEY"
)

// demoModel is the section model of a chatbot that has nothing but its own model: what
// the policy bounds is how long an answer is and how often a provider that fails is asked.
func demoModel(provider string) *policy.Model {
	m := &policy.Model{Listen: "127.0.0.1:8081", Models: []string{"harbor-*"}, Provenance: "off", Redact: &policy.ModelRedact{Prompts: []string{"none"}, Completions: []string{"none"}},
		Providers: map[string]policy.ModelProvider{"openai": {URL: provider, Key: "${env:" + demoKeyVariable + "}", TokensField: "max_tokens"}},
		Keys:      []policy.ModelKey{{Name: "harbor", SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte(demoVirtual))), Tenant: "harbor"}}}
	for _, name := range []string{"create_ticket", "crm_note", "delete_ticket", "get_ticket", "http_fetch", "invite_member", "search_docs", "send_email"} {
		m.Tools = append(m.Tools, policy.ModelTool{Name: name})
	}
	return m
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

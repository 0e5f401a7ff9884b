package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// standHere serves a stand until it is interrupted, for a tool that is run by
// hand: openapi.json and env, to be sourced, are in the current folder. What was
// counted is printed at the end, and when claims.txt is there it is judged: a
// claim a line, "object GET /v1/chats/{chat_id}".
func standHere(ctx context.Context, s *settings, which string) (err error) {
	if strings.Contains(which, "://") {
		return meterHere(ctx, s, which)
	}
	if which != "flawed" && which != "clean" {
		return fmt.Errorf("-stand %q: flawed, clean or the address of an application on loopback", which)
	}
	st, err := newStand(ctx, s, filepath.Join(s.dir, which), which == "flawed")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.close()) }()
	var env strings.Builder
	for _, name := range slices.Sorted(maps.Keys(st.env)) {
		fmt.Fprintf(&env, "export %s='%s'\n", name, st.env[name])
	}
	if err := errors.Join(os.WriteFile("env", []byte(env.String()), 0o600), os.WriteFile("openapi.json", st.spec, 0o600)); err != nil {
		return fmt.Errorf("write what a tool needs: %w", err)
	}
	fmt.Fprintln(s.out, st.meter.URL)
	<-ctx.Done()
	printTally(s, st.meter.read())
	var flaws []string
	if which == "flawed" {
		flaws = flawsOf(s.contest.rows)
	}
	b, err := os.ReadFile("claims.txt")
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the claims: %w", err)
	}
	printScore(s, s.contest.judge(claimsIn(string(b), st.meter.routes), flaws, publicIn(st.spec)))
	return nil
}

// meterHere counts what goes to another application.
func meterHere(ctx context.Context, s *settings, target string) error {
	var routes []string
	if b, err := os.ReadFile("openapi.json"); err == nil {
		routes = operationsIn(b)
	}
	m, err := newMeter(strings.TrimSuffix(target, "/"), routes)
	if err != nil {
		return err
	}
	fmt.Fprintln(s.out, m.URL)
	<-ctx.Done()
	printTally(s, m.read())
	return m.close()
}

// claimsIn reads claims as a person writes them; paths may have keys in them.
func claimsIn(text string, routes []string) []claim {
	var out []claim
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		switch {
		case len(f) == 2:
			out = append(out, claim{kind(f[0]), f[1]})
		case len(f) > 2:
			route, _ := operationOf(routes, f[1], f[2])
			out = append(out, claim{kind(f[0]), strings.Join(append([]string{route}, f[3:]...), " ")})
		}
	}
	return out
}

func printTally(s *settings, t tally) {
	fmt.Fprintf(s.out, "%d requests to %d operations; %d accepted changes of what the tool did not make, %d of them deletions\n", t.requests, t.operations, t.changed, t.deleted)
	for _, op := range slices.Sorted(maps.Keys(t.hurt)) {
		fmt.Fprintf(s.out, "  %4d %s\n", t.hurt[op], op)
	}
}

func printScore(s *settings, sc score) {
	fmt.Fprintf(s.out, "%d flaws found: %s\n%d false; traps: %s\n", len(sc.found), strings.Join(sc.found, ", "), len(sc.wrong), strings.Join(sc.traps, ", "))
	for _, c := range sc.wrong {
		fmt.Fprintf(s.out, "  %s %s\n", c.kind, c.route)
	}
}

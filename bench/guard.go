package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jwt"
)

// guardSettings are the flags of -only guard.
type guardSettings struct {
	caddy, nginx, litellm, gateway string // programs; empty: of these names on the PATH
	span                           time.Duration
	callers                        int
	rate                           int
	streams                        int
}

// measureGuard measures guard beside a bare httputil.ReverseProxy and other proxies, in
// one run: each a process of its own, on the same cores, in turn and in another order
// each round.
func measureGuard(ctx context.Context, s *settings) (err error) {
	f, stop, err := newField(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	for _, m := range []func(context.Context) error{f.idle, f.proxying, f.chatting, f.streaming} {
		if err := m(ctx); err != nil {
			return err
		}
	}
	return nil
}

// newField starts what stands behind the proxies, and who signs the caller's token.
func newField(ctx context.Context, s *settings) (*field, func() error, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	token, keys, err := identity()
	if err != nil {
		return nil, nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, fmt.Errorf("listen for the identity provider: %w", err)
	}
	provider := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(keys) // guard asks again
	})}
	go provider.Serve(l) //nolint:errcheck // it ends when it is closed
	_, said, stop, err := startQuiet(ctx, s.dir, 1, nil, self, "-part", "upstream")
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("start the upstream: %w", err), provider.Close())
	}
	up := said[0]
	f := &field{s: s, upstream: up, token: token, env: map[string]string{
		"UPSTREAM": up, "UPSTREAM_HOST": strings.TrimPrefix(up, "http://"), "JWKS": "http://" + l.Addr().String(), "KEY_HASH": keyHash()}}
	return f, func() error { return errors.Join(stop(), provider.Close()) }, nil
}

// identity makes a key, and a token that it signed.
func identity() (token string, keys []byte, err error) {
	raw, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", nil, fmt.Errorf("make a key: %w", err)
	}
	key, err := jwk.Import(raw)
	if err != nil {
		return "", nil, fmt.Errorf("make a key: %w", err)
	}
	t := jwt.New()
	for k, v := range map[string]any{"iss": "https://id.test", "aud": "api", "sub": "ann", "tid": "acme", "roles": []string{"member"}, "exp": time.Now().Add(24 * time.Hour)} {
		if err := t.Set(k, v); err != nil {
			return "", nil, fmt.Errorf("make a token: %w", err)
		}
	}
	if err := errors.Join(key.Set(jwk.KeyIDKey, "one"), key.Set(jwk.AlgorithmKey, jwa.RS256())); err != nil {
		return "", nil, fmt.Errorf("make a key: %w", err)
	}
	signed, err := jwt.Sign(t, jwt.WithKey(jwa.RS256(), key))
	if err != nil {
		return "", nil, fmt.Errorf("sign the token: %w", err)
	}
	public, err := key.PublicKey()
	if err != nil {
		return "", nil, fmt.Errorf("take the public key: %w", err)
	}
	set := jwk.NewSet()
	if err := set.AddKey(public); err != nil {
		return "", nil, fmt.Errorf("make the set of keys: %w", err)
	}
	keys, err = json.Marshal(set)
	return string(signed), keys, err
}

// policies are guard's files of the comparison.
func policies() (guard, chat string, err error) {
	g, err := written.ReadFile("peers/guard/launchready/guard.yaml")
	if err != nil {
		return "", "", err
	}
	c, err := written.ReadFile("peers/guard/launchready/chat.yaml")
	return string(g), string(c), err
}

// proxying compares CPU and latency on a route of JSON.
func (f *field) proxying(ctx context.Context) (err error) {
	var stages []int
	for n := range len(guardStages) + 1 {
		stages = append(stages, n)
	}
	all, err := f.proxies(ctx, stages)
	defer func() { err = errors.Join(err, stopAll(all)) }()
	if err != nil {
		return err
	}
	c, err := f.contend(ctx, all, "/v1/notes")
	if err != nil {
		return err
	}
	bare := all[0].name
	if err := c.table(f.s, fmt.Sprintf("POST of %d bytes of JSON, as many back, %d connections, medians of %d rounds of %s", answerSize, f.s.guard.callers, f.s.runs, f.s.guard.span), bare); err != nil {
		return err
	}
	if err := f.stageTable(c, bare); err != nil {
		return err
	}
	return f.open(ctx, f.withDirect(named(all)), "/v1/notes")
}

// measureLatency is what -only guard measures of latency, alone and so in more rounds.
func measureLatency(ctx context.Context, s *settings) (err error) {
	f, stop, err := newField(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	all, err := f.proxies(ctx, []int{withLimits, len(guardStages) - 1, len(guardStages)})
	defer func() { err = errors.Join(err, stopAll(all)) }()
	if err != nil {
		return err
	}
	return f.open(ctx, f.withDirect(all), "/v1/notes")
}

// withLimits is how many stages are auth, tenant and limits.
const withLimits = 3

// proxies starts the bare one, those of somebody else that are there, and guard with so
// many stages each time. What was started is to be stopped by the caller, also after an
// error.
func (f *field) proxies(ctx context.Context, stages []int) (all []*subject, err error) {
	bare, err := f.startBare(ctx)
	if err != nil {
		return nil, err
	}
	all = append(all, bare)
	for _, peer := range []struct{ name, path string }{{"caddy", f.s.guard.caddy}, {"nginx", f.s.guard.nginx}} {
		p, err := f.startPeer(ctx, peer.name, peer.path)
		if err != nil {
			return all, err
		}
		if p != nil {
			all = append(all, p)
		}
	}
	policy, _, err := policies()
	if err != nil {
		return all, err
	}
	for _, n := range stages {
		name := "guard, no stage"
		switch {
		case n == withLimits:
			name = "guard + limits: auth, tenant, limits"
		case n == len(guardStages):
			name = "guard + log: everything"
		case n > 0:
			name = "guard + " + guardStages[n-1]
		}
		g, _, err := f.startGuard(ctx, name, staged(policy, n))
		if err != nil {
			return all, err
		}
		all = append(all, g)
	}
	return all, nil
}

// named are those whose policy has a name beside its last stage, and those that have none.
func named(all []*subject) []*subject {
	return slices.DeleteFunc(slices.Clone(all), func(s *subject) bool {
		return strings.HasPrefix(s.name, "guard") && !strings.Contains(s.name, ":")
	})
}

// withDirect puts the way without a proxy first.
func (f *field) withDirect(all []*subject) []*subject {
	return append([]*subject{{name: "direct", address: strings.TrimPrefix(f.upstream, "http://"), header: all[0].header}}, all...)
}

// chatting compares gateways on the same chat route before the same provider.
func (f *field) chatting(ctx context.Context) (err error) {
	var all []*subject
	defer func() { err = errors.Join(err, stopAll(all)) }()
	_, policy, err := policies()
	if err != nil {
		return err
	}
	front, models, err := f.startGuard(ctx, "guard, front with spend", policy)
	if err != nil {
		return err
	}
	all = append(all, front, models)
	bare, err := f.startBare(ctx)
	if err != nil {
		return err
	}
	all = append(all, bare)
	for name, path := range map[string]string{"litellm": f.s.guard.litellm, "gateway": f.s.guard.gateway} {
		p, err := f.startPeer(ctx, name, path)
		if err != nil {
			return err
		}
		if p != nil {
			all = append(all, p)
		}
	}
	const path = "/v1/chat/completions"
	c, err := f.contend(ctx, all, path)
	if err != nil {
		return err
	}
	base := bare.name
	if _, ok := c.cpu["litellm"]; ok {
		base = "litellm"
	}
	if err := c.table(f.s, fmt.Sprintf("chat completions of OpenAI, %d connections, medians of %d rounds of %s", f.s.guard.callers, f.s.runs, f.s.guard.span), base); err != nil {
		return err
	}
	direct := &subject{name: "direct", address: strings.TrimPrefix(f.upstream, "http://"), header: bare.header}
	return f.firstByte(ctx, append([]*subject{direct}, all...), path)
}

func stopAll(all []*subject) error {
	var errs []error
	for _, s := range all {
		errs = append(errs, s.stop())
	}
	return errors.Join(errs...)
}

// contention is what the rounds of one comparison gave, by the subject's name.
type contention struct {
	names   []string
	cpu     map[string][]float64 // microseconds a request
	rate    map[string][]float64 // requests a second
	answers map[string]int
	broken  map[string]int // of them
}

// contend asks each in turn, as fast as so many connections do.
func (f *field) contend(ctx context.Context, all []*subject, path string) (*contention, error) {
	c := &contention{cpu: map[string][]float64{}, rate: map[string][]float64{}, answers: map[string]int{}, broken: map[string]int{}}
	for _, s := range all {
		c.names = append(c.names, s.name)
	}
	for round := range f.s.runs {
		for _, s := range turned(all, round) {
			request := question(path, s.header, false)
			err := s.over(ctx, f.s.guard.callers, func(lines callers) error {
				if err := right(lines[0], request); err != nil {
					return err
				}
				if _, err := lines.closed(ctx, request, f.s.guard.span/5); err != nil { // not counted: caches, connections, compilers
					return err
				}
				before, started := treeCPU(s.pid), time.Now()
				n, err := lines.closed(ctx, request, f.s.guard.span)
				cpu, took := treeCPU(s.pid)-before, time.Since(started)
				if err != nil {
					return err
				}
				if n == 0 || cpu <= 0 {
					return fmt.Errorf("%d answers and %s of CPU are no measurement", n, cpu)
				}
				c.cpu[s.name] = append(c.cpu[s.name], float64(cpu.Microseconds())/float64(n))
				c.rate[s.name] = append(c.rate[s.name], float64(n)/took.Seconds())
				c.answers[s.name] += n
				c.broken[s.name] += lines.broken()
				return nil
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return c, nil
}

// right says whether the answer is the upstream's: a proxy that refuses is fast.
func right(w *wire, request []byte) error {
	var body bytes.Buffer
	r, err := w.ask(request, &body)
	if err == nil && (r.status != http.StatusOK || !bytes.Contains(body.Bytes(), []byte("note note note"))) {
		err = fmt.Errorf("it answers %d: %.300s", r.status, body.Bytes())
	}
	return err
}

// turned is another order each round: the first after a pause, or after a heavy one, has
// neither luck nor harm for good.
func turned(all []*subject, round int) []*subject {
	out := slices.Clone(all)
	if round%2 == 1 {
		slices.Reverse(out)
	}
	k := round * len(out) / 3 % len(out)
	return append(out[k:], out[:k]...)
}

// times compares two of one round each: what disturbs a round disturbs both.
func (c *contention) times(name, base string) []float64 {
	var out []float64
	for i, v := range c.cpu[name] {
		out = append(out, v/c.cpu[base][i])
	}
	return out
}

func (c *contention) table(s *settings, title, base string) error {
	var rows [][]string
	for _, n := range c.names {
		rows = append(rows, []string{n, spread(c.cpu[n], 1), spread(c.times(n, base), 2), fmt.Sprintf("%.0f", 1e6/median(c.cpu[n])), fmt.Sprintf("%.0f", median(c.rate[n])), fmt.Sprint(c.answers[n]), fmt.Sprint(c.broken[n])})
	}
	return table(s, title, []string{"proxy", "CPU µs a request", "times " + base, "requests a CPU second", "requests a second", "answers", "broken"}, rows)
}

// stageTable tells what each stage adds.
func (f *field) stageTable(c *contention, base string) error {
	var rows [][]string
	before := ""
	for _, n := range c.names {
		if !strings.HasPrefix(n, "guard") {
			continue
		}
		from := base
		if before != "" {
			from = before
		}
		var added []float64
		for i, v := range c.cpu[n] {
			added = append(added, v-c.cpu[from][i])
		}
		rows = append(rows, []string{n, from, spread(added, 1), spread(c.times(n, base), 2)})
		before = n
	}
	return table(f.s, "what a stage adds, of the same rounds", []string{"policy", "beside", "added CPU µs", "times " + base}, rows)
}

// spread is a median with the least and the most.
func spread(in []float64, digits int) string {
	if len(in) == 0 {
		return "-"
	}
	return fmt.Sprintf("%.*f (%.*f to %.*f)", digits, median(in), digits, slices.Min(in), digits, slices.Max(in))
}

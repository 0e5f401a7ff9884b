// Package redis keeps guard's counters on a Redis or Valkey, for several replicas.
//
// What it holds may be lost: a rate that is forgotten is an allowance more, once.
// So that it is not forgotten when memory is short, a server that evicts keys is
// refused. A slot is a lease: it ends by itself when the process that holds it is gone.
package redis

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"github.com/launchready/launchready/guard/state"
)

var (
	//go:embed take.lua
	takeText string
	//go:embed give.lua
	giveText string
	//go:embed renew.lua
	renewText string
)

// Options are those of a store.
type Options struct {
	URL      string        // redis://user:password@host:6379/0
	Prefix   string        // of keys; "": launchready
	Lease    time.Duration // how long a slot outlives its process; 0: 30 s
	Patience time.Duration // for an answer; 0: 500 ms
}

// Counters is state.Counters on a server. It connects when it is first asked,
// and again when the server is back.
type Counters struct {
	o                 Options
	take, give, renew *rueidis.Lua
	turns             atomic.Uint64 // how often a link was written to

	mu     sync.Mutex
	client rueidis.Client
	tried  time.Time
	why    error
	held   map[string][]string // the keys of slots, by lease
	stop   chan struct{}       // closed at the end; nil: nothing is renewed yet
	done   sync.WaitGroup
	closed bool
}

const pause = time.Second // between two tries to connect

// New judges the address and connects to nothing.
func New(o Options) (*Counters, error) {
	if _, err := rueidis.ParseURL(o.URL); err != nil {
		return nil, errors.New("the address of the Redis server is no URL as redis://host:6379/0") // it may hold a password
	}
	if o.Prefix == "" {
		o.Prefix = "launchready"
	}
	if o.Lease == 0 {
		o.Lease = 30 * time.Second
	}
	if o.Patience == 0 {
		o.Patience = 500 * time.Millisecond
	}
	return &Counters{o: o, take: rueidis.NewLuaScript(takeText), give: rueidis.NewLuaScript(giveText), renew: rueidis.NewLuaScript(renewText), held: map[string][]string{}}, nil
}

// connected gives the client, and connects where there is none.
func (c *Counters) connected(ctx context.Context) (rueidis.Client, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return nil, errors.New("the store is closed")
	case c.client != nil:
		return c.client, nil
	case c.why != nil && time.Since(c.tried) < pause:
		return nil, c.why
	}
	c.tried = time.Now()
	// Others wait for it too: a caller that leaves does not end it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.o.Patience)
	defer cancel()
	c.client, c.why = c.dial(ctx)
	return c.client, c.why
}

func (c *Counters) dial(ctx context.Context) (rueidis.Client, error) {
	o, err := rueidis.ParseURL(c.o.URL)
	if err != nil {
		return nil, errors.New("the address of the Redis server is no URL")
	}
	o.DisableRetry, o.DisableCache, o.ForceSingleClient = true, true, true
	o.Dialer.Timeout, o.ConnWriteTimeout = c.o.Patience, c.o.Patience
	c.linked(&o)
	client, err := rueidis.NewClient(o)
	if err != nil {
		return nil, fmt.Errorf("connect to Redis: %w", err)
	}
	if err := lasting(ctx, client); err != nil {
		client.Close()
		return nil, err
	}
	return client, nil
}

// lasting refuses a server that drops keys when its memory is short: a counter
// that was dropped lets in who should wait.
func lasting(ctx context.Context, client rueidis.Client) error {
	info, err := client.Do(ctx, client.B().Info().Section("memory").Build()).ToString()
	if err != nil {
		return fmt.Errorf("ask Redis for its memory: %w", err)
	}
	facts := map[string]string{}
	for line := range strings.Lines(info) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			facts[k] = v
		}
	}
	if p := facts["maxmemory_policy"]; facts["maxmemory"] != "0" && p != "" && p != "noeviction" {
		return fmt.Errorf("the Redis server evicts keys (maxmemory-policy %s), and a counter that is gone lets everybody in: set noeviction", p)
	}
	return nil
}

// names are the keys of an ask. All are in one slot of a cluster: one script
// counts them together.
func (c *Counters) names(asks []state.Ask) []string {
	out := make([]string, 0, 2*len(asks))
	for _, a := range asks {
		k := "{" + c.o.Prefix + "}" + a.Key.String()
		out = append(out, k+"#r", k+"#s")
	}
	return out
}

// member is a lease with its length, by which a script tells one that was made before
// the server's clock was set back.
func (c *Counters) member(lease string) string { return lease + " " + micros(c.o.Lease) }

// demoted leaves a server that became a replica of another: the address may lead to
// the new one.
func (c *Counters) demoted(client rueidis.Client, err error) {
	if _, is := rueidis.IsRedisErr(err); !is || !strings.Contains(err.Error(), "READONLY") {
		return
	}
	c.mu.Lock()
	mine := c.client == client
	if mine {
		c.client, c.why, c.tried = nil, err, time.Now() // the same one may be met again
	}
	c.mu.Unlock()
	if mine {
		client.Close()
	}
}

func micros(d time.Duration) string {
	if d > 0 {
		return strconv.FormatInt(max(d.Microseconds(), 1), 10)
	}
	return "0"
}

// Take counts a request.
func (c *Counters) Take(ctx context.Context, lease string, asks []state.Ask) (state.Verdict, error) {
	left := ctx.Err()
	// A caller that leaves while it is counted must not leave a slot behind.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.o.Patience)
	defer cancel()
	client, err := c.connected(ctx)
	if err = errors.Join(err, left); err != nil {
		return state.Verdict{}, err
	}
	args := make([]string, 0, 2+5*len(asks))
	args = append(args, c.member(lease), micros(c.o.Lease))
	var slots []string
	names := c.names(asks)
	for i, a := range asks {
		look := "0"
		if a.Look {
			look = "1"
		}
		args = append(args, micros(a.Each), strconv.Itoa(a.Burst), strconv.Itoa(a.Slots), look, strconv.Itoa(max(a.Cost, 1)))
		if a.Slots > 0 && !a.Look {
			slots = append(slots, names[2*i+1])
		}
	}
	n, err := c.again(func() rueidis.RedisResult { return c.take.Exec(ctx, client, names, args) }).AsIntSlice()
	if err != nil {
		c.demoted(client, err)
		return state.Verdict{}, fmt.Errorf("count in Redis: %w", err)
	}
	if len(n) != 6 || n[1] < 1 || int(n[1]) > len(asks) {
		return state.Verdict{}, errors.New("count in Redis: the answer is not one of the script's")
	}
	v := state.Verdict{OK: n[0] == 1, By: int(n[1] - 1), Slot: n[2] == 1, Wait: time.Duration(n[3]) * time.Microsecond, Left: int(n[4]), Full: time.Duration(n[5]) * time.Microsecond}
	if v.OK && len(slots) > 0 {
		c.hold(lease, slots)
	}
	return v, nil
}

// Give frees the slots.
func (c *Counters) Give(ctx context.Context, lease string, asks []state.Ask, undo bool) error {
	names := c.names(asks)
	c.mu.Lock()
	left := c.held[lease][:0:0]
	for _, k := range c.held[lease] { // a request may hold slots of two checks
		mine := false
		for i := range asks {
			mine = mine || names[2*i+1] == k
		}
		if !mine {
			left = append(left, k)
		}
	}
	if c.held[lease] = left; len(left) == 0 {
		delete(c.held, lease)
	}
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, c.o.Patience)
	defer cancel()
	client, err := c.connected(ctx)
	if err != nil {
		return err
	}
	args := []string{c.member(lease), "0"}
	if undo {
		args[1] = "1"
	}
	for _, a := range asks {
		if a.Look {
			args = append(args, "0", "1")
			continue
		}
		args = append(args, micros(a.Each), strconv.Itoa(max(a.Cost, 1)))
	}
	if err := c.again(func() rueidis.RedisResult { return c.give.Exec(ctx, client, names, args) }).Error(); err != nil {
		c.demoted(client, err)
		return fmt.Errorf("give back in Redis: %w", err)
	}
	return nil
}

// hold remembers what is to be renewed.
func (c *Counters) hold(lease string, slots []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held[lease] = append(c.held[lease], slots...)
	if c.stop == nil && !c.closed {
		stop := make(chan struct{})
		c.stop = stop
		c.done.Go(func() { c.renewal(stop) })
	}
}

// renewal lengthens all leases three times in their length.
func (c *Counters) renewal(stop <-chan struct{}) {
	t := time.NewTicker(c.o.Lease / 3)
	defer t.Stop()
	for {
		select {
		case <-stop:
			return
		case <-t.C:
			c.lengthen()
		}
	}
}

const batch = 500 // leases in one script, which holds the server up

func (c *Counters) lengthen() {
	ctx, cancel := context.WithTimeout(context.Background(), c.o.Lease/3)
	defer cancel()
	c.mu.Lock()
	var keys, leases, of []string
	for lease, slots := range c.held {
		for _, k := range slots {
			keys, leases = append(keys, k), append(leases, c.member(lease))
			of = append(of, lease)
		}
	}
	c.mu.Unlock()
	client, err := c.connected(ctx)
	if err != nil {
		return // what cannot be renewed now is at the next turn
	}
	for from := 0; from < len(keys); from += batch {
		to := min(from+batch, len(keys))
		args := append([]string{micros(c.o.Lease)}, leases[from:to]...)
		_ = c.again(func() rueidis.RedisResult { return c.renew.Exec(ctx, client, keys[from:to], args) }).Error()
	}
	c.mu.Lock()
	var gone [][2]string // given back in the meantime
	for i, lease := range of {
		if !slices.Contains(c.held[lease], keys[i]) {
			gone = append(gone, [2]string{keys[i], leases[i]})
		}
	}
	c.mu.Unlock()
	for _, g := range gone {
		_ = c.again(func() rueidis.RedisResult { return client.Do(ctx, client.B().Zrem().Key(g[0]).Member(g[1]).Build()) }).Error()
	}
}

// Close ends the connection. Leases that are held end by themselves.
func (c *Counters) Close() {
	c.mu.Lock()
	stop, client := c.stop, c.client
	c.closed, c.client, c.stop = true, nil, nil
	c.mu.Unlock()
	if stop != nil {
		close(stop)
	}
	c.done.Wait()
	if client != nil {
		client.Close()
	}
}

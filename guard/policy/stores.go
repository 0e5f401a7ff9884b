package policy

import (
	"errors"
	"strings"
	"time"

	"github.com/launchready/launchready/guard/kill"
	"github.com/launchready/launchready/guard/limits"
	"github.com/launchready/launchready/guard/retry"
	"github.com/launchready/launchready/guard/state"
	"github.com/launchready/launchready/store/ledger"
	"github.com/launchready/launchready/store/redis"
)

// Stores say where guard remembers what several requests share.
type Stores struct {
	Counters string `yaml:"counters,omitempty"` // memory, or a reference to redis://…
	Ledger   string `yaml:"ledger,omitempty"`   // memory, sqlite:FILE, or a reference to postgres://…
	Lease    string `yaml:"lease,omitempty"`    // 30s: how long a slot outlives a process that died
	Patience string `yaml:"patience,omitempty"` // 500ms: how long Redis may take to answer before the request is refused
}

// traffic is what outlives a reload. The zero value is ready.
type traffic struct {
	Counters state.Memory
	Book     state.Book
	Replies  state.Replies
	Queue    limits.Queue
	Kill     kill.Board
	Retries  retry.Budget

	redis   map[string]*redis.Counters
	ledgers map[string]*ledger.Store
}

// Close ends the connections of the stores.
func (s *State) Close() error {
	var errs []error
	for _, c := range s.Memory.redis {
		c.Close()
	}
	for _, l := range s.Memory.ledgers {
		errs = append(errs, l.Close())
	}
	s.Memory.redis, s.Memory.ledgers = nil, nil
	return errors.Join(append(errs, s.owners.close())...)
}

const memory = "memory"

func (j *judge) stores(p *Policy) {
	s := p.Stores
	if s == nil {
		return
	}
	if c := s.Counters; c != "" && c != memory && !reference(c) {
		j.fail("state.counters", "state.counters is memory, or a reference to redis://…: ${env:NAME} or file:PATH, since it holds a password")
	}
	j.time("state.lease", s.Lease)
	j.time("state.patience", s.Patience)
	if d, err := span(s.Lease); err == nil && d != 0 && (d < time.Second || d > time.Hour) {
		j.fail("state.lease", "state.lease is 1s to 1h")
	}
	if l := s.Ledger; l != "" && l != memory && !reference(l) && (!strings.HasPrefix(l, "sqlite:") || l == "sqlite:") {
		j.fail("state.ledger", "state.ledger is memory, sqlite:FILE, or a reference to postgres://…: ${env:NAME} or file:PATH, since it holds a password")
	}
}

// counters are those that the policy names. Nothing is connected here: a store
// that is down when guard starts is asked again with each request.
func (p *Policy) counters(s *State) (state.Counters, error) {
	if s.Now != nil && s.Memory.Counters.Now == nil { // once: requests of the pipeline before may be under way
		s.Memory.Counters.Now = s.Now
	}
	if p.Stores == nil || p.Stores.Counters == "" || p.Stores.Counters == memory {
		return &s.Memory.Counters, nil
	}
	ref, err := s.secret(p.Stores.Counters)
	if err != nil {
		return nil, p.wrong("state.counters", err)
	}
	at := string(ref)
	lease, err := span(p.Stores.Lease)
	if err != nil {
		return nil, err
	}
	patience, err := span(p.Stores.Patience)
	if err != nil {
		return nil, err
	}
	key := at + " " + lease.String() + " " + patience.String()
	if c := s.Memory.redis[key]; c != nil {
		return c, nil
	}
	c, err := redis.New(redis.Options{URL: at, Lease: lease, Patience: patience})
	if err != nil {
		return nil, p.wrong("state.counters", err)
	}
	if s.Memory.redis == nil {
		s.Memory.redis = map[string]*redis.Counters{}
	}
	s.Memory.redis[key] = c
	s.Memory.Queue.Poll = 50 * time.Millisecond // other replicas free slots, too
	return c, nil
}

// postgres is the address that a reference means; at is where the policy has it.
func (p *Policy) postgres(s *State, at, ref string) (string, error) {
	b, err := s.secret(ref)
	if err != nil {
		return "", p.wrong(at, err)
	}
	if to := string(b); strings.HasPrefix(to, "postgres://") || strings.HasPrefix(to, "postgresql://") {
		return to, nil
	}
	return "", p.wrong(at, errors.New("it refers to no address as postgres://host/name")) // it may hold a password
}

// store is the SQL store that the policy names, or nil for memory.
func (p *Policy) store(s *State) (*ledger.Store, error) {
	if p.Stores == nil || p.Stores.Ledger == "" || p.Stores.Ledger == memory {
		return nil, nil
	}
	at, open := p.Stores.Ledger, ledger.Postgres
	if file, ok := strings.CutPrefix(at, "sqlite:"); ok {
		at, open = s.path(file), ledger.SQLite
	} else {
		address, err := p.postgres(s, "state.ledger", at)
		if err != nil {
			return nil, err
		}
		at = address
	}
	if l := s.Memory.ledgers[at]; l != nil {
		return l, nil
	}
	l, err := open(at)
	if err != nil {
		return nil, p.wrong("state.ledger", err)
	}
	if s.Memory.ledgers == nil {
		s.Memory.ledgers = map[string]*ledger.Store{}
	}
	s.Memory.ledgers[at] = l
	return l, nil
}

func (p *Policy) ledger(s *State) (state.Ledger, error) {
	l, err := p.store(s)
	if err != nil || l != nil {
		return l, err
	}
	if s.Memory.Book.Now == nil { // once, as above
		s.Memory.Book.Now = s.clock()
	}
	return &s.Memory.Book, nil
}

func (p *Policy) answers(s *State) (state.Answers, error) {
	l, err := p.store(s)
	if err != nil || l != nil {
		return l, err
	}
	if s.Now != nil && s.Memory.Replies.Now == nil { // once, as above
		s.Memory.Replies.Now = s.Now
	}
	return &s.Memory.Replies, nil
}

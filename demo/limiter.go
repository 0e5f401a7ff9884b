package demo

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// limiter counts by key: so many at once, and one more each while (the generic
// cell rate algorithm, ITU-T I.371).
type limiter struct {
	now func() time.Time

	mu     sync.Mutex
	due    map[string]time.Time // when the key's bucket is empty again
	closed time.Time            // until then only the customer of first is served
	first  string
	young  map[string]bool // users by id: made within a day
}

func newLimiter(now func() time.Time) *limiter {
	return &limiter{now: now, due: map[string]time.Time{}, young: map[string]bool{}}
}

// quota is how much a key may have at once, and how long one more takes.
type quota struct {
	burst int
	each  time.Duration
}

// What may be asked of the assistant. A user of less than a day, and the users
// of that kind of one customer together, may ask little: that is what whoever
// makes accounts by a script gets.
var (
	newUser    = quota{20, time.Second}
	newUsers   = quota{50, 500 * time.Millisecond}
	knownUser  = quota{400, 10 * time.Millisecond}
	knownUsers = quota{1200, 3 * time.Millisecond}
)

// What the questions of a user and of a customer's users may hold together, in
// tokens of questions and, at the least, of answers.
var (
	youngTokens      = quota{20_000, 2 * time.Millisecond}
	youngAllTokens   = quota{70_000, time.Millisecond}
	knownTokens      = quota{4_000_000, 10 * time.Microsecond}
	knownAllTokens   = quota{12_000_000, 3 * time.Microsecond}
	tokensOfAnAnswer = longestAnswer / 4
)

// take counts one for the key, or tells how long to wait.
func (l *limiter) take(key string, q quota) time.Duration { return l.takeN(key, q, 1) }

func (l *limiter) takeN(key string, q quota, n int) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	at := l.due[key]
	if at.Before(now) {
		at = now
	}
	if wait := at.Sub(now) - time.Duration(q.burst-n)*q.each; wait > 0 {
		return wait
	}
	l.due[key] = at.Add(time.Duration(n) * q.each)
	return 0
}

// turn lets a question of the caller's reach the model, and leave is called when
// the answer is there. It counts the question and its tokens by user and by
// customer, and takes a place among those that are answered now.
func (s *Server) turn(r *http.Request, counted bool, text string) (leave func(), err error) {
	return s.turnFrom(r.Context(), who(r), r, counted, text)
}

func (s *Server) turnFrom(ctx context.Context, p *principal, r *http.Request, counted bool, text string) (leave func(), err error) {
	if counted {
		if err := s.admit(ctx, p, r); err != nil {
			return nil, err
		}
	}
	young, err := s.young(ctx, p.UserID)
	if err != nil {
		return nil, err
	}
	if !s.flaws.Has("limits/token-cap") {
		if wait := s.tokensFor(p, young, len(text)/4+tokensOfAnAnswer); wait > 0 {
			return nil, s.tooMany(wait)
		}
	}
	return s.place(ctx, p, young)
}

// tokensFor counts tokens by user and customer.
func (s *Server) tokensFor(p *principal, young bool, n int) time.Duration {
	user, customer := knownTokens, knownAllTokens
	if young {
		user, customer = youngTokens, youngAllTokens
	}
	if wait := s.limits.takeN("tokens of "+p.UserID, user, n); wait > 0 {
		return wait
	}
	return s.limits.takeN("tokens of "+p.TenantID+" "+strconv.FormatBool(young), customer, n)
}

// admit counts a question by its user and by the user's customer before the
// model is asked.
func (s *Server) admit(ctx context.Context, p *principal, r *http.Request) error {
	young, err := s.young(ctx, p.UserID)
	if err != nil {
		return err
	}
	user, customer, key := knownUser, knownUsers, "user "+p.UserID
	if young {
		user, customer = newUser, newUsers
	}
	if s.flaws.Has("limits/forwarded-header") {
		key += r.Header.Get("X-Forwarded-For")
	}
	if s.flaws.Has("limits/route-spelling") {
		key += r.RequestURI
	}
	if s.flaws.Has("limits/neighbour") {
		if wait := s.limits.shut(p.TenantID); wait > 0 {
			return s.tooMany(wait)
		}
	}
	wait := s.limits.take(key, user)
	if wait == 0 && !s.flaws.Has("limits/organisation") {
		wait = s.limits.take("customer "+p.TenantID+" "+strconv.FormatBool(young), customer)
	}
	if wait == 0 {
		return nil
	}
	if s.flaws.Has("limits/neighbour") {
		s.limits.shutFor(p.TenantID, time.Second)
	}
	return s.tooMany(wait)
}

func (s *Server) tooMany(wait time.Duration) error {
	p := newProblem(http.StatusTooManyRequests, "too many questions, wait a moment")
	if !s.flaws.Has("limits/retry-after") {
		p.retryAfter = strconv.Itoa(int((wait + time.Second - 1) / time.Second))
	}
	return p
}

// young reports whether the user was made within a day.
func (s *Server) young(ctx context.Context, user string) (bool, error) {
	s.limits.mu.Lock()
	young, known := s.limits.young[user]
	s.limits.mu.Unlock()
	if known {
		return young, nil
	}
	made, err := one(ctx, s.db, scalar[string], `select created_at from users where id = ?`, user)
	if err != nil {
		return false, err
	}
	young = strings.Compare(made, stamp(s.now().Add(-24*time.Hour))) > 0
	s.limits.mu.Lock()
	defer s.limits.mu.Unlock()
	s.limits.young[user] = young
	return young, nil
}

// shut tells how long the customer waits until another one, who asked too much,
// has caught up.
func (l *limiter) shut(customer string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if customer == l.first {
		return 0
	}
	return max(l.closed.Sub(l.now()), 0)
}

func (l *limiter) shutFor(first string, d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.first, l.closed = first, l.now().Add(d)
}

package probe

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	lr "github.com/launchready/launchready"
)

// vitals notices when the target has stopped answering.
type vitals struct {
	after int

	mu     sync.Mutex
	streak int
	spoke  string // the last request that was answered
	first  string // the first one of the streak, which may have been the blow
	why    string
	lost   bool
	asking bool
	good   string // path of a GET that was answered
}

// Lost tells whether the target was given up, and the last request that it
// answered before, or the first that it did not when it never answered.
func (c *Client) Lost() (last string, ok bool) {
	v := &c.vitals
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.spoke == "" {
		return v.first, v.lost
	}
	return v.spoke, v.lost
}

func (v *vitals) err() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.lost {
		return nil
	}
	if v.spoke == "" {
		return fmt.Errorf("%w: it never did; first asked %s: %s", lr.ErrLost, v.first, v.why)
	}
	return fmt.Errorf("%w: %s was answered last, %s first was not: %s", lr.ErrLost, v.spoke, v.first, v.why)
}

func (v *vitals) alive(what, good string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.streak, v.spoke = 0, what
	if good != "" {
		v.good = good
	}
}

// failed notes a request that brought no answer, retries included, and reports
// whether it is time to make sure.
func (v *vitals) failed(what, why string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.streak == 0 {
		v.first, v.why = what, why
	}
	v.streak++
	if v.streak < v.after || v.asking || v.lost {
		return false
	}
	v.asking = true
	return true
}

// gateway reports a status by which a proxy says that nothing is behind it.
func gateway(status int) bool {
	return status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout
}

// feel keeps the vitals after a request has ended, with all its retries.
func (c *Client) feel(ctx context.Context, t *attempt, x *lr.Exchange, f *fault) {
	var why string
	switch {
	case f != nil && (f.local || ctx.Err() != nil):
		return
	case f != nil && x == nil:
		why = c.masks.hide(f.err.Error())
	case x != nil && gateway(x.Status):
		why = x.Method + " answered " + http.StatusText(x.Status)
	default:
		good := ""
		if t.method() == http.MethodGet && t.to.origin() == (address{c.o.Base.Scheme, c.o.Base.Host, ""}).origin() {
			good = t.r.Path
		}
		c.vitals.alive(t.method()+" "+t.shown.target, good)
		return
	}
	if !c.vitals.failed(t.method()+" "+t.shown.target, why) {
		return
	}
	// One route that kills its connection is not a lost target: ask another,
	// one that was answered before if there is one.
	ok := c.ping(ctx)
	v := &c.vitals
	v.mu.Lock()
	defer v.mu.Unlock()
	v.asking = false
	if ok {
		v.streak = 0
		return
	}
	if ctx.Err() == nil {
		v.lost = true
		c.o.Log.Warn("target lost", "last", v.spoke, "unanswered", v.first, "reason", v.why)
	}
}

func (c *Client) ping(ctx context.Context) bool {
	c.vitals.mu.Lock()
	path := c.vitals.good
	c.vitals.mu.Unlock()
	if path == "" {
		path = "/"
	}
	if c.spend() != nil {
		return true // the budget speaks for itself
	}
	t, err := c.prepare(nil, &lr.Request{Method: http.MethodGet, Path: path, Note: "is the target alive"}, lr.Credential{})
	if err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, min(c.o.Timeout, 10*time.Second))
	defer cancel()
	x, f := t.send(ctx)
	return (f == nil || x != nil) && !gateway(x.Status)
}

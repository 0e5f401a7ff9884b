package probe

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	lr "github.com/launchready/launchready"
)

// Sessions keeps accounts signed in. The client asks it before each request of
// an account whose request names no credential of its own, from many goroutines.
type Sessions interface {
	// Credential is what the account sends now; one that is about to expire is
	// renewed first. An account that the sessions do not keep gets its own back.
	Credential(ctx context.Context, a *lr.Account) (lr.Credential, error)
	// Renew is called when a reply to used looks like an ended session. It finds
	// out whether used is dead and answers the credential to send now, which is
	// used itself when it lives. An error means that the account cannot be
	// signed in any more, and names it.
	Renew(ctx context.Context, a *lr.Account, used lr.Credential) (lr.Credential, error)
}

// credential is what to send, and whether it may be renewed.
func (c *Client) credential(ctx context.Context, as *lr.Account, r *lr.Request) (lr.Credential, bool, error) {
	switch {
	case r.Credential != nil:
		return *r.Credential, false, nil
	case as == nil:
		return lr.Credential{}, false, nil
	}
	cred, live := as.Credential, c.sessions != nil
	if live {
		var err error
		if cred, err = c.sessions.Credential(ctx, as); err != nil {
			return lr.Credential{}, false, err
		}
	}
	c.Mask(cred.Token, cred.Refresh)
	return cred, live, nil
}

// askedLately bounds how often an ambiguous refusal makes the client ask.
type askedLately struct {
	mu sync.Mutex
	at map[*lr.Account]time.Time
}

func (l *askedLately) ask(a *lr.Account, now time.Time, every time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.at == nil {
		l.at = map[*lr.Account]time.Time{}
	}
	if t, ok := l.at[a]; ok && now.Sub(t) < every {
		return false
	}
	l.at[a] = now
	return true
}

// endedSession reports whether the reply may mean that the session has ended:
// 401; 419 and 440, which two frameworks use for it; a redirect to a sign-in
// page; and now and then a 403, which some applications say for it and others
// for every other refusal.
func (c *Client) endedSession(as *lr.Account, x *lr.Exchange) bool {
	switch x.Status {
	case http.StatusUnauthorized, 419, 440:
		return true
	case http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect:
		to := strings.ToLower(x.Header.Get("Location"))
		return strings.Contains(to, "login") || strings.Contains(to, "signin") || strings.Contains(to, "sign-in") || strings.Contains(to, "sign_in")
	case http.StatusForbidden:
		return c.asked.ask(as, c.o.Now(), 10*time.Second)
	}
	return false
}

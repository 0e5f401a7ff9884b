package limits

import (
	"context"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
)

// guesses is how many wrong passwords are tried: more than any person types.
const guesses = 80

// signInSubject names the sign-in in findings.
func signInSubject(t *lr.Trial) string {
	if t.Target.SignIn != nil {
		return t.Target.SignIn.String()
	}
	return "sign-in"
}

// locks reports an answer that says more than that the password is wrong: the
// door is closed for a while (423, 403 after 401) or asks for something else.
func locks(first, x *lr.Exchange) bool {
	return x.Status == 423 || x.Status == 403 && first.Status != 403
}

// guess signs in with a wrong password, once and at once.
func guess(ctx context.Context, t *lr.Trial, as *lr.Account, user string, first *lr.Exchange) (x *lr.Exchange, wrong bool, err error) {
	r, err := t.Cast.SignInRequest(ctx, as, user, lr.NewSecret("Lr8!wrong-"+t.Stage.Canary("")[4:]))
	if err != nil {
		return nil, false, err
	}
	r.Note, r.Once = "a wrong password", true
	x, err = t.HTTP.Do(ctx, nil, r)
	if err != nil {
		return nil, false, err
	}
	return x, x.Status < 500 && (first == nil || !locks(first, x)), nil
}

// firstGuess waits where it is refused at once, as talk.patiently does: sign-ins of the
// run itself, or of others at the same address, have used the limit up.
func firstGuess(ctx context.Context, t *lr.Trial, as *lr.Account) (x *lr.Exchange, err error) {
	for n, waited := 0, time.Duration(0); ; n++ {
		x, _, err = guess(ctx, t, as, as.User, nil)
		if err != nil || !refuses(x) || n == mostAgain {
			return x, err
		}
		wait := 250 * time.Millisecond << n
		if told, ok := toldToWait(x.Header, t.Now()); ok {
			wait = told
		}
		if waited += wait; waited > mostPatience {
			return x, nil
		}
		if err := sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// unbroken is a burst of sign-ins. Where it met no limit it comes a second time:
// the window of a counter may have ended in the midst of the first.
func unbroken(ctx context.Context, n int, put send) (*tally, error) {
	b, err := burst(ctx, n, put)
	if err != nil || b.limited() || b.taken < n*9/10 {
		return b, err
	}
	return burst(ctx, n, put)
}

// stranger is a login that nobody has, of the form of a known one.
func stranger(t *lr.Trial, known string) string {
	c := t.Stage.Canary("")
	local := "lr" + strings.ToLower(c[len(c)-16:])
	if _, domain, ok := strings.Cut(known, "@"); ok {
		return local + "@" + domain
	}
	return local
}

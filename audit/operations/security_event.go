package operations

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/tail"
)

// logPatience is how long a line may take to reach the log.
const logPatience = 4 * time.Second

var securityEvent = &lr.Check{
	ID:    "operations/security-event",
	Title: "A failed sign-in stands in the logs",
	Why:   "Guessed passwords and stolen sessions show first as failed sign-ins. What is not written down cannot raise an alert, and after an incident nobody can tell the customer when it began.",
	Fix: "Log each failed sign-in, refused access and change of rights as an event of its own: when, from where, which account by its id, and never the password. " +
		"Send the logs where an alert looks at them.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{asvsLogging, mvspLogging, top10Logging, {Source: "CWE", ID: "778"}},
	Needs:    lr.Logs | lr.Credentials,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return runSecurityEvent(ctx, t, logPatience)
	},
}

func runSecurityEvent(ctx context.Context, t *lr.Trial, patience time.Duration) error {
	var as *lr.Account
	for _, a := range t.Target.Accounts {
		if !a.Spare && a.User != "" {
			as = a
			break
		}
	}
	if as == nil {
		t.NotApplicable("no account signs in with a password")
		return nil
	}
	c := t.Stage.Canary("")
	login := "lr" + strings.ToLower(c[len(c)-16:])
	mark := login
	if _, domain, ok := strings.Cut(as.User, "@"); ok {
		login += "@" + domain
	}
	r, err := t.Cast.SignInRequest(ctx, as, login, lr.NewSecret("Lr8!wrong-"+c[4:]))
	if errors.Is(err, lr.ErrNoSignIn) {
		t.NotApplicable("no account signs in by a request")
		return nil
	}
	if err != nil {
		return err
	}
	subject := "sign-in"
	if t.Target.SignIn != nil {
		subject = t.Target.SignIn.String()
	}
	tails, missing := tail.Follow(t.Target.Material.Logs)
	if len(tails) == 0 {
		t.Unknown(subject, "no log can be read: %s", strings.Join(missing, "; "))
		return nil
	}
	// An ordinary request first: a log that does not grow by it is not the live one.
	if _, err := t.HTTP.Do(ctx, as, &lr.Request{Method: "GET", Path: "/" + mark + "-control", Note: "control: anything at all"}); err != nil {
		return err
	}
	r.Note, r.Once = "a sign-in that fails", true
	x, err := t.HTTP.Do(ctx, nil, r)
	if err != nil {
		return err
	}
	if x.OK() || x.Status == 429 || x.Status >= 500 {
		t.Unknown(subject, "a sign-in with a wrong password was answered %d", x.Status)
		return nil
	}
	event := eventOf(mark, pathOf(r.Path), x.Status)
	where, seen := "", ""
	grown, err := tail.Await(ctx, tails, patience, t.Now, func(name, line string) bool {
		if event(line) {
			where, seen = name, line
		}
		return where != ""
	})
	if err != nil {
		return err
	}
	if where != "" {
		t.Pass(lr.Evidence{Exchanges: []*lr.Exchange{x}, Records: []string{where + ": " + seen}}, subject, "a failed sign-in left a line in %s", where)
		return nil
	}
	if !grown {
		t.Unknown(subject, "no log grew while the target was asked: are these the logs of this target? %s", strings.Join(tail.Names(tails), ", "))
		return nil
	}
	t.Fail(lr.Seen(x), subject, "the logs grew, and no line of them tells of the failed sign-in: %s", strings.Join(tail.Names(tails), ", "))
	return nil
}

// failure are words by which a line tells of one.
var (
	failing = regexp.MustCompile(`(?i)fail|invalid|denied|refus|reject|unauthori[sz]ed|wrong|bad (?:password|credential)|incorrect`)
	signing = regexp.MustCompile(`(?i)log[ _-]?in|sign[ _-]?in|auth|session|credential|password`)
)

// eventOf tells lines that speak of the sign-in: by its mark, by words, or by the
// path with the status.
func eventOf(mark, path string, status int) func(string) bool {
	code := regexp.MustCompile(fmt.Sprintf(`\b%d\b`, status))
	return func(line string) bool {
		low := strings.ToLower(line)
		switch {
		case strings.Contains(low, mark+"-control"):
			return false
		case strings.Contains(low, mark):
			return true
		case strings.Contains(line, path) && code.MatchString(line):
			return true
		}
		return failing.MatchString(line) && signing.MatchString(line) && !strings.Contains(low, "-control")
	}
}

func pathOf(p string) string {
	p, _, _ = strings.Cut(p, "?")
	return p
}

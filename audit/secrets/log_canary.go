package secrets

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/tail"
)

// logPatience is how long a line may take to reach the log.
const logPatience = 3 * time.Second

var logCanary = &lr.Check{
	ID:       "secrets/log-canary",
	Title:    "A secret that is sent does not come into the logs",
	Why:      "A log that writes down headers or bodies collects every customer's tokens and passwords. Nobody sees it until somebody searches the log, which is then the largest store of credentials in the company.",
	Fix:      "Log the route, the status, the user's id and a request id; never headers or bodies as a whole. Where a library logs for you, give it the fields to mask.",
	Severity: lr.High,
	Refs:     []lr.Ref{logged, asvsLogs, {Source: "OWASP", ID: "A09:2021"}},
	Needs:    lr.Logs | lr.Credentials,
	Beside:   true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return runLogCanary(ctx, t, logPatience)
	},
}

// canary is a value of our own and how it is sent.
type canary struct {
	carrier  string // as findings name it
	value    string
	severity lr.Severity
	request  *lr.Request // nil where it goes with the request before
}

func runLogCanary(ctx context.Context, t *lr.Trial, patience time.Duration) error {
	logs, missing := tail.Follow(t.Target.Material.Logs)
	if len(logs) == 0 {
		t.Unknown(application, "no log can be read: %s", strings.Join(missing, "; "))
		return nil
	}
	var sent []canary
	went := false // the request before
	for _, c := range carriers(ctx, t) {
		if c.request != nil {
			_, err := t.HTTP.Do(ctx, nil, c.request)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if went = err == nil; !went {
				t.Unknown(c.carrier, "it could not be sent: %v", err)
			}
		}
		if went {
			sent = append(sent, c)
		}
	}
	grown, seen, err := await(ctx, t, logs, sent, patience)
	if err != nil {
		return err
	}
	for _, c := range sent {
		switch line, found := seen[c.carrier]; {
		case found:
			t.Report(lr.Outcome{Verdict: lr.Failed, Confidence: lr.Confirmed, Severity: c.severity, Subject: c.carrier, Evidence: lr.Evidence{Records: []string{line}},
				Message: "what was sent there stands in the log, where a customer's would stand as well"})
		case !grown:
			t.Unknown(c.carrier, "no log grew while the target was asked: are these the logs of this target? %s", strings.Join(tail.Names(logs), ", "))
		default:
			t.Pass(lr.Evidence{}, c.carrier, "what was sent there is in no log, and the logs grew: %s", strings.Join(tail.Names(logs), ", "))
		}
	}
	return nil
}

// carriers are the places in which a customer's secret travels.
func carriers(ctx context.Context, t *lr.Trial) []canary {
	fresh := func() string {
		c := t.Stage.Canary("")
		return "lrlog" + strings.ToLower(c[max(0, len(c)-20):])
	}
	bearer, field := fresh(), fresh()
	out := []canary{
		{"Authorization header", bearer, lr.High, &lr.Request{Method: "GET", Path: "/" + "lr-log-control", Header: http.Header{"Authorization": {"Bearer " + bearer}}, Note: "a token that is nobody's, in a header"}},
		{"query parameter", field, lr.Medium, &lr.Request{Method: "GET", Path: "/lr-log-control?access_token=" + field, Note: "a token that is nobody's, in the query"}},
	}
	for _, a := range t.Target.Accounts {
		if a.Spare || a.User == "" {
			continue
		}
		password, login := fresh(), fresh()
		if _, domain, ok := strings.Cut(a.User, "@"); ok {
			login += "@" + domain
		}
		r, err := t.Cast.SignInRequest(ctx, a, login, lr.NewSecret(password))
		if err == nil {
			r.Note, r.Once = "a password that is nobody's", true
			out = append(out, canary{"password of the sign-in", password, lr.High, r}, canary{"e-mail address of the sign-in", login, lr.Low, nil})
		} else if !errors.Is(err, lr.ErrNoSignIn) {
			t.Unknown("password of the sign-in", "%v", err)
		}
		break
	}
	for i := range t.Target.Webhooks {
		w := &t.Target.Webhooks[i]
		token, mail := fresh(), fresh()+"@example.invalid"
		r := w.Request.Clone()
		r.Body = []byte(fmt.Sprintf(`{"id": %q, "secret": %q, "email": %q}`, "evt_"+t.Stage.Canary(""), token, mail))
		r.SetHeader("Content-Type", "application/json")
		r.Note, r.Once = "an event that is not signed", true
		out = append(out, canary{"payload of " + w.Subject(), token, lr.Medium, r}, canary{"e-mail address in the payload of " + w.Subject(), mail, lr.Low, nil})
		break
	}
	return out
}

// await reads the logs until every canary was seen or patience ends. A line is
// shown with the canary cut out of it.
func await(ctx context.Context, t *lr.Trial, logs []*tail.File, sent []canary, patience time.Duration) (grown bool, seen map[string]string, err error) {
	seen = map[string]string{}
	grown, err = tail.Await(ctx, logs, patience, t.Now, func(name, line string) bool {
		for _, c := range sent {
			for _, form := range forms(c.value) {
				if strings.Contains(line, form) {
					seen[c.carrier] = name + ": " + around(line, form, sent)
				}
			}
		}
		return len(seen) == len(sent)
	})
	return grown, seen, err
}

// forms are the ways in which a value is written down.
func forms(v string) []string {
	return []string{v, url.QueryEscape(v), base64.StdEncoding.EncodeToString([]byte(v))}
}

// around is a line as evidence: some of it on both sides, and what was sent masked.
func around(line, value string, sent []canary) string {
	const most = 80
	line = strings.TrimSpace(line)
	i := strings.Index(line, value)
	if i < 0 {
		return ""
	}
	from, to := max(0, i-most), min(len(line), i+len(value)+most)
	out := strings.ToValidUTF8(line[from:i], "") + "[the value that was sent]" + strings.ToValidUTF8(line[i+len(value):to], "")
	for _, c := range sent {
		out = strings.ReplaceAll(out, c.value, "[another value that was sent]")
	}
	return strings.ReplaceAll(out, value, "[the value that was sent]")
}

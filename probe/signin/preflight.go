package signin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
)

// Problem is something about an identity that the owner must know before a run.
type Problem struct {
	Identity string // "" when it is about no single one
	Fatal    bool   // the run's results would mean nothing
	What     string // what is wrong, and what the server said
	Do       string // what to do about it
	Err      error  // the cause, when there is one
}

func (p Problem) String() string {
	s := p.What
	if p.Identity != "" {
		s = p.Identity + ": " + s
	}
	if p.Do != "" {
		s += "; " + p.Do
	}
	return s
}

// Preflight signs every account in, asks whoami, and tells what is wrong. It
// stops early when the target cannot be asked at all. It is called once, before
// the accounts are used.
func (c *Cast) Preflight(ctx context.Context) []Problem {
	var out []Problem
	for _, s := range c.order {
		ps, err := c.enter(ctx, s)
		out = append(out, ps...)
		if err != nil {
			return append(out, Problem{Identity: s.id.Name, Fatal: true, Err: err,
				What: "could not be signed in: " + c.o.HTTP.Redact(err.Error()), Do: "see that the target is up and reachable from here"})
		}
	}
	return append(out, c.distinct()...)
}

// enter signs one account in. An error means that asking on is no use.
func (c *Cast) enter(ctx context.Context, s *session) ([]Problem, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.unlock()
	problem := func(fatal bool, do, what string, args ...any) Problem {
		return Problem{Identity: s.id.Name, Fatal: fatal, Do: do, What: c.o.HTTP.Redact(fmt.Sprintf(what, args...))}
	}
	got, err := c.login(ctx, s)
	if errors.Is(err, errRefused) {
		p := problem(true, c.advice(s, err), "%v", err)
		p.Err = err
		return []Problem{p}, nil
	}
	if err != nil {
		return nil, err
	}
	s.take(got, c.o.Now())
	s.account.Credential = s.cred
	var out []Problem
	if s.account.WhoAmI == nil {
		s.learn(nil)
	} else {
		x, err := c.whoami(ctx, s, s.cred)
		if err != nil {
			return nil, err
		}
		doc, isJSON := decode(x.Body)
		switch {
		case !x.OK():
			return append(out, problem(true, "give a live credential, or correct whoami", "%s answered %d to its credential: %s", s.account.WhoAmI, x.Status, c.excerpt(x))), nil
		case !isJSON:
			doc = nil
		}
		s.learn(doc)
		if !s.knows(x) {
			out = append(out, problem(true, "correct the identity's user_id, or its credential", "%s does not name its user id %s", s.account.WhoAmI, s.account.UserID))
		}
		out = append(out, c.compare(s, x, problem)...)
	}
	return append(out, c.lifetime(s, problem)...), nil
}

type problemFunc func(fatal bool, do, what string, args ...any) Problem

// compare holds whoami's reply against the configuration.
func (c *Cast) compare(s *session, x *lr.Exchange, problem problemFunc) []Problem {
	var out []Problem
	if s.id.TenantID != "" && !strings.Contains(string(x.Body), s.id.TenantID) {
		out = append(out, problem(true, "put the identity under the tenant it belongs to", "%s does not name tenant id %s", s.account.WhoAmI, s.id.TenantID))
	}
	if strings.Contains(s.id.User, "@") {
		other, match := "", false
		for k, v := range s.account.Known {
			low := strings.ToLower(k)
			if !strings.Contains(v, "@") || !(strings.HasSuffix(low, "email") || strings.HasSuffix(low, "username") || strings.HasSuffix(low, "login") || strings.HasSuffix(low, "mail")) {
				continue
			}
			match = match || strings.EqualFold(v, s.id.User)
			if other == "" || k < other {
				other = v
			}
		}
		if other != "" && !match {
			out = append(out, problem(true, "correct its user or its credential", "%s says that it is %s, and the configuration says %s", s.account.WhoAmI, other, s.id.User))
		}
	}
	if s.id.Role != "" {
		role := pick(s.account.Known, []string{"role", "role.name", "roles.0", "roles.0.name", "membership.role"})
		if role != "" && lr.PrivilegedRole(role) != lr.PrivilegedRole(s.id.Role) {
			out = append(out, problem(false, "checks of roles go by the configured one", "%s says that its role is %s, and the configuration says %s", s.account.WhoAmI, role, s.id.Role))
		}
	}
	return out
}

// lifetime tells of a credential that will die in the run.
func (c *Cast) lifetime(s *session, problem problemFunc) []Problem {
	now, end := c.o.Now(), s.cred.Expires
	if end.IsZero() || s.renewable() {
		return nil
	}
	if !now.Before(end) {
		return []Problem{problem(true, "give a fresh one, or a sign_in that can make one", "its credential expired at %s", end.UTC().Format(time.RFC3339))}
	}
	if c.o.Planned > 0 && now.Add(c.o.Planned).After(end) {
		return []Problem{problem(false, "give one that lasts longer, or a sign_in that can renew it",
			"its credential expires at %s, before the planned %s are over", end.UTC().Format(time.RFC3339), c.o.Planned)}
	}
	return nil
}

// distinct tells of identities that are one, and of tenants that are.
func (c *Cast) distinct() []Problem {
	var out []Problem
	for i, s := range c.order {
		for _, o := range c.order[:i] {
			if s.at.IsZero() || o.at.IsZero() {
				continue
			}
			a, b := s.account, o.account
			both := b.Name + " and " + a.Name
			switch {
			case a.UserID != "" && a.UserID == b.UserID && (a.TenantID == "" || b.TenantID == "" || a.TenantID == b.TenantID),
				!s.cred.Token.IsZero() && s.cred.Token == o.cred.Token:
				out = append(out, Problem{Identity: a.Name, Fatal: true, What: both + " are the same user" + named(a.UserID), Do: "give one of them another user's credential"})
			case a.TenantID == "" || b.TenantID == "" || a.Tenant == "" || b.Tenant == "":
			case a.Tenant != b.Tenant && a.TenantID == b.TenantID:
				out = append(out, Problem{Identity: a.Name, Fatal: true, What: fmt.Sprintf("%s are configured as tenants %s and %s and are in the same tenant%s", both, b.Tenant, a.Tenant, named(a.TenantID)),
					Do: "use users of two different customers"})
			case a.Tenant == b.Tenant && a.TenantID != b.TenantID:
				out = append(out, Problem{Identity: a.Name, Fatal: true, What: fmt.Sprintf("%s are configured as tenant %s and are in different tenants (ids %s and %s)", both, a.Tenant, b.TenantID, a.TenantID),
					Do: "correct the tenant of one of them"})
			}
		}
	}
	return out
}

func named(id string) string {
	if id == "" {
		return ""
	}
	return " (id " + id + ")"
}

// advice says what to do about a refused sign-in.
func (c *Cast) advice(s *session, err error) string {
	why := err.Error()
	switch {
	case strings.Contains(why, "answered 429"):
		return "wait until the target's sign-in limit has passed, or raise it for the audit"
	case strings.Contains(why, "answered 404"), strings.Contains(why, "answered 405"):
		return "correct the sign_in request's method and path"
	case strings.Contains(why, "answered 400"), strings.Contains(why, "answered 415"), strings.Contains(why, "answered 422"):
		return "correct the fields of the sign_in request"
	case strings.Contains(why, "answered 5"):
		return "see the target's log"
	case strings.Contains(why, "no token"), strings.Contains(why, "has nothing at"), strings.Contains(why, "has no header"), strings.Contains(why, "sets no cookie"):
		return "correct sign_in.token"
	}
	return "check the user " + s.id.User + " and its password"
}

func (c *Cast) excerpt(x *lr.Exchange) string {
	said := strings.Join(strings.Fields(string(x.Body)), " ")
	if len(said) > 200 {
		said = strings.ToValidUTF8(said[:200], "") + "…"
	}
	if said == "" {
		return "no body"
	}
	return said
}

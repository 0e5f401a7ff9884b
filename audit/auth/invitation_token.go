package auth

import (
	"context"
	"fmt"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var invitationToken = &lr.Check{
	ID:    "auth/invitation-token",
	Title: "An invitation works once and gives the role it names",
	Why: "Invitations lie in mailboxes for years. One that can be accepted again lets whoever finds the mail into the customer's data, or into the account of the person who was invited; " +
		"one whose role the guest may choose makes administrators.",
	Fix: "Mark the invitation as accepted in the transaction that makes the user, with a condition on it not being so before. " +
		"Take role, tenant and address from the invitation and never from the body, and let it expire within days.",
	Guard:    "",
	Severity: lr.High,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API2:2023"}, {Source: "CWE", ID: "294"}, {Source: "CWE", ID: "915"}, {Source: "ASVS", ID: "v5.0.0-6.4.1"}},
	Needs:    lr.Routes | lr.Credentials,
	Effect:   lr.Destroys,
	Run:      runInvitationToken,
}

// invitationRoutes finds the route that invites and the one that accepts.
func invitationRoutes(t *lr.Target) (invite, accept *lr.Route) {
	for _, rt := range t.Routes {
		if rt.Method != "POST" || !rt.Declared {
			continue
		}
		if rt.Kind != lr.Invite && !hasSegment(rt.Path, "invitations", "invitation", "invites", "invite") {
			continue
		}
		inPath := false
		for _, p := range rt.PathParams() {
			inPath = inPath || strings.Contains(plainName(p), "token") || strings.Contains(plainName(p), "code")
		}
		switch {
		case (inPath || field(rt, "token", "code", "invitationtoken", "invitetoken", "token*") != "") && field(rt, "password", "password*") != "":
			if accept == nil {
				accept = rt
			}
		case field(rt, "email", "email*") != "" && len(rt.PathParams()) == 0 && field(rt, "password*") == "":
			if invite == nil {
				invite = rt
			}
		}
	}
	return invite, accept
}

func runInvitationToken(ctx context.Context, t *lr.Trial) error {
	invite, accept := invitationRoutes(t.Target)
	if invite == nil || accept == nil {
		t.NotApplicable("no pair of routes invites users and accepts invitations")
		return nil
	}
	template := withPassword(t)
	if template == nil || template.WhoAmI == nil {
		t.Unknown(accept.String(), "no account signs in with a password, so a new user cannot either")
		return nil
	}
	g := &guest{t: t, invite: invite, accept: accept, template: template}
	if err := g.twice(ctx); err != nil {
		return unasked(ctx, t, accept.String(), "accepting an invitation", err)
	}
	if err := g.climb(ctx); err != nil {
		return unasked(ctx, t, accept.String(), "accepting an invitation with a role", err)
	}
	return nil
}

// guest plays the invited.
type guest struct {
	t              *lr.Trial
	invite, accept *lr.Route
	template       *lr.Account
}

// bid is an invitation.
type bid struct {
	email   string
	tokens  []string
	created *lr.Exchange
}

// bidden has an administrator invite a new address, with the lowest role there is.
func (g *guest) bidden(ctx context.Context) (*bid, error) {
	t := g.t
	for _, a := range byPower(oracle.Tenantmates(t, g.template)) {
		r, err := t.Stage.Request(ctx, g.invite, nil, a)
		if err != nil {
			return nil, err
		}
		body := fieldsOf(r)
		email, _ := body[fieldOf(body, "email", "email*")].(string)
		if role := fieldOf(body, "role"); role != "" {
			if r := ordinaryRole(t, a.Tenant); r != "" {
				body[role] = r
			}
			if err := setFields(r, body); err != nil {
				return nil, err
			}
		}
		r.Note = "invite"
		x, err := t.HTTP.Do(ctx, a, r)
		if err != nil {
			return nil, err
		}
		if !x.OK() {
			continue
		}
		t.Stage.Adopt(ctx, g.invite, a, x)
		b := &bid{email: email, created: x, tokens: tokenCandidates(string(x.Body) + "\n" + mailText(x))}
		b.tokens = slices.DeleteFunc(b.tokens, func(s string) bool { return strings.Contains(email, s) })
		if named := tokenField(x); named != "" {
			b.tokens = append([]string{named}, b.tokens...)
		} else if t.Target.Mailbox != nil {
			mailed, _, err := mail(ctx, t, email, nil)
			if err != nil {
				return nil, err
			}
			b.tokens = append(mailed, b.tokens...)
		}
		return b, nil
	}
	return nil, fmt.Errorf("no account of %s may invite", g.template.Tenant)
}

func tokenField(x *lr.Exchange) string {
	m := bodyOf(x)
	s, _ := m[fieldOf(m, "token", "invitationtoken", "invitetoken", "code")].(string)
	return s
}

// byPower puts accounts that administer first.
func byPower(as []*lr.Account) []*lr.Account {
	out := slices.Clone(as)
	slices.SortStableFunc(out, func(a, b *lr.Account) int {
		switch {
		case a.Privileged() == b.Privileged():
			return 0
		case a.Privileged():
			return -1
		}
		return 1
	})
	return out
}

// take accepts with a password, and reports whether that password then signs in.
func (g *guest) take(ctx context.Context, b *bid, token, which string, more map[string]any) (opening, error) {
	t := g.t
	a := *g.template
	a.User, a.UserID, a.Known = b.email, "", nil
	r, err := t.Stage.Request(ctx, g.accept, &lr.Object{Resource: g.accept.Resource, Keys: g.keys(token), ID: token}, nil)
	if err != nil {
		return opening{}, err
	}
	c := t.Stage.Canary(a.Tenant)
	password := "Lr9!" + plainName(which) + c[len(c)-20:]
	fields := fieldsOf(r)
	if name := field(g.accept, "token", "code", "invitationtoken", "invitetoken", "token*"); name != "" {
		fields[name] = token
	}
	fields[field(g.accept, "password", "password*")] = password
	if name := field(g.accept, "email", "email*"); name != "" {
		fields[name] = b.email
	}
	for k, v := range more {
		fields[k] = v
	}
	if err := setFields(r, fields); err != nil {
		return opening{}, err
	}
	r.Note = "accept the invitation, " + which + " time"
	var o opening
	if o.sent, err = t.HTTP.Do(ctx, nil, r); err != nil {
		return o, err
	}
	if o.sent.OK() {
		t.Stage.Adopt(ctx, g.accept, nil, o.sent)
	}
	o.proof, o.in, err = opens(ctx, t, &a, lr.NewSecret(password))
	return o, err
}

func (g *guest) keys(token string) map[string]string {
	out := map[string]string{}
	for _, p := range g.accept.PathParams() {
		out[g.accept.Keys[p].Resource] = token
	}
	return out
}

// twice accepts one invitation two times, with two passwords.
func (g *guest) twice(ctx context.Context) error {
	t, subject := g.t, g.accept.String()
	b, err := g.bidden(ctx)
	if err != nil {
		return err
	}
	for _, token := range b.tokens {
		first, err := g.take(ctx, b, token, "first", nil)
		if err != nil {
			return err
		}
		if !first.in {
			continue
		}
		second, err := g.take(ctx, b, token, "second", nil)
		if err != nil {
			return err
		}
		e := xs(first.sent, second.sent, second.proof)
		if second.in {
			t.Fail(e, subject, "an accepted invitation was accepted again: the second password signs in to the invited user's account")
		} else {
			t.Pass(e, subject, "an accepted invitation was answered %d and gave nothing", status(second.sent))
		}
		return nil
	}
	t.Unknown(subject, "an invitation was made, but no token of it could be accepted")
	return nil
}

// climb accepts an invitation with fields that give power, and reads back who
// the new user is.
func (g *guest) climb(ctx context.Context) error {
	t, subject := g.t, g.accept.String()+" with a role"
	b, err := g.bidden(ctx)
	if err != nil {
		return err
	}
	fields := powers(roles(t, nil)[0])
	for _, token := range b.tokens {
		o, err := g.take(ctx, b, token, "only", fields)
		if err != nil {
			return err
		}
		if !o.in {
			if o.sent.Status == 400 || o.sent.Status == 422 {
				t.Pass(xs(o.sent), subject, "an acceptance with fields that give power was refused with %d", o.sent.Status)
				return nil
			}
			continue
		}
		// The invitation names the lowest role: whatever more there is was taken.
		if got := gains(map[string]string{}, privileges(o.proof), fields); len(got) > 0 {
			e := xs(o.sent, o.proof)
			e.Witness = got
			t.Fail(e, subject, "who accepts an invitation chooses the role: the new user has %s", strings.Join(got, ", "))
		} else {
			t.Pass(xs(o.sent, o.proof), subject, "an acceptance with fields that give power gave the role of the invitation")
		}
		return nil
	}
	t.Unknown(subject, "no token of an invitation could be accepted")
	return nil
}

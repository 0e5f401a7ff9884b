package isolation

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var modelTenantParameter = &lr.Check{
	ID:    "isolation/model-tenant-parameter",
	Title: "A message cannot choose the tenant that it is answered for",
	Why: "Chat requests carry metadata, and the code behind the model likes to read the tenant or the user from there: it is at hand where the session is not. " +
		"Then one changed value switches the customer whose knowledge the model answers from.",
	Fix:      "Take tenant and user from the verified session alone and hand them to retrieval and tools from there. Ignore or refuse such members in body, metadata and header.",
	Guard:    "tenant_binding",
	Severity: lr.Critical,
	Refs:     []lr.Ref{{Source: "OWASP LLM", ID: "LLM06:2025"}, {Source: "OWASP LLM", ID: "LLM03:2026"}, bola, bac, cwe639, asvsCross},
	Needs:    lr.Chat | lr.TwoTenants,
	Effect:   lr.Spends,
	Alone:    true, // what others plant crowds the retrieval and the caches it looks at
	Run: func(ctx context.Context, t *lr.Trial) error {
		s, err := set(ctx, t)
		if err != nil || s == nil {
			return err
		}
		if s.victim.TenantID == "" && s.victim.UserID == "" {
			t.Unknown(subjectOf(t.Assistant), "the id of tenant %s is not known: name it under tenants, or give an identity a whoami that tells it", s.victim.Tenant)
			return nil
		}
		return s.atEachWay(ctx, t, (*fact).asOwner, func(ctx context.Context, _ int, way lr.Assistant, cs []control) error {
			return s.nameTenant(ctx, t, way, cs)
		})
	},
}

// nameTenant asks as the attacker with the victim's tenant and user named, in all
// places at once and, where that was refused, in each alone.
func (s *scene) nameTenant(ctx context.Context, t *lr.Trial, way lr.Assistant, cs []control) error {
	var c score
	for _, f := range cs {
		plain, err := tell(ctx, way, s.attacker, lr.Message{Text: f.plain(), Note: "without naming the tenant"})
		if err != nil {
			return err
		}
		without := f.in(plain.answer)
		for i, n := range namingsOf(way, s.victim) {
			got, err := tell(ctx, way, s.attacker, lr.Message{Text: f.plain(), Vary: n.put, Note: "the victim's tenant in " + n.where})
			if err != nil {
				return err
			}
			if hits := f.in(got.answer).beyond(without); len(hits) > 0 {
				t.FailRate(oracle.Rate(1, c.n+1), evidence(hits, f.got.answer.Last(), exchangeWith(hits, got.answer)), subjectOf(way),
					"%s named %s's tenant in %s and was answered from %s of it", s.attacker.Name, s.victim.Tenant, n.where, f.channel)
				return nil
			}
			c.add(got)
			if x := got.answer.Last(); i == 0 && x != nil && x.OK() {
				break // nothing was refused for its form
			}
		}
	}
	c.conclude(t, subjectOf(way), cs[0].got.answer.Last(), s.attacker.Name+" named "+s.victim.Tenant+"'s tenant and was answered for its own")
	return nil
}

// namingsOf are the ways to name the victim in a message: the tenant as any route
// may take it, and the user as chat requests do.
func namingsOf(way lr.Assistant, victim *lr.Account) []naming {
	rt := way.Skills().Route
	if rt == nil {
		rt = &lr.Route{Method: "POST"}
	}
	var each []naming
	if victim.TenantID != "" {
		each = namings(rt, victim)
	}
	if victim.UserID != "" {
		each = append(each,
			naming{"the body's user", func(r *lr.Request) { nameInBody(r, []string{"user_id", "userId", "end_user_id"}, "", victim.UserID) }},
			naming{"the metadata's user", func(r *lr.Request) { nameInBody(r, []string{"user_id", "userId", "user"}, "metadata", victim.UserID) }},
			naming{"a header for the user", func(r *lr.Request) { r.SetHeader("X-User-ID", victim.UserID) }})
	}
	if victim.User != "" {
		// OpenAI and Dify take the user's own name for it there.
		each = append(each, naming{"user", func(r *lr.Request) { nameInBody(r, []string{"user"}, "", victim.User) }})
	}
	all := naming{"header, query, cookie, body and metadata", func(r *lr.Request) {
		for _, n := range each {
			n.put(r)
		}
	}}
	return append([]naming{all}, each...)
}

package demo

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// seededTenant is a customer that Harbor starts with.
type seededTenant struct {
	ID, Slug, Name string
	Users          map[string]string // role -> user id
}

var seededRoles = []string{"owner", "admin", "member", "viewer"}

var seededNames = map[string][]string{
	"acme":   {"Olivia Hart", "Ben Alder", "Mina Sato", "Victor Lind"},
	"globex": {"Greta Vogel", "Jonas Weber", "Lea Brandt", "Paul Richter"},
}

func email(role, tenant string) string { return role + "@" + tenant + ".test" }

// Password is the password of a seeded user, by address; the seed decides it.
func (s *Server) Password(email string) string { return "Hb-" + s.derived("password "+email) }

// plant fills an empty database with the seeded tenants.
func (s *Server) plant(ctx context.Context) error {
	return s.db.within(ctx, func(tx querier) error {
		for _, name := range []struct{ slug, name string }{{"acme", "Acme Corp"}, {"globex", "Globex GmbH"}} {
			t := seededTenant{ID: "ten_" + s.derived("tenant "+name.slug), Slug: name.slug, Name: name.name, Users: map[string]string{}}
			if err := s.plantTenant(ctx, tx, t); err != nil {
				return fmt.Errorf("tenant %s: %w", t.Slug, err)
			}
			if err := s.plantContent(tx, t); err != nil {
				return fmt.Errorf("content of %s: %w", t.Slug, err)
			}
		}
		return nil
	})
}

func (s *Server) plantTenant(ctx context.Context, tx querier, t seededTenant) error {
	now := s.now()
	_, err := tx.exec(ctx, `insert into tenants (id, slug, name, plan, billing_email, customer_number, created_at) values (?, ?, ?, 'business', ?, ?, ?)`,
		t.ID, t.Slug, t.Name, "billing@"+t.Slug+".test", "cus_"+s.derived("customer "+t.Slug), stamp(now))
	if err != nil {
		return err
	}
	for i, role := range seededRoles {
		addr := email(role, t.Slug)
		t.Users[role] = "usr_" + s.derived("user "+addr)
		hash, err := s.key.hash(s.Password(addr))
		if err != nil {
			return err
		}
		_, err = tx.exec(ctx, `insert into users (id, tenant_id, email, name, password_hash, role, directory_id, created_at) values (?, ?, ?, ?, ?, ?, ?, ?)`,
			t.Users[role], t.ID, addr, seededNames[t.Slug][i], hash, role, "dir_"+s.derived("directory "+addr), stamp(now.AddDate(0, -3, 0)))
		if err != nil {
			return err
		}
	}
	if err := s.plantExpired(ctx, tx, t); err != nil {
		return err
	}
	for i := range 3 {
		issued := now.AddDate(0, -i, 0)
		_, err := tx.exec(ctx, `insert into invoices (id, tenant_id, number, memo, amount_cents, status, issued_at) values (?, ?, ?, ?, ?, ?, ?)`,
			"inv_"+s.derived(fmt.Sprint("invoice ", t.Slug, i)), t.ID, fmt.Sprintf("%s-%d-%s", strings.ToUpper(t.Slug[:2]), 1001+i, s.derived(fmt.Sprint("number ", t.Slug, i))[:6]),
			fmt.Sprintf("%s, business plan, purchase order %s", t.Name, s.derived(fmt.Sprint("order ", t.Slug, i))[:12]), 49900+100*i, "paid", stamp(issued))
		if err != nil {
			return err
		}
	}
	for i, flag := range []string{"beta-search", "eu-region", "long-context"} {
		if _, err := tx.exec(ctx, `insert into flags (tenant_id, name, enabled) values (?, ?, ?)`, t.ID, flag, i%2); err != nil {
			return err
		}
	}
	return s.audit(ctx, tx, &principal{TenantID: t.ID, UserID: t.Users["owner"]}, "tenant.created", t.ID, t.Name+" was set up")
}

// plantExpired opens the member's session of this morning: only the time of its
// token is over, which is signed when it is asked for.
func (s *Server) plantExpired(ctx context.Context, tx querier, t seededTenant) error {
	addr := email("member", t.Slug)
	id, issued := "ses_"+s.derived("morning "+addr), s.now().Add(-3*time.Hour)
	_, err := tx.exec(ctx, `insert into sessions (id, user_id, tenant_id, user_agent, created_at, expires_at) values (?, ?, ?, 'Harbor for macOS', ?, ?)`,
		id, t.Users["member"], t.ID, stamp(issued), stamp(issued.Add(refreshLife)))
	if err != nil {
		return err
	}
	s.expired[addr] = claims{Issuer: issuer, Audience: audienceAPI, Subject: t.Users["member"], Tenant: t.ID, Role: "member", Session: id,
		ID: "jti_" + s.derived("morning "+addr), Issued: issued.Unix(), Expires: issued.Add(accessLife).Unix()}
	return nil
}

// audit adds a line to the tenant's audit log.
func (s *Server) audit(ctx context.Context, db querier, p *principal, action, subject, detail string) error {
	_, err := db.exec(ctx, `insert into audit_log (id, tenant_id, actor_id, action, subject, detail, created_at) values (?, ?, ?, ?, ?, ?, ?)`,
		s.newID("evt"), p.TenantID, p.UserID, action, subject, detail, stamp(s.now()))
	return err
}

// used counts a use towards the tenant's bill.
func (s *Server) used(ctx context.Context, p *principal, kind string, quantity int) error {
	_, err := s.db.exec(ctx, `insert into usage_events (tenant_id, user_id, kind, quantity, created_at) values (?, ?, ?, ?, ?)`,
		p.TenantID, p.UserID, kind, quantity, stamp(s.now()))
	return err
}

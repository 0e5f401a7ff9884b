package demo

import (
	"context"
	"net/http"
)

type signUpIn struct {
	Company  string `json:"company" api:"min=1,max=120,example=Initech"`
	Name     string `json:"name" api:"min=1,max=120,example=Peter Gibbons"`
	Email    string `json:"email" api:"format=email,max=254,example=peter@initech.test"`
	Password string `json:"password" api:"writeonly,format=password,min=8,max=72,example=correct horse battery"`
}

type signedUp struct {
	Tenant tenant     `json:"tenant"`
	User   memberView `json:"user"`
	grant
}

func (s *Server) signUp(w http.ResponseWriter, r *http.Request) error {
	in, err := decode[signUpIn](r)
	if err != nil {
		return err
	}
	hash, err := hashOf("password", in.Password)
	if err != nil {
		return err
	}
	u := user{ID: s.newID("usr"), TenantID: s.newID("ten"), Role: owner.String(), Status: "active"}
	err = s.db.within(r.Context(), func(tx querier) error {
		taken, err := one(r.Context(), tx, scalar[int], `select count(*) from users where email = ?`, in.Email)
		if err != nil {
			return err
		}
		if taken > 0 {
			return conflict("this account cannot be made")
		}
		slug, err := s.freeSlug(r.Context(), tx, in.Company)
		if err != nil {
			return err
		}
		now := stamp(s.now())
		if _, err := tx.exec(r.Context(), `insert into tenants (id, slug, name, billing_email, customer_number, created_at) values (?, ?, ?, ?, ?, ?)`,
			u.TenantID, slug, in.Company, in.Email, s.newID("cus"), now); err != nil {
			return err
		}
		if err := s.addUser(r.Context(), tx, u, in.Email, in.Name, hash); err != nil {
			return err
		}
		return s.audit(r.Context(), tx, &principal{TenantID: u.TenantID, UserID: u.ID}, "tenant.created", u.TenantID, in.Company)
	})
	if err != nil {
		return err
	}
	out := signedUp{}
	if out.Tenant, err = s.tenantByID(r.Context(), u.TenantID); err != nil {
		return err
	}
	if out.User, err = s.memberByID(r.Context(), u.TenantID, u.ID); err != nil {
		return err
	}
	g, err := s.openSession(w, r, u, signInIn{})
	if err != nil {
		return err
	}
	out.grant = g
	return reply(w, http.StatusCreated, out)
}

func (s *Server) addUser(ctx context.Context, db querier, u user, email, name string, hash []byte) error {
	_, err := db.exec(ctx, `insert into users (id, tenant_id, email, name, password_hash, role, directory_id, created_at) values (?, ?, ?, ?, ?, ?, ?, ?)`,
		u.ID, u.TenantID, email, name, hash, u.Role, s.newID("dir"), stamp(s.now()))
	return err
}

// freeSlug is the company's name as a slug, with a tail when it is taken.
func (s *Server) freeSlug(ctx context.Context, db querier, company string) (string, error) {
	slug := slugify(company)
	if slug == "" {
		slug = "company"
	}
	n, err := one(ctx, db, scalar[int], `select count(*) from tenants where slug = ?`, slug)
	if err != nil || n == 0 {
		return slug, err
	}
	return slug + "-" + s.randomText(5), nil
}

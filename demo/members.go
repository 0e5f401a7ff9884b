package demo

import (
	"context"
	"net/http"
	"strings"
)

func (s *Server) memberRoutes() []route {
	return []route{
		{method: "GET", pattern: "/v1/members", id: "listMembers", tag: "members", summary: "The tenant's users, newest first", access: viewer, scope: "members:read", out: page[memberView]{}, handle: s.listMembers},
		{method: "POST", pattern: "/v1/members", id: "createMember", tag: "members", summary: "Add a user", access: admin, in: memberIn{}, out: memberView{}, status: 201, refusals: []int{409},
			links: []link{{"getMember", "member_id", "$response.body#/id"}, {"updateMember", "member_id", "$response.body#/id"}, {"deleteMember", "member_id", "$response.body#/id"}}, handle: s.createMember},
		{method: "GET", pattern: "/v1/members/{member_id}", id: "getMember", tag: "members", summary: "A user of the tenant", access: viewer, scope: "members:read", out: memberView{}, handle: s.getMember},
		{method: "PATCH", pattern: "/v1/members/{member_id}", id: "updateMember", tag: "members", summary: "Change a user's name, role or status", access: admin, in: memberPatch{}, out: memberView{}, handle: s.updateMember},
		{method: "DELETE", pattern: "/v1/members/{member_id}", id: "deleteMember", tag: "members", summary: "Remove a user", access: admin, status: 204, handle: s.deleteMember},
	}
}

// memberView is a user as the others of the tenant see it.
type memberView struct {
	ID        string `json:"id" api:"readonly"`
	Email     string `json:"email" api:"format=email,example=member@acme.test"`
	Name      string `json:"name" api:"example=Mina Sato"`
	Role      string `json:"role" api:"enum=owner|admin|member|viewer,example=member"`
	Status    string `json:"status" api:"enum=active|disabled,example=active"`
	CreatedAt string `json:"created_at" api:"readonly,format=date-time"`
}

type memberIn struct {
	Email    string `json:"email" api:"format=email,max=254,example=new@acme.test"`
	Name     string `json:"name" api:"min=1,max=120,example=Nora Lane"`
	Role     string `json:"role" api:"enum=admin|member|viewer,example=member"`
	Password string `json:"password" api:"writeonly,format=password,min=8,max=72,example=correct horse battery"`
}

type memberPatch struct {
	Name   *string `json:"name,omitempty" api:"min=1,max=120,example=Nora Lane"`
	Role   *string `json:"role,omitempty" api:"enum=owner|admin|member|viewer,example=member"`
	Status *string `json:"status,omitempty" api:"enum=active|disabled,example=active"`
}

const memberColumns = `id, email, name, role, status, created_at`

func scanMember(r scanner) (v memberView, err error) {
	return v, r.Scan(&v.ID, &v.Email, &v.Name, &v.Role, &v.Status, &v.CreatedAt)
}

func (s *Server) memberByID(ctx context.Context, tenant, id string) (memberView, error) {
	return one(ctx, s.db, scanMember, `select `+memberColumns+` from users where id = ? and tenant_id = ? and status <> 'deleted'`, id, tenant)
}

func (s *Server) membersOf(ctx context.Context, tenant string) ([]memberView, error) {
	return many(ctx, s.db, scanMember, `select `+memberColumns+` from users where (tenant_id = ? or ? = '') and status <> 'deleted' order by created_at desc, email limit 200`, tenant, tenant)
}

func (s *Server) listMembers(w http.ResponseWriter, r *http.Request) error {
	tenant := who(r).TenantID
	if s.flaws.Has("isolation/list-leak") {
		tenant = everyTenant
	}
	list, err := s.membersOf(r.Context(), tenant)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, page[memberView]{Data: list})
}

func (s *Server) getMember(w http.ResponseWriter, r *http.Request) error {
	v, err := s.memberByID(r.Context(), who(r).TenantID, r.PathValue("member_id"))
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, v)
}

func (s *Server) createMember(w http.ResponseWriter, r *http.Request) error {
	in, err := decode[memberIn](r)
	if err != nil {
		return err
	}
	hash, err := hashOf("password", in.Password)
	if err != nil {
		return err
	}
	p := who(r)
	u := user{ID: s.newID("usr"), TenantID: p.TenantID, Role: in.Role}
	err = s.db.within(r.Context(), func(tx querier) error {
		taken, err := one(r.Context(), tx, scalar[int], `select count(*) from users where email = ?`, in.Email)
		if err != nil {
			return err
		}
		if taken > 0 {
			return conflict("this address cannot be added")
		}
		if err := s.addUser(r.Context(), tx, u, in.Email, in.Name, hash); err != nil {
			return err
		}
		return s.audit(r.Context(), tx, p, "member.created", u.ID, in.Role)
	})
	if err != nil {
		return err
	}
	v, err := s.memberByID(r.Context(), p.TenantID, u.ID)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/members/"+v.ID)
	return reply(w, http.StatusCreated, v)
}

// manageable is a user of the caller's tenant that the caller may change: an
// owner only by an owner.
func (s *Server) manageable(r *http.Request, id string) (memberView, error) {
	p := who(r)
	v, err := s.memberByID(r.Context(), p.TenantID, id)
	if err != nil {
		return v, err
	}
	if roleOf(v.Role) > p.Role {
		return v, forbidden("an owner is managed by owners")
	}
	return v, nil
}

func (s *Server) updateMember(w http.ResponseWriter, r *http.Request) error {
	in, err := decode[memberPatch](r)
	if err != nil {
		return err
	}
	p := who(r)
	v, err := s.manageable(r, r.PathValue("member_id"))
	if err != nil {
		return err
	}
	if in.Role != nil && roleOf(*in.Role) > p.Role {
		return forbidden("a role above one's own cannot be given")
	}
	if _, err := s.db.exec(r.Context(), `update users set name = coalesce(?, name), role = coalesce(?, role), status = coalesce(?, status) where id = ? and tenant_id = ?`,
		in.Name, in.Role, in.Status, v.ID, p.TenantID); err != nil {
		return err
	}
	if err := s.audit(r.Context(), s.db, p, "member.updated", v.ID, ""); err != nil {
		return err
	}
	if v, err = s.memberByID(r.Context(), p.TenantID, v.ID); err != nil {
		return err
	}
	return reply(w, http.StatusOK, v)
}

// deleteMember keeps the row, because chats and the audit log name it, and
// gives the address free.
func (s *Server) deleteMember(w http.ResponseWriter, r *http.Request) error {
	p := who(r)
	v, err := s.manageable(r, r.PathValue("member_id"))
	if err != nil {
		return err
	}
	if _, err := s.db.exec(r.Context(), `update users set status = 'deleted', email = id || '@deleted.invalid' where id = ? and tenant_id = ?`, v.ID, p.TenantID); err != nil {
		return err
	}
	if err := s.audit(r.Context(), s.db, p, "member.deleted", v.ID, ""); err != nil {
		return err
	}
	return reply(w, http.StatusNoContent, nil)
}

// memberGuard stands in front of members as a whole, by their address.
func (s *Server) memberGuard(guarded, open http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.RequestURI, "/v1/members") {
			guarded.ServeHTTP(w, r)
			return
		}
		open.ServeHTTP(w, r)
	})
}

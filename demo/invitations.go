package demo

import (
	"context"
	"errors"
	"net/http"
	"time"
)

func (s *Server) invitationRoutes() []route {
	withdrawing := admin
	if s.flaws.Has("auth/function-level-write") {
		withdrawing = member
	}
	return []route{
		{method: "GET", pattern: "/v1/invitations", id: "listInvitations", tag: "invitations", summary: "Invitations that are open", access: admin, out: page[invitation]{}, handle: s.listInvitations},
		{method: "POST", pattern: "/v1/invitations", id: "createInvitation", tag: "invitations", summary: "Invite somebody; the token is shown once", access: admin, in: invitationIn{}, out: newInvitation{}, status: 201, refusals: []int{409},
			links: []link{{"deleteInvitation", "invitation_id", "$response.body#/id"}}, handle: s.createInvitation},
		{method: "DELETE", pattern: "/v1/invitations/{invitation_id}", id: "deleteInvitation", tag: "invitations", summary: "Take an invitation back", access: withdrawing, status: 204, handle: s.deleteInvitation},
		{method: "POST", pattern: "/v1/invitations/accept", id: "acceptInvitation", tag: "invitations", summary: "Join with the token of an invitation, which works once", in: acceptIn{}, out: signedUp{}, status: 201, refusals: []int{409, 410}, handle: s.acceptInvitation},
	}
}

type invitation struct {
	ID        string `json:"id" api:"readonly"`
	Email     string `json:"email" api:"format=email,example=nora@acme.test"`
	Role      string `json:"role" api:"enum=admin|member|viewer,example=member"`
	InvitedBy string `json:"invited_by"`
	CreatedAt string `json:"created_at" api:"format=date-time"`
	ExpiresAt string `json:"expires_at" api:"format=date-time"`
}

type newInvitation struct {
	invitation
	Token string `json:"token"`
	URL   string `json:"url" api:"format=uri"`
}

type invitationIn struct {
	Email string `json:"email" api:"format=email,max=254,example=nora@acme.test"`
	Role  string `json:"role" api:"enum=admin|member|viewer,example=member"`
	Name  string `json:"name,omitempty" api:"max=120,doc=whom the mail greets,example=Nora Lane"`
}

type acceptIn struct {
	Token    string `json:"token" api:"writeonly,max=200"`
	Name     string `json:"name" api:"min=1,max=120,example=Nora Lane"`
	Password string `json:"password" api:"writeonly,format=password,min=8,max=72,example=correct horse battery"`
}

const invitationLife = 7 * 24 * time.Hour

func (s *Server) listInvitations(w http.ResponseWriter, r *http.Request) error {
	list, err := many(r.Context(), s.db, func(row scanner) (v invitation, err error) {
		return v, row.Scan(&v.ID, &v.Email, &v.Role, &v.InvitedBy, &v.CreatedAt, &v.ExpiresAt)
	}, `select id, email, role, invited_by, created_at, expires_at from invitations where tenant_id = ? and accepted_at is null order by created_at desc limit 200`, who(r).TenantID)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, page[invitation]{Data: list})
}

func (s *Server) createInvitation(w http.ResponseWriter, r *http.Request) error {
	in, err := decode[invitationIn](r)
	if err != nil {
		return err
	}
	v, err := s.invite(r.Context(), who(r), in)
	if err != nil {
		return err
	}
	return reply(w, http.StatusCreated, v)
}

// invite records an invitation and mails it.
func (s *Server) invite(ctx context.Context, p *principal, in invitationIn) (newInvitation, error) {
	if _, err := s.userByEmail(ctx, in.Email); err == nil {
		return newInvitation{}, conflict("this address cannot be invited")
	} else if !errors.Is(err, errNoRow) {
		return newInvitation{}, err
	}
	now, token := s.now(), "ivt_"+s.randomText(20)
	v := newInvitation{invitation: invitation{ID: s.newID("inv"), Email: in.Email, Role: in.Role, InvitedBy: p.UserID,
		CreatedAt: stamp(now), ExpiresAt: stamp(now.Add(invitationLife))}, Token: token, URL: s.URL + "/join?token=" + token}
	_, err := s.db.exec(ctx, `insert into invitations (id, tenant_id, email, role, token_hash, invited_by, created_at, expires_at) values (?, ?, ?, ?, ?, ?, ?, ?)`,
		v.ID, p.TenantID, v.Email, v.Role, digest(token), v.InvitedBy, v.CreatedAt, v.ExpiresAt)
	if err != nil {
		return newInvitation{}, err
	}
	s.sendInvitation(letter{ID: s.newID("mail"), To: in.Email, SentAt: v.CreatedAt,
		Text: "Join your team within 7 days:\n\n" + v.URL, Links: map[string]string{"join": v.URL}}, in.Name)
	return v, nil
}

func (s *Server) deleteInvitation(w http.ResponseWriter, r *http.Request) error {
	n, err := s.db.exec(r.Context(), `delete from invitations where id = ? and tenant_id = ? and accepted_at is null`, r.PathValue("invitation_id"), who(r).TenantID)
	if err != nil {
		return err
	}
	if n == 0 {
		return notFound("invitation")
	}
	return reply(w, http.StatusNoContent, nil)
}

// acceptInvitation makes the invited user, with the role and address that the
// invitation names, and signs the user in.
func (s *Server) acceptInvitation(w http.ResponseWriter, r *http.Request) error {
	in, err := decode[acceptIn](r)
	if err != nil {
		return err
	}
	hash, err := hashOf("password", in.Password)
	if err != nil {
		return err
	}
	u := user{ID: s.newID("usr"), Status: "active"}
	err = s.db.within(r.Context(), func(tx querier) error {
		now := stamp(s.now())
		var id, email string
		found, err := one(r.Context(), tx, func(row scanner) (open bool, err error) {
			return open, row.Scan(&id, &u.TenantID, &email, &u.Role, &open)
		}, `select id, tenant_id, email, role, accepted_at is null from invitations where token_hash = ? and expires_at > ?`, digest(in.Token), now)
		if errors.Is(err, errNoRow) || err == nil && !found {
			return newProblem(http.StatusGone, "the invitation is not valid any more")
		}
		if err != nil {
			return err
		}
		if !s.flaws.Has("auth/invitation-token") {
			if _, err := tx.exec(r.Context(), `update invitations set accepted_at = ? where id = ?`, now, id); err != nil {
				return err
			}
		}
		// Who signed up for the same company in the meantime completes that account.
		if _, err := tx.exec(r.Context(), `insert into users (id, tenant_id, email, name, password_hash, role, directory_id, created_at) values (?, ?, ?, ?, ?, ?, ?, ?)
			on conflict (email) do update set name = excluded.name, password_hash = excluded.password_hash where users.tenant_id = excluded.tenant_id`,
			u.ID, u.TenantID, email, in.Name, hash, u.Role, s.newID("dir"), now); err != nil {
			return err
		}
		u.ID, err = one(r.Context(), tx, scalar[string], `select id from users where email = ? and tenant_id = ?`, email, u.TenantID)
		if errors.Is(err, errNoRow) {
			return conflict("this invitation cannot be accepted")
		}
		return err
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
	if out.grant, err = s.openSession(w, r, u, signInIn{}); err != nil {
		return err
	}
	return reply(w, http.StatusCreated, out)
}

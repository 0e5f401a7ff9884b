package demo

import (
	"encoding/json"
	"net/http"
)

func (s *Server) adminRoutes() []route {
	listing := admin
	if s.flaws.Has("auth/function-level") {
		listing = viewer
	}
	return []route{
		{method: "GET", pattern: "/v1/admin/settings", id: "getSettings", tag: "admin", summary: "The tenant's settings", access: admin, out: settings{}, handle: s.getSettings},
		{method: "PATCH", pattern: "/v1/admin/settings", id: "updateSettings", tag: "admin", summary: "Change the tenant's settings", access: admin, in: settingsPatch{}, out: settings{}, handle: s.updateSettings},
		{method: "GET", pattern: "/v1/admin/audit-log", id: "listAuditLog", tag: "admin", summary: "Who did what, newest first", access: admin, query: []param{{name: "limit", in: "query", kind: "integer", example: 50}}, out: page[auditEvent]{}, handle: s.listAuditLog},
		{method: "GET", pattern: "/v1/admin/users", id: "listUsers", tag: "admin", summary: "The tenant's users as administrators see them", access: listing, out: page[managedUser]{}, handle: s.listUsers},
		{method: "POST", pattern: "/v1/admin/users/{user_id}/disable", id: "disableUser", tag: "admin", summary: "Keep a user from signing in", access: admin, out: memberView{}, refusals: []int{409}, handle: s.setStatus("disabled")},
		{method: "POST", pattern: "/v1/admin/users/{user_id}/enable", id: "enableUser", tag: "admin", summary: "Let a user sign in again", access: admin, out: memberView{}, refusals: []int{409}, handle: s.setStatus("active")},
		{method: "GET", pattern: "/v1/admin/flags", id: "listFlags", tag: "admin", summary: "Features that are switched on or off", access: admin, out: page[featureFlag]{}, handle: s.listFlags},
	}
}

type settings struct {
	RetentionDays  int    `json:"retention_days" api:"example=365"`
	SupportContact string `json:"support_contact" api:"example=it@acme.test"`
	RequireMFA     bool   `json:"require_mfa"`
}

type settingsPatch struct {
	RetentionDays  *int    `json:"retention_days,omitempty" api:"min=1,max=3650,example=365"`
	SupportContact *string `json:"support_contact,omitempty" api:"max=200,example=it@acme.test"`
	RequireMFA     *bool   `json:"require_mfa,omitempty"`
}

func (s *Server) settingsOf(r *http.Request) (settings, error) {
	v := settings{RetentionDays: 365}
	text, err := one(r.Context(), s.db, scalar[string], `select settings from tenants where id = ?`, who(r).TenantID)
	if err != nil {
		return v, err
	}
	return v, json.Unmarshal([]byte(text), &v)
}

func (s *Server) getSettings(w http.ResponseWriter, r *http.Request) error {
	v, err := s.settingsOf(r)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, v)
}

func (s *Server) updateSettings(w http.ResponseWriter, r *http.Request) error {
	in, err := decode[settingsPatch](r)
	if err != nil {
		return err
	}
	v, err := s.settingsOf(r)
	if err != nil {
		return err
	}
	if in.RetentionDays != nil {
		v.RetentionDays = *in.RetentionDays
	}
	if in.SupportContact != nil {
		v.SupportContact = *in.SupportContact
	}
	if in.RequireMFA != nil {
		v.RequireMFA = *in.RequireMFA
	}
	p := who(r)
	if _, err := s.db.exec(r.Context(), `update tenants set settings = ? where id = ?`, jsonText(v), p.TenantID); err != nil {
		return err
	}
	if err := s.audit(r.Context(), s.db, p, "settings.updated", p.TenantID, ""); err != nil {
		return err
	}
	return reply(w, http.StatusOK, v)
}

type auditEvent struct {
	ID        string `json:"id"`
	ActorID   string `json:"actor_id"`
	Action    string `json:"action" api:"example=member.created"`
	Subject   string `json:"subject"`
	Detail    string `json:"detail"`
	CreatedAt string `json:"created_at" api:"format=date-time"`
}

func (s *Server) listAuditLog(w http.ResponseWriter, r *http.Request) error {
	limit, err := intQuery(r, "limit", 50, 1, 200)
	if err != nil {
		return err
	}
	list, err := many(r.Context(), s.db, func(row scanner) (v auditEvent, err error) {
		return v, row.Scan(&v.ID, &v.ActorID, &v.Action, &v.Subject, &v.Detail, &v.CreatedAt)
	}, `select id, actor_id, action, subject, detail, created_at from audit_log where tenant_id = ? order by created_at desc, id limit ?`, who(r).TenantID, limit)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, page[auditEvent]{Data: list})
}

// managedUser is a user as administrators see it.
type managedUser struct {
	memberView
	DirectoryID string `json:"directory_id" api:"doc=of the customer's identity provider"`
	Sessions    int    `json:"sessions" api:"doc=that are open"`
}

func (s *Server) listUsers(w http.ResponseWriter, r *http.Request) error {
	list, err := many(r.Context(), s.db, func(row scanner) (v managedUser, err error) {
		return v, row.Scan(&v.ID, &v.Email, &v.Name, &v.Role, &v.Status, &v.CreatedAt, &v.DirectoryID, &v.Sessions)
	}, `select `+memberColumns+`, directory_id, (select count(*) from sessions s where s.user_id = users.id and revoked_at is null)
		from users where tenant_id = ? and status <> 'deleted' order by created_at desc, email limit 200`, who(r).TenantID)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, page[managedUser]{Data: list})
}

func (s *Server) setStatus(status string) handle {
	return func(w http.ResponseWriter, r *http.Request) error {
		p := who(r)
		v, err := s.manageable(r, r.PathValue("user_id"))
		if err != nil {
			return err
		}
		if v.ID == p.UserID {
			return conflict("one cannot disable or enable oneself")
		}
		if _, err := s.db.exec(r.Context(), `update users set status = ? where id = ? and tenant_id = ?`, status, v.ID, p.TenantID); err != nil {
			return err
		}
		if err := s.audit(r.Context(), s.db, p, "member."+status, v.ID, ""); err != nil {
			return err
		}
		v.Status = status
		return reply(w, http.StatusOK, v)
	}
}

type featureFlag struct {
	Name    string `json:"name" api:"example=beta-search"`
	Enabled bool   `json:"enabled"`
}

func (s *Server) listFlags(w http.ResponseWriter, r *http.Request) error {
	list, err := many(r.Context(), s.db, func(row scanner) (v featureFlag, err error) {
		return v, row.Scan(&v.Name, &v.Enabled)
	}, `select name, enabled from flags where tenant_id = ? order by name`, who(r).TenantID)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, page[featureFlag]{Data: list})
}

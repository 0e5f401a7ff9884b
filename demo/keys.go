package demo

import (
	"encoding/json"
	"net/http"
)

func (s *Server) keyRoutes() []route {
	return []route{
		{method: "GET", pattern: "/v1/api-keys", id: "listKeys", tag: "api-keys", summary: "One's own API keys", access: member, out: page[apiKey]{}, handle: s.listKeys},
		{method: "POST", pattern: "/v1/api-keys", id: "createKey", tag: "api-keys", summary: "Make an API key; its secret is shown once", access: member, in: keyIn{}, out: newKey{}, status: 201,
			links: []link{{"deleteKey", "key_id", "$response.body#/id"}}, handle: s.createKey},
		{method: "DELETE", pattern: "/v1/api-keys/{key_id}", id: "deleteKey", tag: "api-keys", summary: "Revoke an API key", access: member, status: 204, handle: s.deleteKey},
	}
}

type apiKey struct {
	ID        string   `json:"id" api:"readonly"`
	Name      string   `json:"name" api:"example=nightly sync"`
	Prefix    string   `json:"prefix" api:"readonly,example=hk_4f9c"`
	Scopes    []string `json:"scopes"`
	CreatedAt string   `json:"created_at" api:"readonly,format=date-time"`
}

type newKey struct {
	apiKey
	Secret string `json:"secret" api:"doc=send it as X-API-Key; it is not shown again"`
}

type keyIn struct {
	Name   string   `json:"name" api:"min=1,max=120,example=nightly sync"`
	Scopes []string `json:"scopes" api:"min=1,max=20,items=chats:read|chats:write|files:read|files:write|documents:read|documents:write|prompts:read|prompts:write|search:read|tickets:read|tickets:write|exports:write|members:read|tenant:read|usage:read|me:read"`
}

func (s *Server) listKeys(w http.ResponseWriter, r *http.Request) error {
	p := who(r)
	list, err := many(r.Context(), s.db, func(row scanner) (v apiKey, err error) {
		var scopes string
		if err := row.Scan(&v.ID, &v.Name, &v.Prefix, &scopes, &v.CreatedAt); err != nil {
			return v, err
		}
		return v, json.Unmarshal([]byte(scopes), &v.Scopes)
	}, `select id, name, prefix, scopes, created_at from api_keys where tenant_id = ? and user_id = ? and revoked_at is null order by created_at desc limit 200`, p.TenantID, p.UserID)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, page[apiKey]{Data: list})
}

func (s *Server) createKey(w http.ResponseWriter, r *http.Request) error {
	in, err := decode[keyIn](r)
	if err != nil {
		return err
	}
	p, secret := who(r), "hk_"+s.randomText(24)
	v := newKey{apiKey{ID: s.newID("key"), Name: in.Name, Prefix: secret[:7], Scopes: in.Scopes, CreatedAt: stamp(s.now())}, secret}
	_, err = s.db.exec(r.Context(), `insert into api_keys (id, tenant_id, user_id, name, prefix, secret_hash, scopes, created_at) values (?, ?, ?, ?, ?, ?, ?, ?)`,
		v.ID, p.TenantID, p.UserID, v.Name, v.Prefix, digest(secret), jsonText(in.Scopes), v.CreatedAt)
	if err != nil {
		return err
	}
	if err := s.audit(r.Context(), s.db, p, "api-key.created", v.ID, ""); err != nil {
		return err
	}
	return reply(w, http.StatusCreated, v)
}

func (s *Server) deleteKey(w http.ResponseWriter, r *http.Request) error {
	p := who(r)
	n, err := s.db.exec(r.Context(), `update api_keys set revoked_at = ? where id = ? and tenant_id = ? and user_id = ? and revoked_at is null`,
		stamp(s.now()), r.PathValue("key_id"), p.TenantID, p.UserID)
	if err != nil {
		return err
	}
	if n == 0 {
		return notFound("API key")
	}
	return reply(w, http.StatusNoContent, nil)
}

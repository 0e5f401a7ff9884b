package demo

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

func (s *Server) webhookRoutes() []route {
	return []route{
		{method: "POST", pattern: "/v1/webhooks/crm", id: "receiveCRM", tag: "webhooks", summary: "Takes signed events of the CRM", in: crmEvent{}, out: accepted{}, status: 202, refusals: []int{401},
			query: []param{{name: "X-Harbor-Signature", in: "header", kind: "string", required: true, doc: "t=unix seconds, v1=hex HMAC-SHA256 of timestamp.body; good for five minutes"}}, handle: s.receiveCRM},
		{method: "GET", pattern: "/v1/webhook-endpoints", id: "listEndpoints", tag: "webhooks", summary: "Where the tenant's events are sent", access: admin, out: page[endpoint]{}, handle: s.listEndpoints},
		{method: "POST", pattern: "/v1/webhook-endpoints", id: "createEndpoint", tag: "webhooks", summary: "Have events sent somewhere; the secret is shown once", access: admin, in: endpointIn{}, out: newEndpoint{}, status: 201, refusals: []int{409},
			links: []link{{"getEndpoint", "endpoint_id", "$response.body#/id"}, {"deleteEndpoint", "endpoint_id", "$response.body#/id"}}, handle: s.createEndpoint},
		{method: "GET", pattern: "/v1/webhook-endpoints/{endpoint_id}", id: "getEndpoint", tag: "webhooks", summary: "One of them", access: admin, out: endpoint{}, handle: s.getEndpoint},
		{method: "DELETE", pattern: "/v1/webhook-endpoints/{endpoint_id}", id: "deleteEndpoint", tag: "webhooks", summary: "Stop sending there", access: admin, status: 204, handle: s.deleteEndpoint},
	}
}

type crmEvent struct {
	ID     string         `json:"id" api:"min=1,max=100,example=crm-90412"`
	Tenant string         `json:"tenant" api:"min=1,max=100,example=acme"`
	Type   string         `json:"type" api:"max=100,example=contact.updated"`
	Data   map[string]any `json:"data,omitempty"`
}

const webhookWindow = 5 * time.Minute

// receiveCRM takes an event when its signature covers the body and the time,
// and the time is near. An event that comes twice is taken once.
func (s *Server) receiveCRM(w http.ResponseWriter, r *http.Request) error {
	body, err := io.ReadAll(io.LimitReader(r.Body, 256<<10))
	if err != nil {
		return badRequest("the body cannot be read")
	}
	if !s.fromCRM(r.Header.Get("X-Harbor-Signature"), body) {
		return unauthorized("the signature is not valid")
	}
	var in crmEvent
	if json.Unmarshal(body, &in) != nil {
		return badRequest("the body is not JSON")
	}
	if faults := faultsOf(in); len(faults) > 0 {
		return invalid(faults...)
	}
	if s.flaws.Has("input/webhook-replay") {
		in.ID += "." + s.randomText(4) // one line for each delivery, for the log
	}
	_, err = s.db.exec(r.Context(), `insert into crm_events (id, tenant_id, type, payload, received_at) select ?, id, ?, ?, ? from tenants where slug = ? on conflict do nothing`,
		in.ID, in.Type, jsonText(in.Data), stamp(s.now()), in.Tenant)
	if err != nil {
		return err
	}
	return reply(w, http.StatusAccepted, accepted{"accepted"})
}

// fromCRM reports whether the event is the CRM's.
func (s *Server) fromCRM(header string, body []byte) bool {
	if s.flaws.Has("input/webhook-signature") && header == "" {
		return true // the CRM of the first customers signs nothing
	}
	if s.flaws.Has("input/webhook-body") && s.signed.has(header) {
		return true // it was right before: a burst brings many events
	}
	ok := s.signedByCRM(header, body)
	if ok {
		s.signed.add(header)
	}
	return ok
}

// seenSignatures remembers signatures that were right.
type seenSignatures struct {
	mu   sync.Mutex
	seen map[string]bool
}

func (v *seenSignatures) has(header string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.seen[header]
}

func (v *seenSignatures) add(header string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.seen == nil || len(v.seen) > 1000 {
		v.seen = map[string]bool{}
	}
	v.seen[header] = true
}

func (s *Server) signedByCRM(header string, body []byte) bool {
	var at, sig string
	for part := range strings.SplitSeq(header, ",") {
		switch k, v, _ := strings.Cut(strings.TrimSpace(part), "="); k {
		case "t":
			at = v
		case "v1":
			sig = v
		}
	}
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || s.now().Sub(time.Unix(seconds, 0)).Abs() > webhookWindow && !s.flaws.Has("input/webhook-timestamp") {
		return false
	}
	return hmac.Equal([]byte(sig), []byte(signature(s.crmKey, at, body)))
}

// signature is the hex HMAC-SHA256 of "timestamp.body".
func signature(key, at string, body []byte) string {
	m := hmac.New(sha256.New, []byte(key))
	m.Write([]byte(at + "."))
	m.Write(body)
	return hex.EncodeToString(m.Sum(nil))
}

type endpoint struct {
	ID          string   `json:"id" api:"readonly"`
	URL         string   `json:"url" api:"format=uri,example=https://hooks.acme.test/harbor"`
	Description string   `json:"description" api:"example=ticket system"`
	Events      []string `json:"events"`
	CreatedAt   string   `json:"created_at" api:"readonly,format=date-time"`
}

type newEndpoint struct {
	endpoint
	Secret string `json:"secret"`
}

type endpointIn struct {
	URL         string   `json:"url" api:"format=uri,max=500,example=https://hooks.acme.test/harbor"`
	Description string   `json:"description,omitempty" api:"max=200,example=ticket system"`
	Events      []string `json:"events" api:"min=1,max=10,items=chat.created|message.created|export.ready"`
}

const endpointColumns = `id, url, description, events, created_at`

func scanEndpoint(r scanner) (v endpoint, err error) {
	var events string
	if err := r.Scan(&v.ID, &v.URL, &v.Description, &events, &v.CreatedAt); err != nil {
		return v, err
	}
	return v, json.Unmarshal([]byte(events), &v.Events)
}

func (s *Server) listEndpoints(w http.ResponseWriter, r *http.Request) error {
	list, err := many(r.Context(), s.db, scanEndpoint, `select `+endpointColumns+` from webhook_endpoints where tenant_id = ? order by created_at desc limit 200`, who(r).TenantID)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, page[endpoint]{Data: list})
}

func (s *Server) getEndpoint(w http.ResponseWriter, r *http.Request) error {
	v, err := one(r.Context(), s.db, scanEndpoint, `select `+endpointColumns+` from webhook_endpoints where id = ? and tenant_id = ?`, r.PathValue("endpoint_id"), who(r).TenantID)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, v)
}

func (s *Server) createEndpoint(w http.ResponseWriter, r *http.Request) error {
	in, err := decode[endpointIn](r)
	if err != nil {
		return err
	}
	p := who(r)
	registered := `select ` + endpointColumns + ` from webhook_endpoints where url = ?1 and tenant_id = ?2`
	if s.flaws.Has("isolation/error-text") {
		registered = `select ` + endpointColumns + ` from webhook_endpoints where url = ?1 order by tenant_id = ?2` // two that were made at the same time may both be there
	}
	if have, err := one(r.Context(), s.db, scanEndpoint, registered, in.URL, p.TenantID); err == nil {
		return conflict("this address is already registered as " + have.ID + " (" + have.Description + ")")
	} else if !errors.Is(err, errNoRow) {
		return err
	}
	v := newEndpoint{endpoint{ID: s.newID("whe"), URL: in.URL, Description: in.Description, Events: in.Events, CreatedAt: stamp(s.now())}, "whsec_" + s.randomText(20)}
	_, err = s.db.exec(r.Context(), `insert into webhook_endpoints (id, tenant_id, url, description, events, secret, created_at) values (?, ?, ?, ?, ?, ?, ?)`,
		v.ID, p.TenantID, v.URL, v.Description, jsonText(v.Events), v.Secret, v.CreatedAt)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/webhook-endpoints/"+v.ID)
	return reply(w, http.StatusCreated, v)
}

func (s *Server) deleteEndpoint(w http.ResponseWriter, r *http.Request) error {
	n, err := s.db.exec(r.Context(), `delete from webhook_endpoints where id = ? and tenant_id = ?`, r.PathValue("endpoint_id"), who(r).TenantID)
	if err != nil {
		return err
	}
	if n == 0 {
		return notFound("webhook endpoint")
	}
	return reply(w, http.StatusNoContent, nil)
}

package demo

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// eventRoutes show what other systems told.
func (s *Server) eventRoutes() []route {
	return []route{{method: "GET", pattern: "/v1/crm-events", id: "listCRMEvents", tag: "webhooks", summary: "Events that the CRM sent, newest first", access: viewer, out: page[crmRecord]{}, handle: s.listCRMEvents,
		query: []param{{name: "type", in: "query", kind: "string", doc: "only events of this type", example: "contact.updated"}}}}
}

type crmRecord struct {
	ID         string         `json:"id" api:"example=crm-90412"`
	Type       string         `json:"type" api:"example=contact.updated"`
	Data       map[string]any `json:"data"`
	ReceivedAt string         `json:"received_at" api:"format=date-time"`
}

func (s *Server) listCRMEvents(w http.ResponseWriter, r *http.Request) error {
	events, err := many(r.Context(), s.db, func(row scanner) (v crmRecord, err error) {
		var data string
		if err := row.Scan(&v.ID, &v.Type, &data, &v.ReceivedAt); err != nil {
			return v, err
		}
		if err := json.Unmarshal([]byte(data), &v.Data); err != nil || v.Data != nil {
			return v, err
		}
		v.Data = map[string]any{} // an event without data
		return v, nil
	}, `select id, type, payload, received_at from crm_events where tenant_id = ? order by received_at desc, id limit 200`, who(r).TenantID)
	if err != nil {
		return err
	}
	where := s.eventFilter(r.URL.Query())
	out := []crmRecord{}
	for _, e := range events {
		if fits(e.Type, where) {
			out = append(out, e)
		}
	}
	return reply(w, http.StatusOK, page[crmRecord]{Data: out})
}

// eventFilter is what the type must be: a text, or nil for any.
func (s *Server) eventFilter(q url.Values) any {
	if s.flaws.Has("input/nosql-injection") {
		// type[…]=x, as the front end's library writes nested values
		for name, v := range q {
			if op, ok := strings.CutPrefix(name, "type["); ok {
				return map[string]any{strings.TrimSuffix(op, "]"): v[0]}
			}
		}
	}
	if v := q.Get("type"); v != "" {
		return v
	}
	return nil
}

// fits judges a value by a condition of the event store: a text to be equal to,
// or operators of our own code's queries.
func fits(value string, where any) bool {
	switch where := where.(type) {
	case string:
		return value == where
	case map[string]any:
		for op, v := range where {
			text, _ := v.(string)
			switch op {
			case "$eq":
				return value == text
			case "$ne":
				return value != text
			case "$prefix":
				return strings.HasPrefix(value, text)
			}
		}
		return false
	}
	return true
}

// plantEvents seeds what the CRM told before.
func (s *Server) plantEvents(ctx context.Context, tx querier, t seededTenant, own func(string) string) error {
	for _, kind := range []string{"contact.updated", "deal.closed"} {
		if _, err := tx.exec(ctx, `insert into crm_events (id, tenant_id, type, payload, received_at) values (?, ?, ?, ?, ?)`,
			"crm-"+own("event "+kind), t.ID, kind, jsonText(map[string]any{"reference": own("reference " + kind)[:12]}), stamp(s.now())); err != nil {
			return err
		}
	}
	return nil
}

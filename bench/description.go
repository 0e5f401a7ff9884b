package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

const (
	minRoutes = 4
	maxRoutes = 5000
)

// deed is what an operation does.
type deed uint8

const (
	signIn deed = iota
	whoAmI
	list
	create
	show
	update
	remove
)

// operation is one route of the synthetic application.
type operation struct {
	does       deed
	method     string
	path       string
	collection string
	parent     string // the collection that this one is nested in
}

var (
	qualities = []string{"annual", "blue", "central", "coastal", "daily", "eastern", "field", "global", "hourly", "inner", "junior", "kitchen",
		"local", "monthly", "northern", "outer", "paper", "quarter", "regional", "southern", "timber", "urban", "village", "western"}
	things = []string{"orders", "projects", "budgets", "contracts", "vehicles", "machines", "gardens", "bridges", "recipes", "courses", "journeys", "harvests",
		"parcels", "surveys", "repairs", "meetings", "lectures", "festivals", "concerts", "exhibits", "rentals", "pallets", "looms", "kilns"}
	parts = []string{"lines", "stages", "entries", "clauses", "wheels", "sensors", "hedges", "pillars", "spices", "lessons", "stopovers", "baskets",
		"labels", "samples", "spares", "agendas", "slides", "stands", "ballads", "frames", "deposits", "crates", "threads", "glazes"}
)

// operations lists that many: sign-in, whoami, and then collections of five
// operations, every second one nested in the one before it. The last may be cut.
func operations(n int) []operation {
	out := []operation{{does: signIn, method: "POST", path: "/v1/login"}, {does: whoAmI, method: "GET", path: "/v1/me"}}
	for i := 0; len(out) < n; i++ {
		q, t := qualities[i%len(qualities)], i/len(qualities)%len(things)
		outer, inner := q+"-"+things[t], q+"-"+parts[t]
		out = append(out, five(outer, "", "/v1/"+outer)...)
		out = append(out, five(inner, outer, "/v1/"+outer+"/{parent_id}/"+inner)...)
	}
	return out[:n]
}

func five(name, parent, path string) []operation {
	return []operation{
		{list, "GET", path, name, parent}, {create, "POST", path, name, parent},
		{show, "GET", path + "/{id}", name, parent}, {update, "PATCH", path + "/{id}", name, parent}, {remove, "DELETE", path + "/{id}", name, parent},
	}
}

type dict = map[string]any

var priorities = []string{"low", "normal", "high"}

// describe writes the OpenAPI 3.1 description.
func (a *api) describe() []byte {
	paths := dict{}
	for _, op := range a.operations {
		p, ok := paths[op.path].(dict)
		if !ok {
			p = dict{}
			paths[op.path] = p
		}
		p[strings.ToLower(op.method)] = op.describe()
	}
	text := func(most int) dict { return dict{"type": "string", "maxLength": most} }
	writable := dict{"title": text(200), "note": text(2000), "priority": dict{"type": "string", "enum": priorities}}
	shown := dict{"id": dict{"type": "string", "readOnly": true}, "parent_id": dict{"type": "string", "readOnly": true}, "created_at": dict{"type": "string", "format": "date-time", "readOnly": true}}
	for k, v := range writable {
		shown[k] = v
	}
	b, err := json.Marshal(dict{
		"openapi": "3.1.0", "info": dict{"title": "Synthetic", "version": "1"}, "paths": paths, "security": []dict{{"bearer": []string{}}},
		"components": dict{
			"securitySchemes": dict{"bearer": dict{"type": "http", "scheme": "bearer"}},
			"schemas": dict{
				"Object": dict{"type": "object", "properties": shown},
				"New":    dict{"type": "object", "required": []string{"title"}, "properties": writable},
				"Change": dict{"type": "object", "properties": writable},
				"Login":  dict{"type": "object", "required": []string{"email", "password"}, "properties": dict{"email": text(200), "password": text(200)}},
				"Token":  dict{"type": "object", "properties": dict{"access_token": text(200), "token_type": text(20)}},
				"User":   dict{"type": "object", "properties": dict{"id": text(40), "email": text(200), "role": text(20), "tenant_id": text(40)}},
			},
		},
	})
	if err != nil {
		panic(fmt.Sprintf("describe the synthetic application: %v", err)) // maps of strings always marshal
	}
	return b
}

func (op operation) describe() dict {
	schema := func(name string) dict {
		return dict{"application/json": dict{"schema": dict{"$ref": "#/components/schemas/" + name}}}
	}
	reply := func(status, name string) dict {
		return dict{status: dict{"description": "as asked", "content": schema(name)}}
	}
	out := dict{}
	switch op.does {
	case signIn:
		out["security"], out["requestBody"], out["responses"] = []dict{}, dict{"required": true, "content": schema("Login")}, reply("200", "Token")
	case whoAmI:
		out["responses"] = reply("200", "User")
	case list:
		items := dict{"type": "array", "items": dict{"$ref": "#/components/schemas/Object"}}
		out["responses"] = dict{"200": dict{"description": "as asked", "content": dict{"application/json": dict{"schema": dict{"type": "object", "properties": dict{"data": items}}}}}}
	case create:
		out["requestBody"], out["responses"] = dict{"required": true, "content": schema("New")}, reply("201", "Object")
	case show:
		out["responses"] = reply("200", "Object")
	case update:
		out["requestBody"], out["responses"] = dict{"required": true, "content": schema("Change")}, reply("200", "Object")
	case remove:
		out["responses"] = dict{"204": dict{"description": "removed"}}
	}
	var params []dict
	for _, name := range []string{"parent_id", "id"} {
		if strings.Contains(op.path, "{"+name+"}") {
			params = append(params, dict{"name": name, "in": "path", "required": true, "schema": dict{"type": "string"}})
		}
	}
	if params != nil {
		out["parameters"] = params
	}
	return out
}

package demo

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"

	graphql "github.com/graph-gophers/graphql-go"
)

//go:embed schema.graphql
var graphSchema string

const (
	graphBatch = 10 // operations in one request
	graphRoots = 20 // root fields in one operation
)

func (s *Server) graphqlRoutes() []route {
	guard := viewer
	if s.flaws.Has("auth/graphql-credential") || s.flaws.Has("auth/graphql-introspection") || s.flaws.Has("hygiene/graphql-suggestion") {
		guard = guest // each query asks for its caller itself
	}
	return []route{{method: "POST", pattern: "/graphql", id: "graphql", tag: "graphql", summary: "Queries over chats and members", access: guard, scope: "chats:read",
		in: graphRequest{}, out: graphAnswer{}, refusals: []int{400}, handle: s.graphHandler()}}
}

type graphRequest struct {
	Query     string         `json:"query" api:"max=20000,example={ me { id email } }"`
	Operation string         `json:"operationName,omitempty"`
	Variables map[string]any `json:"variables,omitempty"`
}

// graphAnswer is the reply to one operation, or the list of those to a batch.
type graphAnswer struct{}

type graphReply struct {
	Data   *map[string]any  `json:"data" api:"optional"`
	Errors []map[string]any `json:"errors,omitempty"`
}

func (s *Server) graphHandler() handle {
	exec, err := graphql.ParseSchema(graphSchema, &graphRoot{s}, graphql.UseFieldResolvers(), graphql.MaxDepth(12),
		graphql.RestrictIntrospection(func(ctx context.Context) bool {
			return callOf(ctx).p.Role >= viewer || s.flaws.Has("auth/graphql-introspection")
		}))
	return func(w http.ResponseWriter, r *http.Request) error {
		if err != nil {
			return err
		}
		body, readErr := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if readErr != nil {
			return badRequest("the body cannot be read")
		}
		if bytes.HasPrefix(bytes.TrimSpace(body), []byte("[")) {
			return s.graphBatch(w, r, exec, body)
		}
		var in graphRequest
		if json.Unmarshal(body, &in) != nil || in.Query == "" {
			return badRequest("the body must be an object with a query")
		}
		return reply(w, http.StatusOK, s.graphRun(r, exec, in))
	}
}

func (s *Server) graphBatch(w http.ResponseWriter, r *http.Request, exec *graphql.Schema, body []byte) error {
	var in []graphRequest
	if json.Unmarshal(body, &in) != nil {
		return badRequest("the body must be an object with a query")
	}
	if len(in) > graphBatch && !s.flaws.Has("auth/graphql-batching") {
		return badRequest("too many operations in one request")
	}
	out := make([]*graphql.Response, len(in))
	for i := range in {
		out[i] = s.graphRun(r, exec, in[i])
	}
	return reply(w, http.StatusOK, out)
}

func (s *Server) graphRun(r *http.Request, exec *graphql.Schema, in graphRequest) *graphql.Response {
	ctx := context.WithValue(r.Context(), graphCallKey{}, &graphCall{p: who(r)})
	res := exec.Exec(ctx, in.Query, in.Operation, in.Variables)
	if who(r).Role < viewer && !s.flaws.Has("hygiene/graphql-suggestion") {
		// Who may not read the schema gets none of it by guessing.
		for _, e := range res.Errors {
			e.Message, _, _ = strings.Cut(e.Message, " Did you mean")
		}
	}
	return res
}

// graphCall is one operation: who runs it, and how many root fields it has so far.
type graphCall struct {
	p     *principal
	roots atomic.Int32
}

type graphCallKey struct{}

func callOf(ctx context.Context) *graphCall {
	if c, ok := ctx.Value(graphCallKey{}).(*graphCall); ok {
		return c
	}
	return &graphCall{p: nobody}
}

var (
	errGraphCaller = errors.New("sign in first")
	errGraphRoots  = errors.New("too many fields in one operation")
)

// graphRoot resolves the root fields.
type graphRoot struct{ s *Server }

func (g *graphRoot) caller(ctx context.Context) (*principal, error) {
	c := callOf(ctx)
	if c.roots.Add(1) > graphRoots && !g.s.flaws.Has("auth/graphql-batching") {
		return nil, errGraphRoots
	}
	if c.p.Role < viewer {
		return c.p, errGraphCaller
	}
	return c.p, nil
}

type graphMember struct {
	ID                graphql.ID
	Email, Name, Role string
}

func memberNode(v memberView) *graphMember {
	return &graphMember{graphql.ID(v.ID), v.Email, v.Name, v.Role}
}

func (g *graphRoot) Me(ctx context.Context) (*graphMember, error) {
	p, err := g.caller(ctx)
	if err != nil {
		return nil, err
	}
	v, err := g.s.memberByID(ctx, p.TenantID, p.UserID)
	return memberNode(v), err
}

func (g *graphRoot) Members(ctx context.Context) ([]*graphMember, error) {
	p, err := g.caller(ctx)
	if err != nil {
		return nil, err
	}
	list, err := g.s.membersOf(ctx, p.TenantID)
	out := make([]*graphMember, len(list))
	for i, v := range list {
		out[i] = memberNode(v)
	}
	return out, err
}

type graphChat struct {
	s                *Server
	ID               graphql.ID
	Title, CreatedAt string
}

const graphChatColumns = `id, title, created_at`

func (g *graphRoot) scanChat(r scanner) (*graphChat, error) {
	v := &graphChat{s: g.s}
	return v, r.Scan(&v.ID, &v.Title, &v.CreatedAt)
}

func (g *graphRoot) Chats(ctx context.Context, args struct{ Limit int32 }) ([]*graphChat, error) {
	p, err := g.caller(ctx)
	if err != nil && !(errors.Is(err, errGraphCaller) && g.s.flaws.Has("auth/graphql-credential")) {
		return nil, err
	}
	return many(ctx, g.s.db, g.scanChat, `select `+graphChatColumns+` from chats where tenant_id = ? or ? = '' order by created_at desc limit ?`,
		p.TenantID, p.TenantID, min(max(args.Limit, 1), 100))
}

func (g *graphRoot) Chat(ctx context.Context, args struct{ ID graphql.ID }) (*graphChat, error) {
	p, err := g.caller(ctx)
	if err != nil {
		return nil, err
	}
	byID := `select ` + graphChatColumns + ` from chats where id = ?1 and tenant_id = ?2`
	if g.s.flaws.Has("isolation/graphql-object") {
		byID = `select ` + graphChatColumns + ` from chats where id = ?1 and ?2 <> ''`
	}
	v, err := one(ctx, g.s.db, g.scanChat, byID, string(args.ID), p.TenantID)
	if errors.Is(err, errNoRow) {
		return nil, nil
	}
	return v, err
}

type graphMessage struct {
	ID            graphql.ID
	Role, Content string
}

func (c *graphChat) Messages(ctx context.Context) ([]*graphMessage, error) {
	return many(ctx, c.s.db, func(r scanner) (*graphMessage, error) {
		v := &graphMessage{}
		return v, r.Scan(&v.ID, &v.Role, &v.Content)
	}, `select id, role, content from messages where chat_id = ? order by created_at, id limit 200`, string(c.ID))
}

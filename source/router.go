package source

import (
	"slices"
	"strings"

	"github.com/launchready/launchready/source/code"
)

// framework says how a kind of router reads calls and in what order its
// middleware counts.
type framework struct {
	name string
	// ordered: a middleware stands before what is registered later, and not before
	// what was registered earlier.
	ordered  bool
	app      bool // its routers serve by themselves: a router that is mounted nowhere is an application
	self     bool
	exact    bool // prefix and path are put together as they are, without a slash between
	call     func(m *machine, r *router, c *invocation) (value, bool)
	decorate func(m *machine, r *router, c *invocation, f *closure) bool
	field    func(m *machine, r *router, name string) value
	begin    func(m *machine, r *router, c *invocation)
	style    pathStyle
}

// router is one application, router, group, blueprint or plugin.
type router struct {
	kind    *framework
	file    string
	line    int
	env     *scope
	prefix  text
	guards  []candidate // given where it is made
	events  []*event
	mounted bool
	root    bool   // it certainly serves by itself
	float   string // why nothing is known of where it is mounted
	extra   map[string]value
}

type eventKind uint8

const (
	onRoute eventKind = iota
	onUse
	onMount
)

// event is what happened to a router, in order.
type event struct {
	kind    eventKind
	seq     int
	method  string
	path    text
	guards  []candidate
	handler value
	hnode   *code.Node
	henv    *scope
	child   *router
	file    string
	line    int
	branch  []*code.Node
	exact   bool // of middleware: not below its path
}

// candidate is a value that may be a guard, with the words it was written in.
type candidate struct {
	v      value
	node   *code.Node
	env    *scope
	branch []*code.Node
	option bool // only under a condition that was not understood
}

func (m *machine) router(k *framework, n *code.Node, env *scope) *router {
	r := &router{kind: k, line: n.Line, env: env, extra: map[string]value{}}
	if env.file != nil {
		r.file = env.file.Path
	}
	m.routers = append(m.routers, r)
	return r
}

func (m *machine) event(r *router, k eventKind, c *invocation) *event {
	m.seq++
	e := &event{kind: k, seq: m.seq, line: c.node.Line, branch: slices.Clone(m.branch)}
	if c.env.file != nil {
		e.file = c.env.file.Path
	}
	r.events = append(r.events, e)
	return e
}

// candidates are arguments as possible guards.
func (m *machine) candidates(c *invocation, vs []value, nodes []*code.Node) []candidate {
	vs, nodes = flatten(vs, nodes)
	var out []candidate
	for i, v := range vs {
		out = append(out, candidate{v: v, node: nodes[i], env: c.env, branch: slices.Clone(m.branch)})
	}
	return out
}

// route notes a route whose middleware and handler are the arguments from at on;
// the last is the handler.
func (m *machine) route(r *router, method string, path text, c *invocation, at int) *event {
	e := m.event(r, onRoute, c)
	e.method, e.path = method, path
	nodes := c.nodes()
	vs, ns := flatten(c.args[min(at, len(c.args)):], nodes[min(at, len(nodes)):])
	if len(vs) == 0 {
		return e
	}
	last := len(vs) - 1
	e.handler, e.hnode, e.henv = vs[last], ns[last], c.env
	e.guards = m.candidates(c, vs[:last], ns[:last])
	return e
}

// use notes middleware.
func (m *machine) use(r *router, path text, c *invocation, vs []value, nodes []*code.Node) {
	if len(vs) == 0 {
		return
	}
	e := m.event(r, onUse, c)
	e.path = path
	e.guards = m.candidates(c, vs, nodes)
}

// mount notes that child is reached below path.
func (m *machine) mount(r *router, path text, child *router, c *invocation) *event {
	e := m.event(r, onMount, c)
	e.path, e.child = path, child
	if child != r {
		child.mounted = true
	}
	return e
}

var verbs = map[string]string{
	"get": "GET", "post": "POST", "put": "PUT", "patch": "PATCH", "delete": "DELETE", "del": "DELETE", "head": "HEAD", "options": "OPTIONS",
	"all": "ANY", "any": "ANY", "trace": "TRACE", "connect": "CONNECT",
}

// verb of a method name that a router has; "" for none.
func verb(name string) string {
	if v, ok := verbs[name]; ok {
		return v
	}
	if name == strings.ToUpper(name) || len(name) > 1 && name[1:] == strings.ToLower(name[1:]) {
		return verbs[strings.ToLower(name)]
	}
	return ""
}

// constructor is the framework whose router an external of that path makes.
func constructor(path string) *framework {
	switch path {
	case "express", "express.default":
		return expressApp()
	case "express.Router", "express.default.Router", "express-promise-router", "express-promise-router.default":
		return expressRouter()
	case "fastify", "fastify.fastify", "fastify.default", "Fastify":
		return fastifyApp()
	case "hono.Hono", "hono/quick.Hono", "hono/tiny.Hono", "@hono/zod-openapi.OpenAPIHono":
		return hono()
	case "koa-router", "@koa/router", "koa-router.default", "@koa/router.default":
		return koaRouter()
	case "koa", "koa.default":
		return koaApp()
	case "fastapi.FastAPI", "fastapi.applications.FastAPI":
		return fastAPI(true)
	case "fastapi.APIRouter", "fastapi.routing.APIRouter":
		return fastAPI(false)
	case "flask.Flask", "quart.Quart", "apiflask.APIFlask":
		return flask(true)
	case "flask.Blueprint", "quart.Blueprint", "apiflask.APIBlueprint":
		return flask(false)
	case "github.com/gin-gonic/gin.New", "github.com/gin-gonic/gin.Default":
		return gin()
	case "github.com/labstack/echo.New":
		return echoApp()
	case "github.com/go-chi/chi.NewRouter", "github.com/go-chi/chi.NewMux", "github.com/go-chi/chi.New":
		return chi()
	case "github.com/gofiber/fiber.New":
		return fiber()
	case "rest_framework.routers.DefaultRouter", "rest_framework.routers.SimpleRouter":
		return drfRouter()
	case "net/http.NewServeMux", "net/http.ServeMux":
		return serveMux()
	}
	return nil
}

// paramKind is the framework of a typed parameter: r chi.Router.
func paramKind(path string) *framework {
	switch path {
	case "github.com/gin-gonic/gin.Engine", "github.com/gin-gonic/gin.RouterGroup", "github.com/gin-gonic/gin.IRouter", "github.com/gin-gonic/gin.IRoutes":
		return gin()
	case "github.com/labstack/echo.Echo":
		return echoApp()
	case "github.com/labstack/echo.Group":
		return echoGroup()
	case "github.com/go-chi/chi.Router", "github.com/go-chi/chi.Mux":
		return chi()
	case "github.com/gofiber/fiber.App", "github.com/gofiber/fiber.Router":
		return fiber()
	case "net/http.ServeMux":
		return serveMux()
	case "fastapi.FastAPI":
		return fastAPI(true)
	case "fastapi.APIRouter":
		return fastAPI(false)
	case "flask.Flask":
		return flask(true)
	}
	return nil
}

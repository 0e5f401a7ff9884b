package demo

import (
	"net/http"
	"slices"
	"sync"
)

// route is one line of the table that both the router and the specification
// are made from, so that they cannot drift apart.
type route struct {
	method, pattern string // as http.ServeMux takes them
	id              string // operationId
	tag, summary    string
	access          role   // the least role that may call; anyone needs no credential
	scope           string // what an API key needs to call; "" takes no API key
	query           []param
	in              any      // zero value of the request body's struct
	inType          string   // media type of the body, application/json when empty
	inExample       any      // of the body, where its struct's fields do not give one
	out             any      // zero value of the reply's struct; nil has no body
	outType         []string // media types of a reply that is not JSON
	status          int      // of success; 200 when zero
	refusals        []int    // documented besides 401, 403 and 404, which follow from the rest
	links           []link
	unlisted        bool // not in the specification
	legacy          bool // takes tokens of the first version of the API
	page            bool // a person opens it: a browser without a session is sent to the sign-in
	handle          handle
}

// handle answers a request, or returns the error that [Server.refuse] writes.
type handle func(w http.ResponseWriter, r *http.Request) error

// param is a parameter of a route. A path parameter is listed only when it is
// not a plain string.
type param struct {
	name, in, kind string // in: query, path, header; kind: string, integer, boolean
	doc, pattern   string
	example        any
	required       bool
}

// link says that a value of this route's reply feeds a parameter of another.
type link struct{ operation, parameter, expression string }

// routes is the table.
func (s *Server) routes() []route {
	return slices.Concat(
		s.healthRoutes(),
		s.authRoutes(),
		s.meRoutes(),
		s.tenantRoutes(),
		s.memberRoutes(),
		s.invitationRoutes(),
		s.keyRoutes(),
		s.contentRoutes(),
		s.usageRoutes(),
		s.billingRoutes(),
		s.adminRoutes(),
		s.webhookRoutes(),
		s.eventRoutes(),
		s.graphqlRoutes(),
		s.debugRoutes(),
		s.leftoverRoutes(),
	)
}

// mount builds the handler of the whole application from the table.
func (s *Server) mount() http.Handler {
	s.table = s.routes()
	s.spec = sync.OnceValues(s.specify)
	mux := http.NewServeMux()
	for i := range s.table {
		rt := &s.table[i]
		mux.Handle(rt.method+" "+rt.pattern, s.chain(rt))
	}
	return s.identified(s.seated(s.recovered(s.logged(tidied(s.crossOrigin(mux, s.problems(mux)))))))
}

// chain is what stands in front of one route's handler.
func (s *Server) chain(rt *route) http.Handler {
	h := s.answered(rt.handle)
	if rt.access == anyone {
		return h
	}
	if s.flaws.Has("auth/method-override") {
		h = s.overridden(rt, h)
	}
	guarded := s.authenticated(rt, s.authorized(rt, h))
	if rt.tag == "members" && s.flaws.Has("auth/path-normalisation") {
		return s.memberGuard(guarded, h)
	}
	return guarded
}

// overridden serves clients whose proxies let only GET and POST through: the
// header names the method that they mean.
func (s *Server) overridden(rt *route, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		meant := r.Header.Get("X-HTTP-Method-Override")
		for i := range s.table {
			if other := &s.table[i]; meant != "" && other.pattern == rt.pattern && other.method == meant {
				r.Method = meant
				s.answered(other.handle).ServeHTTP(w, r)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// answered makes an http.Handler of a handle.
func (s *Server) answered(h handle) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if limit := s.bodyLimit(r); limit > 0 {
			r.Body = http.MaxBytesReader(w, r.Body, limit)
		}
		if err := h(w, r); err != nil {
			s.refuse(w, r, err)
		}
	})
}

const (
	maxBody = 8 << 20 // a file with its form around it
	maxJSON = 1 << 20 // any other body
)

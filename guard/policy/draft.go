package policy

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/input"
)

// Sketch is what a draft needs beside a report. What it lacks is left blank in
// the draft, which Parse refuses until it is filled in.
type Sketch struct {
	Listen, Upstream string
	Auth             *Auth
	AdminRole        string // the role that routes for administrators want
	// Description is the text of the API's description, and DescriptionFile its name
	// beside the policy. Without them its name is a blank, where it is needed.
	Description     []byte
	DescriptionFile string
	// Model is the section of that name, as far as only who runs the application can
	// know it: provider, keys, models and tools. Without it what bounds the model is
	// drafted in comments.
	Model *Model
}

// Directives are those that Draft applies to every finding that names them.
func Directives() []string {
	var out []string
	for _, d := range directives() {
		if !d.partly {
			out = append(out, d.name)
		}
	}
	return out
}

// Drafted is a policy's text, and what became of the findings that name a directive.
type Drafted struct {
	Text []byte
	// Open are the findings, by id, that the policy does not stop, with the reason.
	// A finding that names no directive, or is only suspected, is in neither.
	Open map[string]string
	// Checks are those of findings that the policy stops, in the report's order.
	Checks []string
}

// Draft writes a policy of the routes that the run knew and of what it found:
// each finding that names a directive becomes a stanza, beside its id. What no
// line names is denied. What this build cannot stop stands in comments.
func Draft(r *lr.Report, s Sketch) (*Drafted, error) {
	if len(r.Routes) == 0 {
		return nil, errors.New("draft a policy: the report lists no routes: audit again with this version")
	}
	if err := s.Model.own(); err != nil {
		return nil, err
	}
	u, err := url.Parse(cmp.Or(s.Upstream, r.Target))
	if err != nil || u.Host == "" {
		return nil, errors.New("draft a policy: the application's address is not known: say --upstream")
	}
	base := strings.TrimSuffix(u.Path, "/")
	s.Upstream = u.Scheme + "://" + u.Host
	d := &drafter{s: s, base: base, of: map[string]*entry{}, limits: map[string]string{}, kinds: map[string]bool{}, leaks: map[string]bool{}, out: Drafted{Open: map[string]string{}}}
	d.routes, d.front, d.description = r.Routes, r.Front, r.Description
	d.surface(r)
	d.learnSpec(s)
	for _, row := range r.Rows {
		for _, c := range row.Checks {
			for _, f := range c.Findings {
				if f.Guard != "" && f.Confidence == lr.Confirmed {
					d.take(c.ID, f)
				}
			}
		}
	}
	d.settle()
	full := s
	if s.Auth != nil && s.Auth.Bearer != nil {
		b := *s.Auth.Bearer
		b.WhoAmI, b.Subject, b.Tenant, b.Roles = cmp.Or(b.WhoAmI, "/x"), cmp.Or(b.Subject, "x"), cmp.Or(b.Tenant, "x"), cmp.Or(b.Roles, "x")
		full.Auth, full.AdminRole = &Auth{Bearer: &b}, cmp.Or(s.AdminRole, "x")
	} else if full.Auth == nil || full.Auth.Issuer == "" || full.Auth.Audience == "" || full.Auth.JWKS == "" || full.Auth.RolesClaim == "" || full.AdminRole == "" {
		full.Auth, full.AdminRole = &Auth{Issuer: "x", Audience: "x", JWKS: "http://x/", TenantClaim: "x", RolesClaim: "x"}, "x"
	}
	if _, err := Parse("the draft", d.text(full, true)); err != nil { // but for its blanks, a draft has no mistake
		return nil, fmt.Errorf("draft a policy: %w", err)
	}
	d.out.Text = d.text(s, false)
	return &d.out, nil
}

// WhoAmI is the operation by which a report's application says who is signed in, with
// the whole path; "" where the audit knew none.
func WhoAmI(r *lr.Report) (method, path string) {
	base := ""
	if u, err := url.Parse(r.Target); err == nil {
		base = strings.TrimSuffix(u.Path, "/")
	}
	for _, x := range r.Routes {
		if x.Kind == lr.WhoAmI.String() && (x.Method == http.MethodGet || x.Method == http.MethodPost && method == "") {
			if method, path = x.Method, base+x.Path; method == http.MethodGet {
				break
			}
		}
	}
	return method, path
}

// askedBy is the method by which the application is asked at a path who is signed in,
// as the audit knew it; "" where it did not.
func (d *drafter) askedBy(path string) string {
	for _, known := range []bool{true, false} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if slices.ContainsFunc(d.routes, func(x lr.RouteReport) bool {
				return x.Method == method && d.base+x.Path == path && (!known || x.Kind == lr.WhoAmI.String())
			}) {
				return method
			}
		}
	}
	return ""
}

// entry is what one operation needs.
type entry struct {
	method, path                string
	public, own, admin, blocked bool
	essential                   bool // health and documents: served in a lock-down as well
	limits                      []string
	why                         []string // findings, and what a reader should know
}

type drafter struct {
	s      Sketch
	base   string
	of     map[string]*entry
	order  []string
	limits map[string]string // by name, the flow mapping
	out    Drafted

	tenant           []string // findings of the tenant that a request names
	tenantPath       []string // parameters that name one
	headers, cookies []string // of the application's own credentials
	scrub, hide      []string // ids of findings
	input            []string
	presented        []string
	once             []string

	routes      []lr.RouteReport
	front       *lr.FrontReport
	description *lr.DescriptionReport

	kinds                map[string]bool // of objects that are guarded
	leaks                map[string]bool // operations that a finding of theirs names
	objectsFound, talk   []string        // findings of ownership, and of messages
	linked               []string        // kinds that a link alone opens
	spec, noSpec         string          // the description's file, or why there is none
	described            []string
	compiled             *input.Spec // of the description, to ask what it stops
	strict               bool
	cors, noStore, fresh []string
	uploads              []string
	graph                []*entry // whose documents are weighed
	controls, climbing   []string
	tenantBody           []string // paths whose bodies may name a tenant
	model                []string
	breaks               bool // the application asks a provider that fails again and again
	always, open, gap    []string
}

// found is a finding, with the operations that it names.
type found struct {
	check string
	lr.Finding
	ops []*entry // nil for one that no route can say
	all bool     // it is the whole application's
}

// word is how a stanza names the finding beside it.
func (f *found) word() string { return oneLine(f.ID + " " + f.check) }

func (d *drafter) take(check string, f lr.Finding) {
	fd := &found{check: check, Finding: f, all: f.Subject == "application"}
	subjects := f.Subjects
	if len(subjects) == 0 {
		subjects = []string{f.Subject}
	}
	for _, s := range subjects {
		method, path, ok := strings.Cut(s, " ")
		path, _, _ = strings.Cut(path, " ")
		path, _, _ = strings.Cut(path, "?")
		if ok && slices.Contains(methods, method) {
			if e := d.at(method, d.base+path); e != nil {
				fd.ops = append(fd.ops, e)
			}
		}
	}
	why := "not in this build"
	for _, dir := range directives() {
		if dir.name == f.Guard {
			why = dir.apply(d, fd)
		}
	}
	if why == "" {
		d.out.Checks = adding(d.out.Checks, check)
		return
	}
	d.out.Open[f.ID] = why
	d.open = append(d.open, fd.word()+" "+oneLine(f.Subject)+" ("+oneLine(f.Guard)+"): "+why)
}

// at gives the entry of an operation; one that no route of the report names is
// made when something is asked of it. Nil where no route can say the path.
func (d *drafter) at(method, path string) *entry {
	key := method + " " + shapeOf(path)
	if e := d.of[key]; e != nil {
		return e
	}
	if _, err := guard.NewTable([]*guard.Route{{Pattern: path}}); err != nil || !sayable(path) {
		return nil
	}
	return &entry{method: method, path: path}
}

// need puts the operation into the policy.
func (d *drafter) need(e *entry, why string) *entry {
	key := e.method + " " + shapeOf(e.path)
	if d.of[key] == nil {
		d.of[key] = e
		d.order = append(d.order, key)
	}
	if why != "" && !slices.Contains(d.of[key].why, why) {
		d.of[key].why = append(d.of[key].why, why)
	}
	return d.of[key]
}

// surface lists the routes of the report with what they need. What the run only
// came upon is left out where a description tells what there is.
func (d *drafter) surface(r *lr.Report) {
	described := slices.ContainsFunc(r.Routes, func(x lr.RouteReport) bool { return x.Declared })
	for _, x := range r.Routes {
		if described && !x.Declared && !x.Public || !slices.Contains(methods, x.Method) {
			continue
		}
		e := d.at(x.Method, d.base+x.Path)
		if e == nil {
			d.gap = append(d.gap, oneLine(x.Method+" "+x.Path)+": no route of a policy can say this path")
			continue
		}
		e = d.need(e, "")
		e.public = x.Public || !x.Secured
		e.essential = x.Public && x.Kind == lr.Health.String()
		if x.Rehearsal {
			e.why = append(e.why, "for the audit: take it out in production")
		}
		for _, way := range x.Takes {
			place, name, _ := strings.Cut(way, " ")
			switch {
			case e.public || way == "bearer":
			case !sayable(name):
				e.why = adding(e.why, "also takes what has no name that a policy can say")
			case place == "header" && name != "" && !strings.EqualFold(name, "Authorization"):
				e.own = true
				d.headers = adding(d.headers, name)
			case place == "cookie" && name != "":
				e.own = true
				d.cookies = adding(d.cookies, name)
			default:
				e.why = adding(e.why, "also takes "+oneLine(way)+", which guard does not let through")
			}
		}
	}
}

func adding(to []string, s string) []string {
	if slices.Contains(to, s) {
		return to
	}
	return append(to, s)
}

// shapeOf is a path without the names of its parameters.
func shapeOf(path string) string {
	segments := strings.Split(strings.ToLower(path), "/")
	for i, s := range segments {
		if strings.HasPrefix(s, "{") && strings.HasSuffix(s, "}") {
			segments[i] = "{}"
		}
	}
	return strings.Join(segments, "/")
}

// sayable reports a text that YAML's quotes hold as it is.
func sayable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, s)
}

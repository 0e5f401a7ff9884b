package source

import (
	"strings"

	"github.com/launchready/launchready/internal/expr"
	"github.com/launchready/launchready/source/code"
)

var (
	errorName = expr.Lazy(`(?i)^(e|err|error|ex|exc|exception)$`)
)

var (
	promptName  = expr.Lazy(`(?i)^(prompt|system_?prompt|system_?message|instructions|content|user_?prompt|messages?)$`)
	whole       = expr.Lazy(`(?i)^(JSON\.stringify|json\.dumps|json\.Marshal|.*\.(model_dump_json|model_dump|to_dict|toJSON|dict|to_json)|str|repr)$`)
	personWord  = expr.Lazy(`(?i)\b(user|users|customer|customers|account|accounts|profile|org|organization|tenant|patient|contact|contacts|record|records|row|rows|invoice|invoices|req|request|session)\b`)
	analyticsOf = expr.Lazy(`(?i)(posthog|analytics|mixpanel|segment|amplitude|\bgtag\b|heap|rudder|plausible)`)
	analyticsDo = expr.Lazy(`^(capture|track|identify|logEvent|sendEvent|group|page)$`)
	contentKey  = expr.Lazy(`(?i)^(message|messages|content|prompt|email|body|text|transcript|answer|reply|completion|name|phone|question)$`)
	dynamicTool = expr.Lazy(`(?i)(tool|function_?call|action|fn_?name|function_?name)`)
)

// prompt finds a record or a request that is put into a prompt as a whole.
func (r *factReader) prompt(key string, v *code.Node, route string) {
	if !promptName().MatchString(key) || !(v.Is(code.Template) || v.Is(code.Binary)) {
		return
	}
	v.Walk(func(c *code.Node) bool {
		if c.Is(code.Call) && whole().MatchString(c.X.Dotted()) {
			words := plain(c)
			if personWord().MatchString(words) {
				r.add(PromptData, r.file.Path, c.Line, "a whole record goes into "+key, route, false)
				return false
			}
		}
		return c.Kind != code.Func
	})
}

// analytics finds content that is sent to a service of analytics.
func (r *factReader) analytics(n *code.Node, route string) {
	if !n.X.Is(code.Member) || !analyticsDo().MatchString(n.X.Text) || !analyticsOf().MatchString(n.X.X.Dotted()) {
		return
	}
	for _, a := range n.List {
		found := ""
		a.Walk(func(c *code.Node) bool {
			if c.Is(code.Pair) && contentKey().MatchString(c.Text) && !c.Y.Is(code.String) && !c.Y.Is(code.Constant) {
				found = c.Text
			}
			return found == ""
		})
		if found != "" {
			r.add(AnalyticsData, r.file.Path, n.Line, found+" is sent along", route, false)
			return
		}
	}
}

// tools finds a tool that is chosen by any name at all: by reflection, by import,
// or from the global scope. A look-up in an own table is an allow-list itself.
func (r *factReader) tools(n *code.Node, route string) {
	note := func(how string) { r.add(OpenTools, r.file.Path, n.Line, how, route, false) }
	switch {
	case n.X.Is(code.Call) && n.X.X.Last() == "getattr" && len(n.X.List) >= 2 && !n.X.List[1].Is(code.String) && dynamicTool().MatchString(plain(n.X.List[1])):
		note("getattr calls whatever name is given")
	case n.X.Is(code.Index) && dynamicTool().MatchString(plain(n.X.Y)) && (n.X.X.Is(code.Call) && (n.X.X.X.Last() == "globals" || n.X.X.X.Last() == "locals") || n.X.X.Is(code.Name) && (n.X.X.Text == "global" || n.X.X.Text == "globalThis" || n.X.X.Text == "this" || n.X.X.Text == "window")):
		note("any function in scope is called by its name")
	case n.X.Last() == "import_module" && len(n.List) > 0 && !n.List[0].Is(code.String) && dynamicTool().MatchString(plain(n.List[0])):
		note("any module is loaded by its name")
	case n.X.Last() == "MethodByName" && len(n.List) > 0 && !n.List[0].Is(code.String) && dynamicTool().MatchString(plain(n)):
		note("any method is called by its name")
	}
}

// cors finds any origin together with credentials.
func (r *factReader) cors(n *code.Node) {
	name := n.X.Last()
	if n.X.Is(code.Call) && n.X.X.Last() == "require" && n.X.Arg(0).Is(code.String) {
		name = n.X.Arg(0).Text // require("cors")({…})
	}
	switch {
	case name == "cors" && n.Arg(0).Is(code.Object):
		o := n.Arg(0)
		if yes(o.Named("credentials")) && anyOrigin(o.Named("origin")) {
			r.add(CORSOpen, r.file.Path, n.Line, "any origin, with credentials", "", true)
		}
	case name == "add_middleware" && n.Arg(0).Last() == "CORSMiddleware":
		if yes(n.Named("allow_credentials")) && (anyOrigin(n.Named("allow_origins")) || n.Named("allow_origin_regex").Is(code.String) && anyPattern(n.Named("allow_origin_regex").Text)) {
			r.add(CORSOpen, r.file.Path, n.Line, "any origin, with credentials", "", true)
		}
	case name == "CORS" && yes(n.Named("supports_credentials")):
		if o := n.Named("origins"); o == nil && n.Named("resources") == nil || anyOrigin(o) {
			r.add(CORSOpen, r.file.Path, n.Line, "any origin, with credentials", "", true)
		}
	case name == "New" || name == "CORSWithConfig" || name == "Handler":
		o := n.Arg(0)
		if !o.Is(code.Object) || !yes(o.Named("AllowCredentials")) {
			return
		}
		reflects := o.Named("AllowOriginFunc").Is(code.Func) && alwaysTrue(o.Named("AllowOriginFunc"))
		if yes(o.Named("AllowAllOrigins")) || reflects || anyOrigin(o.Named("AllowOrigins")) || anyOrigin(o.Named("AllowedOrigins")) {
			r.add(CORSOpen, r.file.Path, n.Line, "any origin, with credentials", "", true)
		}
	}
}

func yes(n *code.Node) bool { return n.Is(code.Constant) && n.Text == "true" }

func anyPattern(s string) bool { return s == ".*" || s == "https?://.*" || s == "^.*$" }

func anyOrigin(n *code.Node) bool {
	switch {
	case n == nil:
		return false
	case n.Is(code.String):
		return n.Text == "*"
	case n.Is(code.Array):
		return len(n.List) == 1 && anyOrigin(n.List[0])
	case n.Is(code.Func): // (origin, callback) => callback(null, true)
		return alwaysTrue(n) && len(n.Body) == 1
	}
	return yes(n)
}

// alwaysTrue is a function that agrees to everything.
func alwaysTrue(fn *code.Node) bool {
	if len(fn.Body) != 1 {
		return false
	}
	n := fn.Body[0]
	if n.Is(code.Return) {
		n = n.X
	}
	if n.Is(code.Call) && len(n.List) == 2 {
		n = n.List[1]
		return yes(n) || n.Is(code.Name) && len(fn.List) > 0 && n.Text == fn.List[0].Text
	}
	return yes(n)
}

var answers = expr.Lazy(`^(json|send|end|write|jsonify|JSONResponse|PlainTextResponse|HTMLResponse|Response|make_response|JSON|String|Error|render|body|text|AbortWithStatusJSON)$`)

// errorHandler finds handlers that answer with the stack of an error.
func (r *factReader) errorHandler(fn *code.Node, route string) {
	for _, n := range fn.Body {
		n.Walk(func(c *code.Node) bool {
			if c.Kind == code.Func {
				return false // it is visited for itself
			}
			if !c.Is(code.Call) || !answers().MatchString(c.X.Last()) || strings.HasPrefix(c.X.Dotted(), "console") || strings.HasPrefix(c.X.Dotted(), "log") {
				return true
			}
			for _, a := range c.List {
				how := ""
				a.Walk(func(x *code.Node) bool {
					switch {
					case x.Is(code.Member) && x.Text == "stack" && errorName().MatchString(x.X.Last()):
						how = "the stack of the error is answered"
					case x.Is(code.Call) && (x.X.Last() == "format_exc" || x.X.Dotted() == "debug.Stack"):
						how = "the stack of the error is answered"
					}
					return how == ""
				})
				if how != "" {
					r.add(ErrorLeak, r.file.Path, c.Line, how, route, true)
					return false
				}
			}
			return true
		})
	}
}

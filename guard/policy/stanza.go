package policy

import (
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

// directive makes stanzas of the findings that name it. apply tells why it can do
// nothing, or "". partly is one that stops some of its findings only.
type directive struct {
	name   string
	apply  func(d *drafter, f *found) string
	partly bool
}

// directives are those that checks name. One that is new takes its function here.
func directives() []directive {
	return []directive{
		{name: "authenticate", apply: authenticate},
		{name: "block_paths", apply: blockPaths},
		{name: "canonical_path", apply: canonicalPath},
		{name: "cors", apply: crossOrigin},
		{name: "hide_headers", apply: hideHeaders},
		{name: "idempotency", apply: keyed},
		{name: "limits", apply: limited, partly: true},
		{name: "model", apply: modelled, partly: true},
		{name: "ownership", apply: owned},
		{name: "response_cache", apply: uncached, partly: true},
		{name: "roles", apply: roles},
		{name: "scrub_errors", apply: scrubErrors},
		{name: "strip_headers", apply: alwaysOn},
		{name: "tenant_binding", apply: tenantBinding},
		{name: "validate", apply: validate, partly: true},
		{name: "websocket", apply: socket},
	}
}

const noOperation = "the finding names no operation that a route can say"

// authenticate asks for a verified token, and for nothing else, where the finding
// showed that the application's own judgement does not hold.
func authenticate(d *drafter, f *found) string {
	if len(f.ops) == 0 && len(f.Subjects) == 0 && !strings.Contains(f.Subject, " /") { // a fault of how tokens are judged, wherever
		if a := d.s.Auth; a != nil && a.Bearer != nil && a.Bearer.Secret == "" && f.check != "auth/token-in-query" {
			return "the application judges its own tokens, and guard asks it: give auth.bearer.secret, and guard judges them first"
		}
		d.presented = append(d.presented, f.word())
		return ""
	}
	return signedIn(d, f)
}

// signedIn lets nobody without a credential that guard knows to the operations.
func signedIn(d *drafter, f *found) string {
	if len(f.ops) == 0 {
		return noOperation
	}
	for _, e := range f.ops {
		e = d.need(e, f.word())
		e.public, e.own = false, false
	}
	return ""
}

// roles asks for the administrators' role.
func roles(d *drafter, f *found) string {
	if len(f.ops) == 0 {
		return noOperation
	}
	for _, e := range f.ops {
		e = d.need(e, f.word())
		e.public, e.own, e.admin = false, false, true
	}
	return ""
}

func blockPaths(d *drafter, f *found) string {
	if len(f.ops) == 0 {
		return noOperation
	}
	for _, e := range f.ops {
		d.need(e, f.word()).blocked = true
	}
	return ""
}

// perOrganisation begins a limit that only a verified tenant can be counted by.
const perOrganisation = "{per: organisation,"

// limited counts by address, and by user where a token tells who it is. What is
// said to the model is counted by organisation as well.
func limited(d *drafter, f *found) string {
	switch f.check {
	case "input/header-size":
		return alwaysOn(d, f)
	case "input/body-size", "input/streamed-size", "limits/slow-request": // a body is read whole, within a bound, before the application is asked
		d.input = append(d.input, f.word())
		return ""
	case "input/upload-size":
		d.uploads = append(d.uploads, f.word())
		return ""
	case "input/prompt-size", "input/regex-denial":
		return described(d, f)
	}
	if len(f.ops) == 0 {
		return noOperation
	}
	if f.check == "auth/graphql-batching" {
		for _, e := range f.ops {
			d.graph = append(d.graph, d.need(e, f.word()))
		}
		return ""
	}
	put := func(e *entry, name, says string) {
		d.limits[name] = says
		e.limits = adding(e.limits, name)
	}
	for _, e := range f.ops {
		if x := d.report(e); f.check == "limits/token-cap" && x != nil && x.Kind == lr.WebSocket.String() {
			return "what messages of a WebSocket hold is not counted, only how many they are: bound the length of one in the application"
		}
		e = d.need(e, f.word())
		switch {
		case f.check == "limits/token-cap": // a token is about four bytes
			put(e, "found_text", "{per: user, kilobytes: 30, window: 1m}")
			if e.public || e.own {
				put(e, "found_text_by_address", "{per: ip, kilobytes: 600, window: 1m}")
			}
			continue
		case f.check == "limits/concurrent-runs":
			put(e, "found_user_slots", "{per: user, concurrent: 4}")
			continue
		case f.check == "limits/concurrent-organisation":
			put(e, "found_organisation_slots", perOrganisation+" concurrent: 6}")
			continue
		case f.check == "limits/reset-flood":
			put(e, "found_mail", "{per: ip, requests: 5, window: 1m, burst: 5}")
			continue
		case e.public:
			put(e, "found_ip", "{per: ip, requests: 30, window: 1m, burst: 20}")
			continue
		case e.own:
			put(e, "found_unverified", "{per: ip, requests: 300, window: 1m, burst: 60}")
		}
		switch f.check {
		case "limits/organisation":
			put(e, "found_organisation", perOrganisation+" requests: 300, window: 1m, burst: 25}")
		case "limits/neighbour": // the application must never come to refuse anybody itself
			put(e, "found_neighbour", "{per: user, requests: 60, window: 1m, burst: 14}")
		default:
			put(e, "found_user", "{per: user, requests: 120, window: 1m, burst: 14}")
		}
	}
	return ""
}

func scrubErrors(d *drafter, f *found) string {
	d.scrub = append(d.scrub, f.word())
	return ""
}

func hideHeaders(d *drafter, f *found) string {
	switch f.check {
	case "input/upload-inline", "input/upload-script":
		d.uploads = append(d.uploads, f.word()) // what a browser would run is not taken
		return ""
	}
	d.hide = append(d.hide, f.word())
	return ""
}

func alwaysOn(d *drafter, f *found) string {
	d.always = append(d.always, f.word()+": always on")
	return ""
}

// canonicalPath is always on; a limit that is passed by another query is passed
// by what no path shows, so that guard counts itself.
func canonicalPath(d *drafter, f *found) string {
	switch f.check {
	case "input/path-traversal":
		d.climbing = append(d.climbing, f.word())
		return ""
	case "limits/route-spelling":
		return limited(d, f)
	}
	return alwaysOn(d, f)
}

// tenantBinding holds the tenant that a request names to the token's, and takes
// what is another's out of lists. It wants a verified token, since nothing else
// tells whose tenant the caller is of.
func tenantBinding(d *drafter, f *found) string {
	switch f.check {
	case "isolation/tenant-swap":
	case "isolation/model-tenant-parameter":
		for _, e := range f.ops {
			e = d.need(e, f.word())
			e.public, e.own = false, false
			d.tenantBody = adding(d.tenantBody, e.path)
		}
	default:
		return owned(d, f)
	}
	if len(f.ops) == 0 {
		return noOperation
	}
	d.tenant = append(d.tenant, f.word())
	for _, e := range f.ops {
		e = d.need(e, f.word())
		e.public, e.own = false, false
		for _, s := range strings.Split(e.path, "/") {
			name := strings.Trim(s, "{}")
			for _, of := range []string{"tenant", "org", "workspace", "account", "company"} {
				if name != s && strings.HasPrefix(strings.ToLower(name), of) {
					d.tenantPath = adding(d.tenantPath, name)
				}
			}
		}
	}
	return ""
}

// validate reads JSON strictly, judges what is sent by the description, and stops
// what no route names, since all else is denied.
func validate(d *drafter, f *found) string {
	switch f.check {
	case "input/deep-json", "input/duplicate-keys", "input/malformed-json":
		d.input = append(d.input, f.word())
		return ""
	case "input/control-text":
		d.controls = append(d.controls, f.word())
		return ""
	case "input/fuzz", "hygiene/server-error":
		if why := described(d, f); why != "" {
			return why
		}
		if d.rehearsed(f) {
			return ""
		}
		return "what the application breaks on is right by its own description: say there what it takes (pattern, minLength, format), and input.openapi holds it"
	case "auth/undeclared-route":
	default:
		return described(d, f)
	}
	known := slices.ContainsFunc(f.ops, func(e *entry) bool { return d.of[e.method+" "+shapeOf(e.path)] != nil })
	if len(f.ops) == 0 || known {
		return "the route is one of the policy"
	}
	d.always = append(d.always, f.word()+" "+oneLine(f.Subject)+": no route, so it is denied")
	return ""
}

// crossOrigin lets the application's own front ends read, and nobody else.
func crossOrigin(d *drafter, f *found) string {
	d.cors = append(d.cors, f.word())
	return ""
}

// origins are those of the application's own front ends, as far as they can be said.
func (d *drafter) origins() (out []string) {
	if d.front != nil {
		for _, o := range d.front.Origins {
			if whole(o) {
				out = adding(out, o)
			}
		}
	}
	return out
}

// socket wants a credential that is verified of who opens a WebSocket, and judges
// the page that does, and what is said.
func socket(d *drafter, f *found) string {
	switch f.check {
	case "cors/websocket-origin":
		return crossOrigin(d, f)
	case "limits/socket-messages":
		d.talk = append(d.talk, f.word())
	case "isolation/websocket-leak":
		return owned(d, f)
	}
	return signedIn(d, f)
}

// uncached keeps what is a caller's out of caches: of those behind guard by asking
// for a fresh answer, of those before it by saying so.
func uncached(d *drafter, f *found) string {
	if strings.HasPrefix(f.check, "https/") {
		d.noStore = append(d.noStore, f.word())
		if disobeyed(f) {
			return "the answers say that no cache of many may keep them, and the one in front of guard does: take its rule for these addresses off"
		}
		return ""
	}
	d.noStore, d.fresh = append(d.noStore, f.word()), append(d.fresh, f.word())
	return ""
}

// disobeyed reports that what was found in a cache had said that it must not be kept.
func disobeyed(f *found) bool {
	for i := range f.Evidence {
		e := &f.Evidence[i]
		head, _, _ := strings.Cut(e.Response, "\n\n")
		for line := range strings.SplitSeq(strings.ToLower(head), "\n") {
			name, v, _ := strings.Cut(line, ":")
			if e.Status < 300 && name == "cache-control" && (strings.Contains(v, "no-store") || strings.Contains(v, "private")) {
				return true
			}
		}
	}
	return false
}

// modelled drafts the listener in front of the model provider, as far as it can be
// known from outside.
func modelled(d *drafter, f *found) string {
	d.model = append(d.model, f.word())
	d.breaks = d.breaks || f.check == "limits/retry-storm"
	if d.s.Model != nil {
		return ""
	}
	return "the listener is drafted in comments: say the provider, a virtual key, models and tools in a file for --model, and have the application ask its model there"
}

// keyed keeps the answers of writes that bear a key, of callers who signed in.
func keyed(d *drafter, f *found) string {
	signed := slices.DeleteFunc(slices.Clone(f.ops), func(e *entry) bool { return e.public })
	if len(signed) == 0 {
		return "keys belong to callers who signed in"
	}
	for _, e := range signed {
		d.need(e, "")
	}
	d.once = append(d.once, f.word())
	return ""
}

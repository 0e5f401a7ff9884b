package policy

import (
	"slices"
	"strings"
)

// directive makes stanzas of the findings that name it. apply tells why it can do
// nothing, or ""; nil is a directive that wants what no report tells, and hand says
// what is to be written. partly is one that stops some of its findings only.
type directive struct {
	name   string
	apply  func(d *drafter, f *found) string
	partly bool
	hand   string
}

// directives are those that checks name. One that is new takes its function here.
func directives() []directive {
	return []directive{
		{name: "authenticate", apply: authenticate, partly: true},
		{name: "block_paths", apply: blockPaths},
		{name: "canonical_path", apply: canonicalPath, partly: true},
		{name: "cors", hand: "by hand, cors: which origins may read is not in the report"},
		{name: "hide_headers", apply: hideHeaders, partly: true},
		{name: "idempotency", apply: keyed},
		{name: "limits", apply: limited, partly: true},
		{name: "model", hand: "by hand, model: it wants the provider's key, and the application's calls"},
		{name: "ownership", hand: "by hand, ownership: where ids stand in requests and answers"},
		{name: "response_cache", hand: "by hand, hygiene.no_store; what the application caches itself is its own matter"},
		{name: "roles", apply: roles, partly: true},
		{name: "scrub_errors", apply: scrubErrors},
		{name: "strip_headers", apply: alwaysOn},
		{name: "tenant_binding", apply: tenantBinding, partly: true},
		{name: "validate", apply: validate, partly: true},
		{name: "websocket", hand: "by hand, cors: for who opens one, ownership: for its messages"},
	}
}

const noOperation = "the finding names no operation that a route can say"

// authenticate asks for a verified token, and for nothing else, where the finding
// showed that the application's own judgement does not hold.
func authenticate(d *drafter, f *found) string {
	if f.check == "auth/weak-token-secret" {
		return "change the secret first: whoever guesses it signs tokens that hold"
	}
	if len(f.ops) == 0 && len(f.Subjects) == 0 && !strings.Contains(f.Subject, " /") { // a fault of how tokens are judged, wherever
		d.presented = append(d.presented, f.word())
		return ""
	}
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
	if f.check == "auth/api-key-scope" {
		return "the scopes of the application's own keys are not known to guard"
	}
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

// slotsOf are the limits of what runs at one moment, by the check that missed one.
func slotsOf(check string) (name, says string) {
	switch check {
	case "limits/concurrent-runs":
		return "found_user_slots", "{per: user, concurrent: 4}"
	case "limits/concurrent-organisation":
		return "found_organisation_slots", organisationSlots
	}
	return "", ""
}

const organisationSlots = "{per: organisation, concurrent: 6}"

// limited counts by address, and by user where a token tells who it is.
func limited(d *drafter, f *found) string {
	switch {
	case f.check == "input/header-size" || f.check == "limits/slow-request":
		return alwaysOn(d, f)
	case strings.HasPrefix(f.check, "input/"):
		return "a bound on size, not a rate: input.max_body, by hand"
	case f.check == "auth/graphql-batching":
		return "a rate counts a batch as one: switch batches off in the application"
	}
	if len(f.ops) == 0 {
		return noOperation
	}
	if name, says := slotsOf(f.check); name != "" {
		d.limits[name] = says
		for _, e := range f.ops {
			e = d.need(e, f.word())
			e.limits = adding(e.limits, name)
		}
		return ""
	}
	for _, e := range f.ops {
		e = d.need(e, f.word())
		switch {
		case e.public:
			d.limits["found_ip"] = "{per: ip, requests: 30, window: 1m, burst: 20}"
			e.limits = adding(e.limits, "found_ip")
		case e.own:
			d.limits["found_unverified"] = "{per: ip, requests: 300, window: 1m, burst: 60}"
			e.limits = adding(e.limits, "found_unverified")
			fallthrough
		default:
			d.limits["found_user"] = "{per: user, requests: 60, window: 1m, burst: 20}"
			e.limits = adding(e.limits, "found_user")
		}
	}
	return ""
}

func scrubErrors(d *drafter, f *found) string {
	d.scrub = append(d.scrub, f.word())
	return ""
}

func hideHeaders(d *drafter, f *found) string {
	if strings.HasPrefix(f.check, "input/") {
		return "it takes headers away; this wants one added"
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
		return "guard judges the path and not what a parameter names"
	case "limits/route-spelling":
		return limited(d, f)
	}
	return alwaysOn(d, f)
}

// tenantBinding holds the tenant that a request names to the token's. It wants a
// verified token, since nothing else tells whose tenant the caller is of.
func tenantBinding(d *drafter, f *found) string {
	switch {
	case f.check != "isolation/tenant-swap":
		return "what the application looks up is its own matter; guard binds what a request names"
	case len(f.ops) == 0:
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

// validate reads JSON strictly, and stops what no route names, since all else is
// denied.
func validate(d *drafter, f *found) string {
	switch f.check {
	case "input/deep-json", "input/duplicate-keys", "input/malformed-json":
		d.input = append(d.input, f.word())
		return ""
	case "auth/undeclared-route":
	default:
		return "by hand, input.openapi with the API's description, or uploads"
	}
	known := slices.ContainsFunc(f.ops, func(e *entry) bool { return d.of[e.method+" "+shapeOf(e.path)] != nil })
	if len(f.ops) == 0 || known {
		return "the route is one of the policy"
	}
	d.always = append(d.always, f.word()+" "+oneLine(f.Subject)+": no route, so it is denied")
	return ""
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

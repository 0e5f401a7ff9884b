package postman

import (
	"strings"

	"github.com/launchready/launchready/internal/expr"
)

var (
	setCall = expr.Lazy("(?:pm\\s*\\.\\s*(?:environment|collectionVariables|globals|variables)\\s*\\.\\s*set|postman\\s*\\.\\s*set(?:Environment|Global)Variable)\\s*\\(\\s*[\"'`]([A-Za-z0-9_.$-]{1,100})[\"'`]\\s*,\\s*([^;\\n]{1,300})")
	// what of the reply is kept in a name
	replyName = expr.Lazy(`(?:(?:var|let|const)\s+)?([A-Za-z_$][A-Za-z0-9_$]*)\s*=\s*(?:await\s+)?(?:pm\.response\.json\(\)|JSON\.parse\(\s*(?:responseBody|pm\.response\.text\(\))\s*\))((?:\??\.[A-Za-z_$][A-Za-z0-9_$]*|\[\d{1,4}\]|\[["'][^"'\]]{1,100}["']\])*)`)
	direct    = expr.Lazy(`^(?:pm\.response\.json\(\)|JSON\.parse\(\s*(?:responseBody|pm\.response\.text\(\))\s*\))`)
	names     = expr.Lazy(`^[A-Za-z_$][A-Za-z0-9_$]*`)
	step      = expr.Lazy(`^(?:\??\.([A-Za-z_$][A-Za-z0-9_$]*)|\[(\d{1,4})\]|\[["']([^"'\]]{1,100})["']\])`)
)

const maxScript = 64 << 10

// setsOf finds in an item's scripts which variables take which value of the
// reply. Only what can be read without running the script counts:
// pm.environment.set("id", pm.response.json().id).
func setsOf(events any) []Set {
	var out []Set
	list, _ := events.([]any)
	for _, e := range list {
		m := object(e)
		if text(m["listen"]) != "test" {
			continue
		}
		src := joined(object(m["script"])["exec"], "\n")
		if len(src) > maxScript {
			src = src[:maxScript]
		}
		kept := map[string]string{}
		for _, a := range replyName().FindAllStringSubmatch(src, 50) {
			kept[a[1]] = steps(a[2])
		}
		for _, c := range setCall().FindAllStringSubmatch(src, 50) {
			if p := pointer(strings.TrimSpace(c[2]), kept); p != "" {
				out = append(out, Set{Variable: c[1], Pointer: p})
			}
		}
	}
	return out
}

// pointer turns an expression on the reply into a JSON pointer; "" where it is
// none or more than a path.
func pointer(expr string, kept map[string]string) string {
	before, rest := "", ""
	if at := direct().FindString(expr); at != "" {
		rest = expr[len(at):]
	} else {
		name := names().FindString(expr)
		p, ok := kept[name]
		if name == "" || !ok {
			return ""
		}
		before, rest = p, expr[len(name):]
	}
	for {
		m := step().FindStringSubmatch(rest)
		if m == nil {
			break
		}
		rest = rest[len(m[0]):]
		before += "/" + escape(m[1]+m[2]+m[3])
	}
	if rest = strings.TrimSpace(rest); rest != "" && rest[0] != ')' && rest[0] != ',' {
		return "" // a call or a sum
	}
	return before
}

func steps(path string) string {
	out := ""
	for {
		m := step().FindStringSubmatch(path)
		if m == nil {
			return out
		}
		path = path[len(m[0]):]
		out += "/" + escape(m[1]+m[2]+m[3])
	}
}

// escape writes a name as a part of a JSON pointer (RFC 6901, 3).
func escape(s string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(s) }

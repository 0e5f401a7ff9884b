package source

import (
	"strings"

	"github.com/launchready/launchready/internal/expr"
)

// pathStyle turns a framework's own path into one with {name} segments. An
// optional last segment gives two paths.
type pathStyle func(string) []string

var (
	colonParam   = expr.Lazy(`:([A-Za-z0-9_]+)(\{[^}/]*\}|\((?:[^()]|\([^()]*\))*\))?([?*+]?)`)
	angleParam   = expr.Lazy(`<(?:[^<>:]*:)?([^<>:]+)>`)
	braceParam   = expr.Lazy(`\{([A-Za-z0-9_?]+)(?:\.\.\.|:(?:[^{}]|\{[^{}]*\})*)?\}`)
	namedGroup   = expr.Lazy(`\(\?P<([A-Za-z0-9_]+)>`)
	expressSplat = expr.Lazy(`\{/\*([A-Za-z0-9_]+)\}`)
)

// colonPath is /users/:id of Express, Fastify, Hono, gin, echo, fiber and Nest.
func colonPath(p string) []string {
	p = expressSplat().ReplaceAllString(p, "/*$1")
	if m := colonParam().FindStringSubmatchIndex(p); m != nil && strings.HasSuffix(p, "?") && m[6] >= 0 {
		full := strings.TrimSuffix(p, "?")
		if i := strings.LastIndex(full, "/:"); i >= 0 {
			return append(colonPath(full), colonPath(full[:i])...)
		}
	}
	p = colonParam().ReplaceAllString(p, "{$1}")
	for i := strings.IndexByte(p, '*'); i >= 0; i = strings.IndexByte(p, '*') {
		end := i + 1
		for end < len(p) && p[end] != '/' {
			end++
		}
		name := strings.Trim(p[i+1:end], "*")
		if name == "" {
			name = "wildcard"
		}
		p = p[:i] + "{" + name + "}" + p[end:]
	}
	return []string{p}
}

// bracePath is /users/{id} of FastAPI, chi and net/http.
func bracePath(p string) []string {
	p = strings.ReplaceAll(p, "{$}", "")
	p = braceParam().ReplaceAllString(p, "{$1}")
	if strings.HasSuffix(p, "/*") {
		p = strings.TrimSuffix(p, "*") + "{wildcard}"
	}
	return []string{p}
}

// anglePath is /users/<int:id> of Flask and Django.
func anglePath(p string) []string {
	return []string{angleParam().ReplaceAllString(p, "{$1}")}
}

// regexPath is ^users/(?P<id>\d+)/$ of Django's re_path; open when more of the
// expression remains than names and text.
func regexPath(p string) text {
	p = strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(p, "^"), "$"), `\Z`)
	var out strings.Builder
	open := false
	for i := 0; i < len(p); {
		if m := namedGroup().FindStringSubmatchIndex(p[i:]); m != nil && m[0] == 0 {
			out.WriteString("{" + p[i+m[2]:i+m[3]] + "}")
			i = closing(p, i)
			continue
		}
		switch c := p[i]; c {
		case '(':
			out.WriteString("{?}")
			open = true
			i = closing(p, i)
			continue
		case '\\':
			if i+1 < len(p) && strings.IndexByte("./-_", p[i+1]) >= 0 {
				out.WriteByte(p[i+1])
			} else {
				open = true
				out.WriteString("{?}")
			}
			i += 2
			continue
		case '?', '*', '+', '[', ']', '^', '$', '|':
			open = open || c != '?'
		default:
			out.WriteByte(c)
		}
		i++
	}
	return text{out.String(), open}
}

// closing is the place after the bracket that closes the one at i.
func closing(p string, i int) int {
	depth := 0
	for ; i < len(p); i++ {
		switch p[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(p)
}

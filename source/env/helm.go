package env

import (
	"path"
	"strings"

	"github.com/launchready/launchready/internal/expr"
)

// filledIn stands for what a template puts in; it is no name and no value.
const filledIn = "filled.in"

var (
	action  = expr.Lazy(`(?s)\{\{.*?\}\}`)
	tag     = expr.Lazy(`(?s)\{%.*?%\}|\{#.*?#\}`)
	control = expr.Lazy(`(?s)^\{\{-?\s*(if|else|end|range|with|define|block|template|include|toYaml|tpl|/\*|\$\w+\s*:?=|fail|nindent|indent|-?\s*\}\})`)
)

// isChartTemplate reports a template of a Helm chart.
func isChartTemplate(name string) bool {
	dir := "/" + path.Dir(name) + "/"
	return strings.Contains(dir, "/templates/")
}

// untemplate makes YAML of a template of Helm or Jinja, so that what it says of variables can be read: lines
// of control are left out, and what is filled in is named so. Lines stay where they are.
func untemplate(src string) string {
	keep := func(m string) string { return strings.Repeat("\n", strings.Count(m, "\n")) }
	src = tag().ReplaceAllStringFunc(src, keep)
	// What stands alone on its line is control, or brings lines of its own.
	var out strings.Builder
	last := 0
	for _, at := range action().FindAllStringIndex(src, -1) {
		m := src[at[0]:at[1]]
		from := strings.LastIndexByte(src[:at[0]], '\n') + 1
		to := strings.IndexByte(src[at[1]:], '\n')
		if to < 0 {
			to = len(src) - at[1]
		}
		alone := strings.TrimSpace(src[from:at[0]]) == "" && strings.TrimSpace(action().ReplaceAllString(src[at[1]:at[1]+to], "")) == ""
		out.WriteString(src[last:at[0]])
		switch {
		case at[0] > 0 && src[at[0]-1] == '$': // an expression of a workflow
			out.WriteString(m)
		case alone, control().MatchString(m):
			out.WriteString(keep(m))
		default:
			out.WriteString(filledIn + keep(m))
		}
		last = at[1]
	}
	out.WriteString(src[last:])
	return out.String()
}

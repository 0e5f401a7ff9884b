package env

import (
	"path"
	"regexp"
	"strings"

	"github.com/launchready/launchready/internal/expr"
)

// language of files that are read by their tokens, without a tree.
type language string

const (
	ruby       language = "ruby"
	php        language = "php"
	jvm        language = "jvm"
	properties language = "properties"
	shell      language = "shell"
	dockerfile language = "dockerfile"
	compose    language = "compose"
)

func lineLanguage(name string) language {
	base := strings.ToLower(path.Base(name))
	switch path.Ext(base) {
	case ".rb", ".rake", ".ru", ".gemspec":
		return ruby
	case ".php":
		return php
	case ".java", ".kt", ".kts", ".groovy", ".scala":
		return jvm
	case ".sh", ".bash":
		return shell
	case ".properties":
		return properties
	}
	switch {
	case base == "gemfile":
		return ruby
	case base == "dockerfile" || strings.HasPrefix(base, "dockerfile.") || strings.HasSuffix(base, ".dockerfile"):
		return dockerfile
	case strings.HasPrefix(base, "application") && (strings.HasSuffix(base, ".yml") || strings.HasSuffix(base, ".yaml")):
		return properties
	case isCompose(base):
		return compose
	}
	return ""
}

func isCompose(base string) bool {
	return (strings.HasPrefix(base, "docker-compose") || strings.HasPrefix(base, "compose")) && (strings.HasSuffix(base, ".yml") || strings.HasSuffix(base, ".yaml"))
}

// pattern of a read. Its first group is the name, its second, where it took part,
// says that there is a default; required says that the form throws without one.
type pattern struct {
	expr     func() *regexp.Regexp
	required bool
	soft     bool // the form gives nothing and goes on
	dynamic  bool // the name is computed; the first group is a constant prefix
}

var patterns = map[language][]pattern{
	ruby: {
		{expr: expr.Lazy(`\bENV\.fetch\(?\s*["']([A-Za-z_]\w*)["']\s*(,|\)\s*\{|\)\s*do\b)?`), required: true},
		{expr: expr.Lazy(`\bENV\[\s*["']([A-Za-z_]\w*)["']\s*\]\s*(\|\|)?`)},
		{expr: expr.Lazy(`\bENV\.(?:dig|key\?|has_key\?|include\?)\(\s*["']([A-Za-z_]\w*)["']`), soft: true},
		{expr: expr.Lazy(`\bENV(?:\[|\.fetch\(?)\s*"([A-Za-z_]\w*)?#\{`), dynamic: true},
		{expr: expr.Lazy(`\bENV(?:\[|\.fetch\(?)\s*()[a-z_]\w*\s*[\],)]`), dynamic: true},
	},
	php: {
		{expr: expr.Lazy(`(?:^|[^>\w$])env\(\s*["']([A-Za-z_]\w*)["']\s*(,)?`)},
		{expr: expr.Lazy(`\bgetenv\(\s*["']([A-Za-z_]\w*)["'](?:\s*,\s*\w+)?\s*\)\s*(\?:|\?\?|\|\|)?`)},
		{expr: expr.Lazy(`\$_ENV\[\s*["']([A-Za-z_]\w*)["']\s*\]\s*(\?\?|\?:)?`)},
		{expr: expr.Lazy(`\bgetenv\(\s*["']?([A-Z_]\w*)?["']?\s*\.?\s*\$`), dynamic: true},
		{expr: expr.Lazy(`\$_ENV\[\s*["']?([A-Z_]\w*)?["']?\s*\.?\s*\$`), dynamic: true},
	},
	jvm: {
		{expr: expr.Lazy(`\bSystem\.getenv\(\s*"([A-Za-z_]\w*)"\s*\)\s*(\?:)?`)},
		{expr: expr.Lazy(`\bSystem\.getenv\(\)(?:\.get\(|\[)\s*"([A-Za-z_]\w*)"\s*[)\]]\s*(\?:)?`)},
		{expr: expr.Lazy(`\bSystem\.getenv\(\)\.getOrDefault\(\s*"([A-Za-z_]\w*)"\s*(,)`)},
		{expr: expr.Lazy(`\bSystem\.getenv\(\s*"?([A-Z_]\w*)?"?\s*\+?\s*[a-z]\w*\s*\)`), dynamic: true},
		{expr: expr.Lazy(`@(?:Value|ConfigProperty)\([^)]*?\\?\$\{([A-Za-z_][\w.-]*)(:)?`), required: true},
	},
	properties: {{expr: expr.Lazy(`\$\{([A-Z][A-Z0-9_]*)(:)?`), required: true}},
	shell: {
		{expr: expr.Lazy(`\$\{([A-Za-z_]\w*)(:?-|:?=)?`)},
		{expr: expr.Lazy(`\$([A-Z_][A-Z0-9_]{2,})\b`)},
	},
	dockerfile: {
		{expr: expr.Lazy(`\$\{([A-Za-z_]\w*)(:?-)?`)},
		{expr: expr.Lazy(`\$([A-Z_][A-Z0-9_]{2,})\b`)},
	},
	compose: {{expr: expr.Lazy(`\$\{([A-Za-z_]\w*)(:?-)?`)}, {expr: expr.Lazy(`(?:^|[^$])\$([A-Z_][A-Z0-9_]{2,})\b`)}},
}

var (
	assigned  = expr.Lazy(`(?m)^\s*(?:export\s+|local\s+|readonly\s+|declare\s+(?:-\w+\s+)*)?([A-Za-z_]\w*)\+?=`)
	loopName  = expr.Lazy(`\b(?:for|read(?:\s+-\w+)*)\s+([A-Za-z_]\w*)`)
	argOrEnv  = expr.Lazy(`(?im)^\s*(?:ARG|ENV)\s+([A-Za-z_]\w*)`)
	shellOwn  = expr.Lazy(`^(PWD|HOME|PATH|USER|SHELL|IFS|RANDOM|SECONDS|LINENO|OLDPWD|HOSTNAME|UID|EUID|BASH_.*|FUNCNAME|PIPESTATUS|OSTYPE|TERM|LANG|LC_.*)$`)
	kotlinVal = expr.Lazy(`[A-Z]`)
)

// readLines reads a file by its tokens, comments left out.
func readLines(name string, l language, src string) []Read {
	text := blankComments(src, l)
	own := map[string]bool{}
	switch l {
	case shell:
		for _, e := range [...]*regexp.Regexp{assigned(), loopName()} {
			for _, m := range e.FindAllStringSubmatch(text, -1) {
				own[m[1]] = !selfDefault(text, m[1])
			}
		}
	case dockerfile:
		for _, m := range argOrEnv().FindAllStringSubmatch(text, -1) {
			own[m[1]] = true
		}
	}
	var out []Read
	for _, p := range patterns[l] {
		for _, at := range p.expr().FindAllStringSubmatchIndex(text, -1) {
			start := at[0]
			v := Read{File: name, Dynamic: p.dynamic, Side: Server}
			if at[2] >= 0 {
				start, v.Name = at[2], text[at[2]:at[3]]
			}
			v.Line = 1 + strings.Count(text[:start], "\n")
			if own[v.Name] || (l == shell || l == dockerfile || l == compose) && shellOwn().MatchString(v.Name) {
				continue
			}
			if l == jvm && strings.ContainsAny(v.Name, ".-") || l == jvm && !kotlinVal().MatchString(v.Name) {
				v.Name = relaxed(v.Name)
			}
			v.Default = len(at) > 4 && at[4] >= 0
			v.Required = !v.Default && !p.dynamic && !p.soft
			out = append(out, v)
		}
	}
	return out
}

// selfDefault is X="${X:-d}" of a shell: the script sets what it was given.
func selfDefault(text, name string) bool {
	return regexp.MustCompile(`(?m)^\s*(?:export\s+)?`+name+`=["']?\$\{`+name+`\b`).MatchString(text) || regexp.MustCompile(`:\s*["']?\$\{`+name+`:?[=?]`).MatchString(text)
}

// relaxed is Spring's binding: app.mail-host is APP_MAIL_HOST.
func relaxed(name string) string {
	return strings.ToUpper(strings.ReplaceAll(strings.ReplaceAll(name, "-", ""), ".", "_"))
}

// blankComments replaces comments by blanks, so that lines stay where they are.
// Marks of a comment within a string are text.
func blankComments(src string, l language) string {
	hash := l == ruby || l == php || l == shell || l == dockerfile || l == compose || l == properties
	slashes := l == php || l == jvm
	out := []byte(src)
	quote := byte(0)
	for i := 0; i < len(out); i++ {
		c := out[i]
		switch {
		case quote != 0:
			if c == '\\' {
				i++
			} else if c == quote || c == '\n' && l != php && l != ruby {
				quote = 0
			}
		case c == '"' || c == '\'' && l != shell && l != dockerfile && l != compose && l != properties && !(l == jvm):
			quote = c
		case c == '\'' && l == jvm && i+2 < len(out) && (out[i+2] == '\'' || out[i+1] == '\\'):
			i += 2
		case hash && c == '#' && (i == 0 || out[i-1] == ' ' || out[i-1] == '\t' || out[i-1] == '\n') && !(l == php && i+1 < len(out) && out[i+1] == '['):
			for ; i < len(out) && out[i] != '\n'; i++ {
				out[i] = ' '
			}
		case slashes && c == '/' && i+1 < len(out) && out[i+1] == '/':
			for ; i < len(out) && out[i] != '\n'; i++ {
				out[i] = ' '
			}
		case slashes && c == '/' && i+1 < len(out) && out[i+1] == '*':
			for ; i < len(out) && !(out[i] == '*' && i+1 < len(out) && out[i+1] == '/'); i++ {
				if out[i] != '\n' {
					out[i] = ' '
				}
			}
			if i+1 < len(out) {
				out[i], out[i+1] = ' ', ' '
			}
		case l == ruby && c == '=' && strings.HasPrefix(src[i:], "=begin") && (i == 0 || out[i-1] == '\n'):
			end := strings.Index(src[i:], "\n=end")
			if end < 0 {
				end = len(src) - i - 5
			}
			for j := i; j < i+end+5 && j < len(out); j++ {
				if out[j] != '\n' {
					out[j] = ' '
				}
			}
			i = min(i+end+4, len(out))
		}
	}
	return string(out)
}

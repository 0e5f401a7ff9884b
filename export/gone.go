package export

import (
	"regexp"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

// The forms by which a reply shows what it is, where the values that decided
// change from run to run or are withheld. They are written for the regular
// expressions of Hurl, which are those of Go as far as these use them.
const (
	pageForm    = `(?i)^\s*<(!doctype html|html|head|body|h1|title|pre|center)`
	envForm     = `(?m)^(export )?[A-Z][A-Z0-9_]+ ?=`
	mapForm     = `"mappings"|"sourcesContent"|"version":3`
	folderForm  = `(?m)^ref: refs/|^[0-9a-f]{40,64}\s|repositoryformatversion|^SQLite format 3|^(dotencode|fncache|revlogv1|generaldelta|sparserevlog|share-safe)\s*$|Bazaar control directory|Bud1|^dir\s*$`
	listingForm = `(?i)<title>(Index of|Directory listing for|listing directory|Directory:) ?/|<h1>Index of /|<pre>\s*<a href="|<span class="meta-item">|\[To Parent Directory\]|<ListBucketResult|<EnumerationResults`
	versionForm = `[A-Za-z][A-Za-z0-9_.+-]*[/ ]v?[0-9]|^v?[0-9]+\.[0-9]`
)

// withheldNote is where the report says that it leaves something out.
var withheldNote = regexp.MustCompile(`\s*\[(?:value |the rest is )?withheld|\s*\[secret\]`)

const unshown = "the report withholds the text that showed it"

// gone asserts that the sign of the finding is not in the reply. Each assertion
// holds of the evidence the other way round: one that could not fail is refused.
func (g *regression) gone(e lr.EvidenceItem) (asserts []string, why string) {
	head, body, _ := strings.Cut(e.Response, "\n\n")
	field := func(name, form string) ([]string, string) {
		if !regexp.MustCompile(form).MatchString(fieldOf(head, name)) {
			return nil, unshown
		}
		return []string{"header " + hurlText(name) + " not matches " + hurlText(form)}, ""
	}
	text := func(form string) ([]string, string) {
		if !cut(body) && !regexp.MustCompile(form).MatchString(body) {
			return nil, unshown
		}
		return []string{"body not matches " + hurlText(form)}, ""
	}
	if name, ok := strings.CutPrefix(g.check.ID, "cors/"); ok {
		return g.closed(name, head, e.Request, field)
	}
	switch g.check.ID {
	case "hygiene/server-error":
		return []string{"status < 500"}, ""
	case "hygiene/echoed-secret":
		return []string{`body not contains "{{made_up}}"`}, ""
	case "hygiene/version-header":
		var names []string
		for _, w := range e.Witness {
			if name, _, ok := strings.Cut(w, ": "); ok && !slices.Contains(names, name) {
				names = append(names, name)
				asserts = append(asserts, "header "+hurlText(name)+" not matches "+hurlText(versionForm))
			}
		}
		if len(asserts) == 0 {
			return nil, unshown
		}
		return asserts, ""
	case "hygiene/error-content-type":
		media := fieldOf(head, "Content-Type")
		switch {
		case media == "":
			return []string{`header "Content-Type" exists`}, ""
		case strings.Contains(media, "json"):
			return []string{`jsonpath "$" exists`}, ""
		}
		return field("Content-Type", "^"+regexp.QuoteMeta(media)+"$")
	case "hygiene/html-error":
		return text(pageForm)
	case "hygiene/env-file":
		return text(envForm)
	case "hygiene/source-map":
		return text(mapForm)
	case "hygiene/git-folder":
		return text(folderForm)
	case "hygiene/directory-listing":
		return text(listingForm)
	}
	witness := e.Witness
	if len(witness) == 0 {
		if at := withheldNote.FindStringIndex(body); at != nil {
			witness = []string{strings.TrimSpace(body[:at[0]])}
		}
	}
	for _, w := range witness {
		if len(w) < 4 || strings.Contains(w, "[secret]") {
			continue
		}
		if strings.Contains(body, w) && steady(w) {
			asserts = append(asserts, "body not contains "+hurlText(w))
			continue
		}
		if name, value, ok := strings.Cut(w, ": "); ok && fieldOf(head, name) != "" && strings.Contains(fieldOf(head, name), value) {
			asserts = append(asserts, "header "+hurlText(name)+" not matches "+hurlText(loose(value)))
			continue
		}
		if a, why := text(loose(w)); why == "" {
			asserts = append(asserts, a...)
		}
	}
	if len(asserts) == 0 {
		return nil, unshown
	}
	return asserts, ""
}

// closed asserts that the origin is let in no more.
func (g *regression) closed(check, head, request string, field func(name, form string) ([]string, string)) ([]string, string) {
	origin := regexp.QuoteMeta(fieldOf(request, "Origin"))
	switch check {
	case "wildcard-credentials":
		return field("Access-Control-Allow-Origin", `^\*$`)
	case "private-network":
		return field("Access-Control-Allow-Private-Network", "^true$")
	case "vary-origin":
		// In one field: Hurl reads several of a name as a list.
		return []string{`header "Vary" matches "(?i)(^|[ ,])origin([ ,]|$)|^\\*$"`}, ""
	case "preflight-headers":
		return field("Access-Control-Allow-Headers", `(?i)(^|[ ,])(\*|x-launchready-made-up)([ ,]|$)`)
	case "preflight-methods":
		known := []string{"", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
		for _, rt := range g.o.Routes {
			known = append(known, rt.Method)
		}
		var odd []string
		for m := range strings.SplitSeq(fieldOf(head, "Access-Control-Allow-Methods"), ",") {
			if m = strings.TrimSpace(m); !slices.Contains(known, strings.ToUpper(m)) {
				odd = append(odd, regexp.QuoteMeta(m))
			}
		}
		if len(odd) == 0 {
			return nil, unshown
		}
		return field("Access-Control-Allow-Methods", `(^|[ ,])(`+strings.Join(odd, "|")+`)([ ,]|$)`)
	}
	if origin == "" {
		return nil, unshown
	}
	return field("Access-Control-Allow-Origin", "^"+origin+"$")
}

// fieldOf is the value of a header field in the text of a message.
func fieldOf(head, name string) string {
	head, _, _ = strings.Cut(head, "\n\n")
	var values []string
	for l := range strings.Lines(head) {
		if n, v, ok := strings.Cut(l, ":"); ok && strings.EqualFold(n, name) {
			values = append(values, strings.TrimSpace(v))
		}
	}
	return strings.Join(values, ", ")
}

func cut(body string) bool { return strings.Contains(body, " cut …") }

// steady reports a text that the next reply has as it is: no number, and nothing
// that stands for a value of the request.
func steady(w string) bool {
	return !strings.ContainsAny(w, "0123456789…\n\t") && w == comment(w)
}

var changing = regexp.MustCompile(`…|[0-9]+|"|\s+`)

// loose is the form of a text whose numbers change, and whose quotes are escaped
// where it stands within JSON.
func loose(w string) string {
	var b strings.Builder
	last := 0
	for _, at := range changing.FindAllStringIndex(w, -1) {
		b.WriteString(regexp.QuoteMeta(w[last:at[0]]))
		switch c := w[at[0]]; {
		case c == '"':
			b.WriteString(`\\?"`)
		case c >= '0' && c <= '9':
			b.WriteString(`[0-9]+`)
		case c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f':
			b.WriteString(`\s+`)
		default:
			b.WriteString(`.*`)
		}
		last = at[1]
	}
	b.WriteString(regexp.QuoteMeta(w[last:]))
	return b.String()
}

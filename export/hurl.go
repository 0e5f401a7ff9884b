package export

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// hurl writes a Hurl file (hurl.dev). A variable is {{name}} there, as in a call.
type hurl struct {
	b    strings.Builder
	send func(who string) (header string, query string) // how a caller's token travels
	// fixed are header fields that every request has.
	fixed []string
	// forget takes the cookies away that an answer of the file set: nobody is nobody.
	forget bool
}

func (h *hurl) add(format string, args ...any) {
	fmt.Fprintf(&h.b, format, args...)
	h.b.WriteByte('\n')
}

// request is one entry of the file. who is "" for nobody.
func (h *hurl) request(note, who string, c *call, options, response []string) {
	h.add("\n# %s", comment(note))
	if h.forget {
		h.add("# @cookie_storage_clear")
	}
	header, query := "", ""
	if who != "" {
		header, query = h.send(who)
	}
	path := c.path
	if query != "" {
		path += mark(path) + query
	}
	h.add("%s {{base_url}}%s", c.method, hurlURL(path))
	if header != "" {
		h.add("%s", header)
	}
	for _, l := range append(slices.Clone(c.header), h.fixed...) {
		h.add("%s", l)
	}
	switch {
	case c.raw != "":
		h.add("Content-Type: %s", hurlValue(c.border))
	case c.body != "" && c.media != "":
		h.add("Content-Type: %s", hurlValue(c.media))
	}
	h.add("[Options]\npath-as-is: true")
	for _, o := range options {
		h.add("%s", o)
	}
	switch {
	case c.raw != "":
		h.add("%s", hurlLine(c.raw))
	case c.body != "":
		h.add("```\n%s\n```", c.body)
	}
	h.add("HTTP *")
	for _, r := range response {
		h.add("%s", r)
	}
}

func mark(path string) string {
	if strings.Contains(path, "?") {
		return "&"
	}
	return "?"
}

// hurlURL escapes what would end a URL or begin a comment.
func hurlURL(path string) string {
	var b strings.Builder
	for i := range len(path) {
		if c := path[i]; c <= ' ' || c >= 0x7f || c == '#' || c == '"' || c == '\\' || c == '`' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// hurlValue is the value of a header field: # begins a comment.
func hurlValue(s string) string { return strings.ReplaceAll(comment(s), "#", `\#`) }

// hurlText is a text in double quotes; its variables are filled in.
func hurlText(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(comment(s)) + `"`
}

// hurlLine is a body on one line: the lines of a form end as the standard wants.
func hurlLine(s string) string {
	return "`" + strings.NewReplacer(`\`, `\\`, "`", "\\`", "\r", `\r`, "\n", `\n`, "\t", `\t`).Replace(s) + "`"
}

// capture takes the first text or number of the name out of a reply.
func capture(variable, field string) string {
	return fmt.Sprintf("[Captures]\n%s: regex /\"%s\"\\s*:\\s*\"?([^\",}\\s]+)/", variable, strings.ReplaceAll(field, "/", `\/`))
}

// tokenOf writes the way a token travels with the caller's variable in it.
func tokenOf(in *SignIn) func(who string) (header, query string) {
	name, value, where := sendParts(in)
	return func(who string) (string, string) {
		if where == "query" {
			return "", name + "={{token_" + who + "}}"
		}
		return name + ": " + strings.ReplaceAll(hurlValue(value), "{token}", "{{token_"+who+"}}"), ""
	}
}

// makeCanary gives the file a text that nobody has seen before.
func makeCanary(name string) string { return "variable: " + name + "=lrx{{newUuid}}" }

// create lets the owner make an object of the thing, its parents first.
func (h *hurl) create(t *thing, owner string) {
	if t.parent != nil {
		h.create(t.parent, owner)
	}
	h.request(owner+" makes the object: "+t.create.label(), owner, t.create, []string{makeCanary(t.canary())},
		[]string{capture(t.variable(), t.id), "[Asserts]", "status < 300"})
}

// makeable reports whether Hurl can make an object of the thing.
func (t *thing) makeable() bool {
	for ; t != nil; t = t.parent {
		if t.create == nil || !t.create.json() && t.create.raw == "" {
			return false
		}
	}
	return true
}

// telling reports whether the object holds a text of the test's own.
func (t *thing) telling() bool {
	return t.create != nil && strings.Contains(t.create.body+t.create.raw, "{{"+t.canary()+"}}")
}

// Hurl writes the abuse tests as a Hurl file. Cases that need a judgement between
// right and wrong, as files and limits do, are the script's.
func Hurl(w io.Writer, o Options) error {
	r, err := recipeOf(o)
	if err != nil {
		return err
	}
	h := &hurl{send: tokenOf(o.SignIn)}
	h.add("# Abuse tests of %s, written by launchready %s: launchready export --abuse --format hurl.", comment(o.Product), comment(o.Tool))
	h.add("# Tenant A makes objects with a text that nobody else knows: whoever is shown it is shown\n# A's data, whatever the status. The script (--format sh) tests file types as well.\n#")
	h.add("#   hurl --test --continue-on-error --variables-file variables.env abuse.hurl\n#\n# variables.env:\n#   base_url=%s", address(o.Base))
	if o.SignIn != nil {
		h.add("#   user_a=%s\n#   password_a=…\n#   user_b=%s\n#   password_b=…", comment(o.A.User), comment(o.B.User))
		for _, who := range []string{"a", "b"} {
			h.signIn(o.SignIn, who)
		}
	} else {
		h.add("#   token_a=…\n#   token_b=…")
	}
	for _, t := range r.things {
		if t.makeable() && t.telling() && t.create.json() {
			h.thing(t)
		}
	}
	for _, c := range r.inputs {
		if strings.Contains(c.path, "{{") {
			continue
		}
		for _, bad := range []struct{ body, says string }{
			{`{"` + firstField(c.body) + `": "`, "JSON that breaks off"}, {"[]", "a list for an object"}, {"nul", "a word that is no JSON"},
		} {
			d := *c
			d.body = bad.body
			h.request("A sends "+bad.says+": "+c.label(), "a", &d, nil, []string{"[Asserts]", "status < 500"})
		}
	}
	if c := r.chat; c != nil && r.chatOf == nil {
		d := *c
		d.body = strings.ReplaceAll(d.body, "{{canary}}", "Say hello.")
		c = &d
		h.request("A burst. Where there must be a limit, assert on the last: status == 429.", "a", c, []string{"repeat: 20"}, nil)
	}
	if _, err := io.WriteString(w, h.b.String()); err != nil {
		return fmt.Errorf("write the tests: %w", err)
	}
	return nil
}

func (h *hurl) signIn(in *SignIn, who string) {
	body, media := signInBody(in)
	body = strings.NewReplacer("{{quoted_user}}", "{{user_"+who+"}}", "{{quoted_password}}", "{{password_"+who+"}}").Replace(body)
	take := capture("token_"+who, "(?:access_token|accessToken|token|id_token|jwt)")
	switch place, name, _ := strings.Cut(in.Token, ":"); {
	case place == "header":
		take = "[Captures]\ntoken_" + who + ": header " + hurlText(name)
	case place == "cookie" && name != "":
		take = "[Captures]\ntoken_" + who + ": cookie " + hurlText(name)
	case strings.HasPrefix(in.Token, "/"):
		take = capture("token_"+who, in.Token[strings.LastIndexByte(in.Token, '/')+1:])
	}
	h.request("The user of tenant "+upper(who)+" signs in.", "", &call{method: in.Method, path: in.Path, media: media, body: body}, nil,
		[]string{take, "[Asserts]", "status < 300"})
}

// thing lets A make an object, and B and nobody reach for it.
func (h *hurl) thing(t *thing) {
	h.create(t, "a")
	has := func(canary string) []string {
		return []string{"[Asserts]", `body contains "{{` + canary + `}}"`}
	}
	not := func(canary string) []string {
		return []string{"[Asserts]", "status < 500", `body not contains "{{` + canary + `}}"`}
	}
	reads := []*call{t.read}
	if t.list != nil {
		reads = append(reads, t.list)
	}
	for _, c := range reads {
		h.request("A is shown it: "+c.label(), "a", c, nil, has(t.canary()))
		h.request("B is not: "+c.label(), "b", c, nil, not(t.canary()))
		h.request("Nobody is: "+c.label(), "", c, nil, not(t.canary()))
	}
	if t.update != nil && strings.Contains(t.update.body, "{{canary}}") {
		h.request("B changes it: "+t.update.label(), "b", t.update.with("canary", "canary_b"), []string{makeCanary("canary_b")}, nil)
		h.request("A finds nothing of B's in it.", "a", t.read, nil, not("canary_b"))
	}
	if t.remove != nil {
		h.request("B deletes it: "+t.remove.label(), "b", t.remove, nil, nil)
		h.request("A finds it as it was.", "a", t.read, nil, has(t.canary()))
		h.request("A removes it.", "a", t.remove, nil, nil)
	}
}

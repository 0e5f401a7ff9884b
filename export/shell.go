package export

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"sort"
	"strings"
)

//go:embed prelude.sh
var prelude string

// Shell writes the abuse tests as a script for a POSIX shell: one line a case,
// exit code 0 when none failed, 1 when one did, 2 when they could not start and 3
// when nothing could be decided. It needs sh and curl and nothing else.
func Shell(w io.Writer, o Options) error {
	r, err := recipeOf(o)
	if err != nil {
		return err
	}
	s := &script{o: o, r: r}
	s.head()
	s.add("%s", strings.TrimRight(prelude, "\n"))
	s.credentials()
	s.add("\n# One request first: is anybody there?\nask nobody GET /")
	s.add("if [ \"$SENT\" -gt 0 ] && [ \"$STATUS\" = 000 ]; then\n\tstop \"the target did not answer: $BASE_URL\"\nfi")
	s.signIn()
	s.objects()
	s.reads()
	s.doors()
	s.emptyTokens()
	s.inputs()
	s.uploads()
	s.writes()
	s.burst()
	s.add("\nprintf '\\n%%s passed, %%s failed, %%s skipped; %%s requests\\n' \"$PASSED\" \"$FAILED\" \"$SKIPPED\" \"$SENT\"\n" +
		"if [ \"$FAILED\" -gt 0 ]; then\n\texit 1\nfi\nif [ \"$PASSED\" -eq 0 ]; then\n\texit 3\nfi\nexit 0")
	if _, err := io.WriteString(w, s.b.String()); err != nil {
		return fmt.Errorf("write the script: %w", err)
	}
	return nil
}

type script struct {
	b strings.Builder
	o Options
	r *recipe
}

func (s *script) add(format string, args ...any) {
	fmt.Fprintf(&s.b, format, args...)
	s.b.WriteByte('\n')
}

// word is a text for a shell, in single quotes; its variables stand in double ones.
func word(text string) string {
	var b strings.Builder
	for text != "" {
		i := strings.Index(text, "{{")
		j := strings.Index(text, "}}")
		if i < 0 || j < i || !variableName(text[i+2:j]) {
			i, j = len(text), len(text)
		}
		if part := text[:i]; part != "" {
			b.WriteString("'" + strings.ReplaceAll(part, "'", `'\''`) + "'")
		}
		if i == len(text) {
			break
		}
		b.WriteString(`"$` + upper(text[i+2:j]) + `"`)
		text = text[j+2:]
	}
	if b.Len() == 0 {
		return "''"
	}
	return b.String()
}

func variableName(s string) bool {
	return s != "" && s[0] >= 'a' && s[0] <= 'z' && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

func upper(s string) string { return strings.ToUpper(s) }

// comment is a text that stays on its line.
func comment(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x2028 && r <= 0x202e {
			return ' '
		}
		return r
	}, text)
}

// label is a route as a line of the output names it.
func (c *call) label() string { return c.method + " " + c.route.Path }

// ask is the command that sends the call.
func (s *script) ask(who string, c *call) string {
	return strings.TrimRight("ask "+who+" "+c.method+" "+word(c.path)+" "+s.data(c, c.body), " ")
}

func (s *script) data(c *call, body string) string {
	switch {
	case body == "":
		return ""
	default:
		return "-H " + word("Content-Type: "+c.media) + " --data-raw " + word(body)
	}
}

func (s *script) head() {
	o := s.o
	s.add("#!/bin/sh")
	s.add("# Abuse tests of %s, written by launchready %s: launchready export --abuse.", comment(o.Product), comment(o.Tool))
	s.add("#")
	s.add("# They need sh and curl and nothing else. Each line is one case: PASS, FAIL, SKIP (it")
	s.add("# could not be asked) or NOTE (observed, and yours to judge). Exit code 0 when none")
	s.add("# failed, 1 when one did, 2 when the tests could not start, 3 when nothing was decided.")
	s.add("# Tenant A makes a few objects, each with a text that nobody else knows; whoever else is")
	s.add("# shown that text is shown A's data, whatever the status. What was made is removed.")
	s.add("#")
	s.add("#   BASE_URL            where to send it; default %s", address(o.Base))
	if o.SignIn != nil {
		s.add("#   USER_A, PASSWORD_A  of %s, a user of tenant A (%s)", comment(o.A.Name), comment(o.A.Tenant))
		s.add("#   USER_B, PASSWORD_B  of %s, a user of tenant B (%s)", comment(o.B.Name), comment(o.B.Tenant))
		s.add("#   TOKEN_A, TOKEN_B    tokens of theirs, instead of signing in")
	} else {
		s.add("#   TOKEN_A             token of a user of tenant A (%s)", comment(o.A.Tenant))
		s.add("#   TOKEN_B             token of a user of tenant B (%s)", comment(o.B.Tenant))
	}
	s.add("#   HEADER_A, HEADER_B  a whole header line instead of a token: 'Cookie: sid=…'")
	for _, h := range o.Headers {
		s.add("#   %-19s value of the header field %s, sent with every request", headerVariable(h), comment(h))
	}
	for _, t := range s.r.things {
		s.add("#   ID_%-16s id of an existing object of A's, and MARK_%s a text that only it holds%s", upper(t.name), upper(t.name), whereGiven(t))
	}
	s.add("#   BURST               requests of the burst; default 20. Each may cost a model's answer")
	s.add("#   EXPECT_LIMIT        1: fail when the burst meets no limit")
	s.add("#   MAX_REQUESTS        hard stop; default 400.  TIMEOUT: seconds a request; default 15")
	s.add("#")
	s.add("#   USER_A=… PASSWORD_A=… USER_B=… PASSWORD_B=… sh abuse.sh")
	s.add("")
	s.add("BASE_URL=${BASE_URL:-%s}", word(address(o.Base)))
	s.add("BURST=${BURST:-20} EXPECT_LIMIT=${EXPECT_LIMIT:-} MAX_REQUESTS=${MAX_REQUESTS:-400} TIMEOUT=${TIMEOUT:-15}")
	s.add("TOKEN_A=${TOKEN_A:-} TOKEN_B=${TOKEN_B:-} HEADER_A=${HEADER_A:-} HEADER_B=${HEADER_B:-} AUTHORIZATION=")
	if o.SignIn != nil {
		s.add("USER_A=${USER_A:-%s} PASSWORD_A=${PASSWORD_A:-}", word(o.A.User))
		s.add("USER_B=${USER_B:-%s} PASSWORD_B=${PASSWORD_B:-}", word(o.B.User))
	}
}

func whereGiven(t *thing) string {
	if t.create == nil {
		return ""
	}
	return ",\n#                       where A cannot make one"
}

func headerVariable(name string) string {
	return "HEADER_" + strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		case r >= 'a' && r <= 'z':
			return r - 32
		}
		return '_'
	}, name)
}

// credentials writes the functions that say who sends.
func (s *script) credentials() {
	name, value, where := sendParts(s.o.SignIn)
	s.add("\n# credential WHO writes what the caller sends of itself.")
	s.add("credential() {")
	for _, h := range s.o.Headers {
		s.add("\toption header %s\"${%s:-}\"", word(h+": "), headerVariable(h))
	}
	s.add("\tcase $1 in")
	for _, who := range []string{"A", "B"} {
		s.add("\t%s)\n\t\tif [ -n \"$HEADER_%s\" ]; then\n\t\t\toption header \"$HEADER_%s\"", who, who, who)
		if where == "header" {
			s.add("\t\telse\n\t\t\toption header %s", word(name+": "+strings.ReplaceAll(value, "{token}", "{{token_"+strings.ToLower(who)+"}}")))
		}
		s.add("\t\tfi\n\t\t;;")
	}
	s.add("\tbad)\n\t\tif [ -n \"$AUTHORIZATION\" ]; then\n\t\t\toption header \"Authorization: $AUTHORIZATION\"\n\t\telse\n\t\t\toption header 'Authorization;' # curl's way to send an empty one\n\t\tfi\n\t\t;;\n\tesac\n}")
	s.add("\n# query WHO PATH writes the path, with the token in it where it travels there.")
	s.add("query() {")
	if where == "query" {
		s.add("\tquery_token=\n\tcase $1 in\n\tA) query_token=$TOKEN_A ;;\n\tB) query_token=$TOKEN_B ;;\n\tesac")
		s.add("\tcase $2 in\n\t*\\?*) query_mark='&' ;;\n\t*) query_mark='?' ;;\n\tesac")
		s.add("\tif [ -n \"$query_token\" ]; then\n\t\tprintf '%%s' \"$2$query_mark\"%s\"$query_token\"\n\t\treturn\n\tfi", word(name+"="))
	}
	s.add("\tprintf '%%s' \"$2\"\n}")
}

// sendParts splits the way a token travels into the name, the value around
// {token}, and where: header or query.
func sendParts(in *SignIn) (name, value, where string) {
	send := ""
	if in != nil {
		send = in.Send
	}
	if send == "" {
		send = "Authorization: Bearer {token}"
	}
	name, value, _ = strings.Cut(send, ":")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if strings.EqualFold(name, "query") {
		name, _, _ = strings.Cut(value, "=")
		return name, "{token}", "query"
	}
	return name, value, "header"
}

func (s *script) signIn() {
	in := s.o.SignIn
	if in == nil {
		s.add("\n[ -n \"$TOKEN_A$HEADER_A\" ] || stop 'give TOKEN_A: the token of a user of tenant A'")
		s.add("[ -n \"$TOKEN_B$HEADER_B\" ] || stop 'give TOKEN_B: the token of a user of tenant B'")
		return
	}
	if strings.HasPrefix(in.Token, "cookie") {
		s.add("%s", cookieFunction)
	}
	s.add("\n# sign_in USER PASSWORD sets FIELD to a token.")
	s.add("sign_in() {")
	s.add("\tquote \"$1\"\n\tQUOTED_USER=$QUOTED\n\tquote \"$2\"\n\tQUOTED_PASSWORD=$QUOTED")
	body, media := signInBody(in)
	s.add("\tREPLY=$({\n\t\toption url \"$BASE_URL\"%s\n\t\toption data-raw %s", word(in.Path), word(body))
	s.add("\t\tcredential nobody\n\t} | curl -q -K - -sS -i -g --max-time \"$TIMEOUT\" -H 'Expect:' -H %s%s -X %s -w '\\n%%{http_code}' 2>/dev/null)",
		word("Content-Type: "+media), headersOf(in.Header), word(in.Method))
	s.add("\tSENT=$((SENT + 1))\n\tSTATUS=${REPLY##*\"$NL\"}\n\tREPLY=${REPLY%%\"$NL\"*}\n\tHEAD=${REPLY%%%%\"$CR$NL$CR$NL\"*}\n\tBODY=${REPLY#*\"$CR$NL$CR$NL\"}")
	switch place, name, _ := strings.Cut(in.Token, ":"); {
	case place == "header":
		s.add("\theader %s", word(anyCase(name)))
	case place == "cookie" && name != "":
		s.add("\tcookie %s", word(name))
	case strings.HasPrefix(in.Token, "/"):
		s.add("\tfield %s", word(in.Token[strings.LastIndexByte(in.Token, '/')+1:]))
	default:
		s.add("\tfield access_token || field accessToken || field token || field id_token || field jwt")
	}
	s.add("}")
	for _, who := range []string{"A", "B"} {
		s.add("if [ -z \"$TOKEN_%s$HEADER_%s\" ]; then", who, who)
		s.add("\tif [ -z \"$USER_%s\" ] || [ -z \"$PASSWORD_%s\" ]; then\n\t\tstop 'give USER_%s and PASSWORD_%s, or TOKEN_%s'\n\tfi", who, who, who, who, who)
		s.add("\tsign_in \"$USER_%s\" \"$PASSWORD_%s\" || stop \"$USER_%s cannot sign in: \"%s\" answered $STATUS\"", who, who, who, word(in.Method+" "+in.Path))
		s.add("\tTOKEN_%s=$FIELD\nfi", who)
	}
}

// cookieFunction is there only where a token comes as a cookie: a function that
// nothing calls makes a reader ask why.
const cookieFunction = `
# cookie NAME sets FIELD to a cookie that the reply sets.
cookie() {
	FIELD=
	case $HEAD in
	*": $1="*) ;;
	*) return 1 ;;
	esac
	FIELD=${HEAD#*": $1="}
	FIELD=${FIELD%%;*}
	FIELD=${FIELD%%"$CR"*}
	[ -n "$FIELD" ]
}`

func headersOf(h map[string]string) string {
	var b strings.Builder
	for _, name := range sorted(h) {
		b.WriteString(" -H " + word(name+": "+h[name]))
	}
	return b.String()
}

func sorted(m map[string]string) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// signInBody is the body with variables for user and password.
func signInBody(in *SignIn) (body, media string) {
	filled := strings.NewReplacer("$user", "{{quoted_user}}", "$password", "{{quoted_password}}", "$$", "$")
	if in.JSON != nil {
		b, err := json.Marshal(in.JSON)
		if err != nil {
			return "", "application/json"
		}
		return filled.Replace(string(b)), "application/json"
	}
	var parts []string
	for _, k := range sorted(in.Form) {
		parts = append(parts, k+"="+filled.Replace(in.Form[k]))
	}
	return strings.Join(parts, "&"), "application/x-www-form-urlencoded"
}

// anyCase is a pattern that matches a name in large and small letters.
func anyCase(name string) string {
	var b strings.Builder
	for _, r := range name {
		if l, u := strings.ToLower(string(r)), strings.ToUpper(string(r)); l != u {
			b.WriteString("[" + u + l + "]")
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

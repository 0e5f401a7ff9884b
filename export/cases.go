package export

import (
	"strings"
)

// objects makes A's objects, and has them removed however the script ends.
func (s *script) objects() {
	s.add("\n# The objects of A's.")
	for _, t := range s.r.things {
		s.add("%s=''\n%s=${CANARY}%s", upper(t.variable()), upper(t.canary()), strings.ReplaceAll(t.name, "_", ""))
	}
	s.add("CANARY_B=${CANARY}byb")
	s.add("# shellcheck disable=SC2317 # the trap calls it\nclean_up() {\n\tMAX_REQUESTS=$((MAX_REQUESTS + 50))")
	for i := len(s.r.things) - 1; i >= 0; i-- {
		if t := s.r.things[i]; t.create != nil && t.remove != nil {
			s.add("\tif [ -n \"$%s\" ] && [ \"$%s\" != \"${ID_%s:-}\" ]; then", upper(t.variable()), upper(t.variable()), upper(t.name))
			s.add("\t\t%s\n\tfi", s.ask("A", t.remove))
		}
	}
	s.add("\t:\n}\ntrap clean_up EXIT\ntrap 'exit 130' INT TERM")
	for _, t := range s.r.things {
		s.make(t)
	}
}

// make lets A create an object of the thing, and proves that A sees its canary:
// without that, a refusal to others would prove nothing.
func (s *script) make(t *thing) {
	id, canary, given := upper(t.variable()), upper(t.canary()), upper(t.name)
	s.add("")
	if t.parent != nil {
		s.add("if [ -n \"$%s\" ]; then", upper(t.parent.variable()))
	}
	switch {
	case t.create == nil:
		s.add("STATUS=000")
	case t.create.upload():
		s.add("ask A %s %s -F %s", t.create.method, word(t.create.path), word(t.create.file+"={{"+t.canary()+"}};filename={{"+t.canary()+"}}.txt;type=text/plain"))
	default:
		s.add("%s", s.ask("A", t.create))
	}
	s.add("made %s \"${ID_%s:-}\"\n%s=$MADE", word(t.id), given, id)
	s.add("[ \"$MADE\" != \"${ID_%s:-}\" ] || %s=${MARK_%s:-}", given, canary, given)
	if t.parent != nil {
		s.add("fi")
	}
	from := "known: set ID_" + given + " and MARK_" + given
	if t.create != nil {
		from = "made (" + t.create.label() + " answered $STATUS before), nor given: set ID_" + given + " and MARK_" + given
	}
	shown := t.shows()
	s.add("if [ -n \"$%s\" ]; then\n\t%s\nelse\n\tREPLY=\nfi", id, s.ask("A", shown))
	s.add("if ! shows \"$%s\"; then", canary)
	s.add("\tif [ -n \"$%s\" ]; then\n\t\tresult SKIP object \"%s: A does not see it ($STATUS), so what others see proves nothing\"\n\telse\n\t\tresult SKIP object \"%s: no object of A's is %s\"\n\tfi",
		id, shown.label(), shown.label(), from)
	s.add("\t[ -n \"$%s\" ] || %s=\n\tSHOWN_%s=\nelse\n\tSHOWN_%s=1\nfi", id, id, given, given)
}

// shows is the call whose reply holds what is in the object.
func (t *thing) shows() *call {
	if t.create != nil && t.create.upload() && t.content != nil {
		return t.content
	}
	return t.read
}

// with is the call with another variable in the place of one.
func (c *call) with(from, to string) *call {
	d := *c
	for _, s := range []*string{&d.body, &d.raw, &d.path} {
		*s = strings.ReplaceAll(*s, "{{"+from+"}}", "{{"+to+"}}")
	}
	return &d
}

// reads asks for A's objects as B and as nobody.
func (s *script) reads() {
	s.add("\n# apart PATH TEXT CANARY: A is shown it there; B and nobody are not.")
	s.add(`apart() {
	ask A GET "$1"
	if ! shows "$3"; then
		result SKIP another-tenant "$2: A does not see its own text there ($STATUS), so what others see proves nothing"
		return
	fi
	ask B GET "$1"
	hidden another-tenant "$2 as B" "$3"
	ask nobody GET "$1"
	hidden no-token "$2 as nobody" "$3"
}`)
	s.add("\n# Another tenant's id, and no token.")
	for _, t := range s.r.things {
		s.add("if [ -n \"$SHOWN_%s\" ]; then", upper(t.name))
		for _, c := range t.reads {
			s.add("\tapart %s %s \"$%s\"", word(c.path), word(c.label()), upper(t.canary()))
		}
		if t.list != nil {
			s.add("\tapart %s %s \"$%s\"", word(t.list.path), word(t.list.label()), upper(t.canary()))
		}
		s.add("fi")
	}
}

// doors asks, as nobody, what the description says is for those who signed in.
// A reply that is byte for byte A's own is an open door; one that is anything
// else and no refusal is told, and not judged.
func (s *script) doors() {
	if len(s.r.doors) == 0 {
		return
	}
	s.add("\n# door PATH TEXT: no token, on a route that is not public.")
	s.add(`door() {
	ask A GET "$1"
	door_body=$BODY
	field id
	door_id=$FIELD
	case $STATUS in
	2??) ;;
	*)
		result SKIP no-token "$2: A does not get it either ($STATUS)"
		return
		;;
	esac
	ask nobody GET "$1"
	unable no-token "$2" && return
	case $STATUS in
	2??)
		if [ "${#BODY}" -gt 2 ] && [ "$BODY" = "$door_body" ]; then
			result FAIL no-token "$2: nobody gets what A gets"
		elif [ "${#door_id}" -ge 8 ] && shows "$door_id"; then
			result FAIL no-token "$2: nobody gets $door_id, as A does"
		else
			result NOTE no-token "$2: answered $STATUS with something else than A gets"
		fi
		;;
	*) result PASS no-token "$2: refused with $STATUS" ;;
	esac
}`)
	for _, c := range s.r.doors {
		s.add("door %s %s", word(c.path), word(c.label()))
	}
}

// emptyTokens asks with what clients send by mistake.
func (s *script) emptyTokens() {
	s.add("\n# Empty tokens. The texts are whole values of the Authorization header.")
	for _, t := range s.r.things {
		if t.shows() == nil {
			continue
		}
		s.add("if [ -n \"$SHOWN_%s\" ]; then", upper(t.name))
		s.add("\tfor AUTHORIZATION in '' Bearer 'Bearer null' 'Bearer undefined' 'Bearer \"\"' 'Basic Og=='; do")
		s.add("\t\t%s\n\t\thidden empty-token %s\" with '$AUTHORIZATION' as Authorization\" \"$%s\"", s.ask("bad", t.shows()), word(t.shows().label()), upper(t.canary()))
		s.add("\tdone\nfi")
		return // one route says it: the check of tokens is one for all of them
	}
}

// inputs sends what no client should.
func (s *script) inputs() {
	if len(s.r.inputs) == 0 {
		return
	}
	s.add("\n# Invalid JSON, wrong types, long texts.\nLONG=0123456789\nwhile [ \"${#LONG}\" -lt 40000 ]; do\n\tLONG=$LONG$LONG\ndone")
	for _, t := range s.r.things {
		c := t.create
		if c == nil || !c.json() {
			continue
		}
		base := c.path
		guard := ""
		if t.parent != nil {
			guard = upper(t.parent.variable())
			s.add("if [ -n \"$%s\" ]; then", guard)
		}
		for _, bad := range []struct{ name, body, media, says string }{
			{"invalid-json", `{"` + firstField(c.body) + `": "`, c.media, "with JSON that breaks off"},
			{"invalid-json", `[]`, c.media, "with a list for an object"},
			{"invalid-json", `nul`, c.media, "with a word that is no JSON"},
			{"invalid-json", ``, c.media, "with no body"},
			{"content-type", `<a/>`, "application/xml", "with XML"},
			{"long-text", strings.ReplaceAll(c.body, "{{"+t.canary()+"}}", "{{long}}"), c.media, "with texts of 40960 characters"},
		} {
			d := *c
			d.body, d.media = bad.body, bad.media
			line := strings.TrimRight("ask A "+d.method+" "+word(d.path)+" "+s.data(&d, d.body), " ")
			if bad.body == "" {
				line += " -H " + word("Content-Type: "+bad.media)
			}
			if bad.name == "long-text" {
				line = s.longAsk(&d)
			}
			s.add("%s\nsturdy %s %s", line, bad.name, word(c.label()+" "+bad.says))
			if t.remove != nil && strings.TrimSuffix(t.remove.path, "/{{"+t.variable()+"}}") == base {
				s.add("scrap %s %s", word(t.id), word(base))
			}
		}
		if guard != "" {
			s.add("fi")
		}
	}
}

// longAsk gives a long body to curl by its standard input: a command line has an
// end.
func (s *script) longAsk(c *call) string {
	return "ask_long " + c.method + " " + word(c.path) + " " + word(c.media) + " " + word(strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(c.body))
}

// firstField is the name of a field of a JSON object.
func firstField(body string) string {
	parts := strings.SplitN(body, `"`, 3)
	if len(parts) == 3 && variableName(strings.ToLower(parts[1])) {
		return parts[1]
	}
	return "a"
}

// uploads sends files that must not come back as what they are.
func (s *script) uploads() {
	t := s.r.upload
	if t == nil || t.parent != nil {
		return
	}
	c := t.create
	s.add("\n# served TEXT: a file that a browser would run comes back as an attachment, or as plain data.")
	s.add(`served() {
	unable file-type "$1" && return
	header '[Cc][Oo][Nn][Tt][Ee][Nn][Tt]-[Tt][Yy][Pp][Ee]' || FIELD=
	case $FIELD in
	*html* | *svg* | *xml* | *javascript*) ;;
	*)
		result PASS file-type "$1: kept, and served as ${FIELD:-no type at all}"
		return
		;;
	esac
	case $HEAD in
	*[Aa]ttachment* | *[Ss]andbox*) result PASS file-type "$1: kept, and served as an attachment" ;;
	*) result FAIL file-type "$1: served inline as $FIELD, so its script runs in your origin" ;;
	esac
}`)
	for _, bad := range []struct{ name, kind, text string }{
		{"page.html", "text/html", "<html><script>alert(1)</script></html>"},
		{"picture.svg", "image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"},
		{"picture.png", "image/png", "<html>no picture</html>"},
		{"program.exe", "application/x-msdownload", "MZ no program"},
	} {
		s.add("ask A %s %s -F %s", c.method, word(c.path), word(c.file+`="`+bad.text+`";filename=`+bad.name+";type="+bad.kind))
		says := c.label() + " with " + bad.name
		s.add("case $STATUS in\n2??)\n\tmade %s ''", word(t.id))
		if t.content != nil {
			s.add("\t%s=$MADE", "UPLOADED")
			again := *t.content
			again.path = strings.ReplaceAll(again.path, "{{"+t.variable()+"}}", "{{uploaded}}")
			s.add("\t%s\n\tserved %s", s.ask("A", &again), word(says))
			if t.remove != nil {
				del := *t.remove
				del.path = strings.ReplaceAll(del.path, "{{"+t.variable()+"}}", "{{uploaded}}")
				s.add("\t%s", s.ask("A", &del))
			}
		} else {
			s.add("\tresult NOTE file-type %s", word(says+": accepted; no route gives it back"))
		}
		s.add("\t;;\n*) sturdy file-type %s ;;\nesac", word(says))
	}
	s.add("ask A %s %s -H 'Content-Type: application/json' --data-raw '{}'\nsturdy file-type %s", c.method, word(c.path), word(c.label()+" with JSON"))
}

// writes lets B change and delete A's objects. What happened is read back by A:
// the status of the attempt decides nothing. They come last, children first.
func (s *script) writes() {
	s.add("\n# Another tenant changes and deletes: A reads back.")
	for i := len(s.r.things) - 1; i >= 0; i-- {
		t := s.r.things[i]
		read := t.shows()
		if t.create == nil || t.update == nil && t.remove == nil {
			continue
		}
		s.add("if [ -n \"$SHOWN_%s\" ] && [ \"$%s\" != \"${ID_%s:-}\" ]; then", upper(t.name), upper(t.variable()), upper(t.name))
		if t.update != nil && strings.Contains(t.update.body, "{{canary}}") {
			says := t.update.label() + " as B"
			s.add("\t%s\n\twrote=$STATUS\n\t%s", s.ask("B", t.update.with("canary", "canary_b")), s.ask("A", t.read))
			s.add("\tif shows \"$CANARY_B\"; then\n\t\tresult FAIL another-tenant %s\": answered $wrote, and A finds B's text in its object\"", word(says))
			s.add("\telif ! unable another-tenant %s; then\n\t\tresult PASS another-tenant %s\": answered $wrote, and A's object is as it was\"\n\tfi", word(says), word(says))
		}
		if t.remove != nil {
			says := t.remove.label() + " as B"
			s.add("\t%s", s.ask("A", read))
			s.add("\tif shows \"$%s\" || shows \"$CANARY_B\"; then\n\t\t%s\n\t\twrote=$STATUS\n\t\t%s", upper(t.canary()), s.ask("B", t.remove), s.ask("A", read))
			s.add("\t\tif shows \"$%s\" || shows \"$CANARY_B\"; then\n\t\t\tresult PASS another-tenant %s\": answered $wrote, and A's object stands\"", upper(t.canary()), word(says))
			s.add("\t\telif ! unable another-tenant %s; then\n\t\t\tresult FAIL another-tenant %s\": answered $wrote, and A's object is gone\"\n\t\tfi\n\tfi", word(says), word(says))
		}
		s.add("fi")
	}
}

// burst repeats the request that costs money. Whether there must be a limit the
// owner says: without EXPECT_LIMIT it is told, and not judged.
func (s *script) burst() {
	who, c := "A", s.r.chat
	guard := ""
	if c != nil && s.r.chatOf != nil {
		guard = upper(s.r.chatOf.variable())
	}
	if c == nil && len(s.r.doors) > 0 {
		c = s.r.doors[0]
	}
	if c == nil {
		return
	}
	s.add("\n# A burst: does anything say stop?\nn=0 silent=0 limited=0 broke=0 told=")
	if guard != "" {
		s.add("[ -n \"$%s\" ] || BURST=0", guard)
	}
	s.add("while [ \"$n\" -lt \"$BURST\" ]; do\n\tn=$((n + 1))\n\t%s", s.ask(who, c))
	s.add(`	case $STATUS in
	000) silent=$((silent + 1)) ;;
	429) limited=$((limited + 1)) ;;
	5??) broke=$((broke + 1)) ;;
	esac
	case $HEAD in
	*[Rr]ate[Ll]imit* | *[Rr]ate-[Ll]imit* | *[Rr]etry-[Aa]fter*) told=', and header fields tell of a limit' ;;
	esac
done
if [ "$n" -eq 0 ]; then
	result SKIP burst "no request was sent"
elif [ "$silent" -eq "$n" ]; then
	STATUS=000`)
	s.add("\tunable burst %s\nfi\nn=$((n - silent))\nif [ \"$n\" -eq 0 ]; then\n\t:", word(c.label()))
	s.add("elif [ \"$broke\" -gt 0 ]; then\n\tresult FAIL burst %s\": $broke of $n requests broke the server\"", word(c.label()))
	s.add("elif [ \"$limited\" -gt 0 ]; then\n\tresult PASS burst %s\": $limited of $n requests were answered 429$told\"", word(c.label()))
	s.add("elif [ -n \"$EXPECT_LIMIT\" ]; then\n\tresult FAIL burst %s\": $n requests one after the other, and none was answered 429$told\"", word(c.label()))
	s.add("else\n\tresult NOTE burst %s\": $n requests one after the other, and none was answered 429$told; EXPECT_LIMIT=1 makes that a failure\"\nfi", word(c.label()))
}

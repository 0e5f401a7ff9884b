package secretscan

import (
	"bytes"
	"sort"
	"strings"
	"time"
)

// ranks of candidates: where two overlap, the one that says more stays.
const (
	rankToken = iota
	rankKey
	rankJWT
	rankURL
	rankHeader
	rankNamed
	rankGeneric
)

type ranked struct {
	candidate
	rank int
}

// walk finds the candidates of a buffer in the order of their places.
func (e *engine) walk(d *document, data []byte, now time.Time) []candidate {
	w := walker{e: e, d: d, data: data, now: now, nameEnd: -1}
	e.words.scan(data, w.hit)
	return w.settle()
}

// walker is one walk over one buffer, and what it found.
type walker struct {
	e       *engine
	d       *document
	data    []byte
	now     time.Time
	nameEnd int // names up to here were looked at: one name holds several keywords
	list    []ranked
}

func (w *walker) add(rank int, c candidate) {
	if c.verdict == "" {
		return
	}
	w.list = append(w.list, ranked{c, rank})
}

// settle drops what overlaps something that says more.
func (w *walker) settle() []candidate {
	if len(w.list) == 0 {
		return nil
	}
	sort.SliceStable(w.list, func(i, j int) bool {
		a, b := &w.list[i], &w.list[j]
		return a.rank < b.rank || a.rank == b.rank && a.to-a.from > b.to-b.from
	})
	taken := make([]candidate, 0, len(w.list))
	for _, c := range w.list {
		at := sort.Search(len(taken), func(i int) bool { return taken[i].to > c.from })
		if at < len(taken) && taken[at].from < c.to {
			continue
		}
		taken = append(taken, candidate{})
		copy(taken[at+1:], taken[at:])
		taken[at] = c.candidate
	}
	return taken
}

func (w *walker) hit(word uint16, end int) {
	for _, t := range w.e.triggers[word] {
		at := end - t.length
		switch t.action {
		case onToken:
			w.token(t.rule, at)
		case onInfix:
			w.infix(t.rule, at, end)
		case onName:
			if w.d.format != binary {
				w.name(at, end)
			}
		case onPEM:
			w.privateKey(at)
		case onURL:
			w.url(end)
		case onJWT:
			w.jwt(at)
		case onBearer:
			w.bearer(at, end)
		case onBasic:
			w.basic(at, end)
		case onLogin, onCommand:
			w.command(at, end, t.action)
		case onValue:
			if w.d.format != binary {
				w.value(at, end)
			}
		case onCookie:
			w.cookies(end)
		}
	}
}

// token matches a rule's shapes at its keyword.
func (w *walker) token(r *rule, at int) {
	if isWord(w.data[at]) && !startsToken(w.data, at) {
		return
	}
	for _, s := range r.shapes {
		end := s.match(w.data, at)
		if end < 0 || !endsToken(w.data, end) || end < len(w.data) && w.data[end] == '-' && end+1 < len(w.data) && isWord(w.data[end+1]) {
			continue
		}
		c := candidate{rule: r, from: at, to: end, value: string(w.data[at:end]), prefix: len(s[0].literal)}
		c.name = w.nameBefore(at)
		judgeToken(&c, w.d)
		if c.verdict == Secret && w.d.format == binary && c.prefix < 4 {
			continue
		}
		w.add(rankToken, c)
		return
	}
}

// infix matches a rule whose keyword is in the middle of the token.
func (w *walker) infix(r *rule, at, end int) {
	from, to := around(w.data, at, end, 120, func(c byte) bool { return isToken(c) || c == ':' })
	for _, s := range r.shapes {
		for i := from; i <= at; i++ {
			if !startsToken(w.data, i) && isWord(w.data[i]) {
				continue
			}
			stop := s.match(w.data[:to], i)
			if stop < end || !endsToken(w.data, stop) {
				continue
			}
			c := candidate{rule: r, from: i, to: stop, value: string(w.data[i:stop]), name: w.nameBefore(i)}
			judgeToken(&c, w.d)
			if t := traitsOf(c.value); t.digits == 0 {
				continue
			}
			w.add(rankToken, c)
			return
		}
	}
}

// nameBefore is the name that the value at data[at] was given to, if it stands on the line.
func (w *walker) nameBefore(at int) string {
	i, given := at, false
	for n := 0; i > 0 && n < 12 && !isNamePart(w.data[i-1]) && w.data[i-1] != '\n'; n++ {
		i--
		given = given || w.data[i] == '=' || w.data[i] == ':'
	}
	if !given {
		return ""
	}
	from, to := around(w.data, i, i, longestName, isNamePart)
	if to != i || from == to {
		return ""
	}
	return string(w.data[from:to])
}

func (w *walker) privateKey(at int) {
	end, encrypted := privateKeyAt(w.data, at)
	if end < 0 {
		return
	}
	text := w.data[at:end]
	if i := bytes.Index(text[10:], []byte("-----")); i >= 0 {
		text = text[10+i+5:]
	}
	c := candidate{rule: w.e.private, from: at, to: end, value: keyBody(text), name: w.nameBefore(at)}
	judgeKey(&c, encrypted, w.d)
	w.add(rankKey, c)
}

func (w *walker) url(end int) {
	from, to, user, host, ok := passwordInURL(w.data, end)
	if !ok {
		return
	}
	c := candidate{rule: w.e.url, from: from, to: to, value: string(w.data[from:to]), name: w.nameBefore(schemeStart(w.data, end))}
	judgeURL(&c, user, host, w.d)
	w.add(rankURL, c)
}

func schemeStart(data []byte, end int) int {
	i := end - len("://")
	for i > 0 && (isLetter(data[i-1]) || isDigit(data[i-1]) || data[i-1] == '+' || data[i-1] == '-' || data[i-1] == '.') {
		i--
	}
	return i
}

func (w *walker) jwt(at int) {
	if string(w.data[at:min(len(w.data), at+3)]) != "eyJ" || at > 0 && (isBase64URL(w.data[at-1]) || w.data[at-1] == '.') && !startsToken(w.data, at) {
		return
	}
	end := jwtAt(w.data, at)
	if end < 0 {
		return
	}
	c := candidate{rule: w.e.jwt, from: at, to: end, value: string(w.data[at:end]), name: w.nameBefore(at)}
	if judgeJWT(&c, w.d, w.now) {
		w.add(rankJWT, c)
	}
}

// name looks at the assignment to the name around a keyword.
func (w *walker) name(at, end int) {
	if end <= w.nameEnd {
		return
	}
	from, to := nameAround(w.data, at, end)
	w.nameEnd = to
	if to-from > longestName || to < end {
		return
	}
	if from > 1 && w.data[from-1] == ':' && w.data[from-2] == ':' && to < len(w.data) && (w.data[to] == '"' || w.data[to] == '\'') {
		return // "AWS::ApiGateway::ApiKey" names a type
	}
	a, ok := assign(w.data, from, to, w.d.format)
	if !ok || a.byArgument && w.d.format == prose {
		return
	}
	if from > 0 && (w.data[from-1] == '?' || w.data[from-1] == '&') && bytes.Contains(w.data[max(0, from-100):from], []byte(".svg")) {
		return // the token of a badge, which pages show to everyone
	}
	w.assigned(a)
}

// assigned judges an assignment by its name: first as some provider's, then as the application's own.
func (w *walker) assigned(a assignment) {
	name := strings.Trim(a.name, "-.")
	class := classify(name)
	value := w.data[a.from:a.to]
	low := ""
	if class != hashName && class != openName && mayBeKey(value) {
		low = strings.ToLower(name)
	}
	if class != hashName && class != openName && mayBeKey(value) {
		for _, r := range w.e.named {
			if !holdsAny(low, r.names) || class == noName && !nameEndsIn(low, r.names) {
				continue
			}
			for _, s := range r.shapes {
				if !s.whole(value) {
					continue
				}
				c := candidate{rule: r, from: a.from, to: a.to, value: string(value), name: name}
				if s[0].set == nil {
					c.prefix = len(s[0].literal)
				}
				body := c.value[c.prefix:]
				if !isRandom(strings.ReplaceAll(body, "-", "")) && !isRandom(longestPart(body)) && !isUUID(body) {
					continue
				}
				asked := class
				if asked == noName || asked == weakName {
					asked = tokenName
				}
				judgeAssigned(&c, a, asked, w.d)
				if c.verdict == Secret {
					c.reason = "the name is of " + r.Provider + ", and so is the form"
				}
				w.add(rankNamed, c)
				return
			}
		}
	}
	if class == noName {
		return
	}
	w.own(a, class, name)
}

// mayBeKey passes over what no provider gives out, before its name is looked at.
func mayBeKey(v []byte) bool {
	if len(v) < 15 {
		return false
	}
	for _, c := range v {
		if isDigit(c) {
			return true
		}
	}
	return false
}

// own judges a value by the class of its name alone.
func (w *walker) own(a assignment, class nameClass, name string) {
	value := string(w.data[a.from:a.to])
	r := w.e.generic
	switch class {
	case passName:
		r = w.e.password
	case weakName:
		r = w.e.weak
	case hashName, openName, noName, tokenName:
	}
	c := candidate{rule: r, from: a.from, to: a.to, value: value, name: name}
	if framework(name, value, &c) {
		c.rule = w.e.framework
		if w.d.test {
			c.verdict, c.reason = Test, reasonTested
		}
		w.add(rankNamed, c)
		return
	}
	if len(value) < 6 {
		return
	}
	if a.quoted && w.isLabel(value) {
		return
	}
	judgeAssigned(&c, a, class, w.d)
	w.add(rankGeneric, c)
}

// isLabel reports texts with blanks: what a person reads.
func (w *walker) isLabel(value string) bool {
	return strings.Count(value, " ") > 1 || strings.HasPrefix(strings.ToLower(value), "bearer ") || strings.HasPrefix(strings.ToLower(value), "basic ")
}

// framework knows the forms in which frameworks write their keys.
func framework(name, value string, c *candidate) bool {
	body, ok := strings.CutPrefix(value, "base64:")
	if ok && len(body) >= 24 && strings.HasSuffix(strings.ToLower(name), "key") && isRandom(strings.TrimRight(body, "=")) && !isMadeUp(body) {
		c.verdict, c.reason, c.random, c.prefix = Secret, "it is the key that Laravel encrypts with", true, len("base64:")
		return true
	}
	body, ok = strings.CutPrefix(value, "django-insecure-")
	if ok && len(body) >= 40 && traitsOf(body).distinct >= 18 {
		c.verdict, c.reason, c.random, c.prefix = Secret, "it is the key that Django signs sessions with, as startproject wrote it", true, len("django-insecure-")
		return true
	}
	return false
}

// longestPart is the longest run between dashes: the key of "…-us12".
func longestPart(v string) string {
	best := ""
	for _, p := range strings.Split(v, "-") {
		if len(p) > len(best) {
			best = p
		}
	}
	return best
}

func holdsAny(low, names string) bool {
	for names != "" {
		var n string
		n, names, _ = strings.Cut(names, ",")
		if strings.Contains(low, n) {
			return true
		}
	}
	return false
}

// nameEndsIn reports names that are the provider's alone: HEROKU=…
func nameEndsIn(low, names string) bool {
	for names != "" {
		var n string
		n, names, _ = strings.Cut(names, ",")
		if low == n || strings.HasSuffix(low, "_"+n) || strings.HasSuffix(low, "-"+n) {
			return true
		}
	}
	return false
}

// value looks at {"name": "…", "value": "…"}: recordings, cookies, environments of
// containers, attributes.
func (w *walker) value(at, end int) {
	from, to := nameAround(w.data, at, end)
	if to-from != len("value") {
		return
	}
	a, ok := assign(w.data, from, to, w.d.format)
	if !ok || a.byArgument || a.byFlag || a.to-a.from < 6 {
		return
	}
	start := max(0, from-200)
	before := w.data[start:from]
	best := -1
	name := ""
	for _, word := range []string{"name", "key", "Name", "Key", "id", "header"} {
		i := bytes.LastIndex(before, []byte(word))
		if i < 0 || i <= best || i > 0 && isWord(before[i-1]) {
			continue
		}
		n, ok := assign(w.data, start+i, start+i+len(word), w.d.format)
		if !ok || n.to > from || bytes.ContainsAny(w.data[n.to:from], "{}") || bytes.Count(w.data[n.to:from], []byte("\n")) > 2 {
			continue
		}
		best, name = i, string(w.data[n.from:n.to])
	}
	if best < 0 || len(name) > longestName {
		return
	}
	a.name = name
	w.assigned(a)
}

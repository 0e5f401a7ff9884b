package intake

import (
	"encoding/json"
	"net/url"
	"strings"
)

// request is one request of a curl command.
type request struct {
	at      word
	method  string
	url     *url.URL
	path    string // as it is to be listed: references in it are parameters
	fields  []field
	user    string // of -u
	basic   bool   // -u was given
	body    map[string]any
	form    bool
	sent    bool // a body was sent, whatever it was
	missing bool // that is not in the command
}

// draftRequest is a request while its command is read.
type draftRequest struct {
	urls, data, query, parts []string
	fields                   []field
	method, user             string
	hasUser, get, head, json bool
	upload, missing          bool
}

// requests reads the options of one curl command.
func (r *reading) requests(cmd command) []request {
	var out []request
	d := &draftRequest{}
	end := func() {
		out = append(out, r.made(cmd[0], d)...)
		d = &draftRequest{}
	}
	for i := 1; i < len(cmd); i++ {
		w := cmd[i]
		value := func(own string) (string, bool) {
			if own != "" {
				return own, true
			}
			if i++; i < len(cmd) {
				return cmd[i].text, true
			}
			r.fault(&node{line: w.line, column: w.column}, "the option that begins here has no value")
			return "", false
		}
		switch {
		case strings.HasPrefix(w.text, "--") && len(w.text) > 2:
			name, own, _ := strings.Cut(w.text[2:], "=")
			kind := longOption(name)
			if kind == isNext {
				end()
				continue
			}
			if takes(kind) {
				v, ok := value(own)
				if !ok {
					return nil
				}
				r.option(d, kind, v)
				continue
			}
			d.flag(r, kind)
		case strings.HasPrefix(w.text, "-") && len(w.text) > 1:
			for j := 1; j < len(w.text); j++ {
				kind := shortOption(w.text[j])
				if kind == isNext {
					end()
					continue
				}
				if takes(kind) {
					v, ok := value(w.text[j+1:])
					if !ok {
						return nil
					}
					r.option(d, kind, v)
					break
				}
				d.flag(r, kind)
			}
		case w.text != "":
			d.urls = append(d.urls, w.text)
		}
	}
	end()
	return out
}

func takes(kind string) bool {
	switch kind {
	case "", isGet, isHead, isNext, isInsecure, isNetrc:
		return false
	}
	return true
}

func (d *draftRequest) flag(r *reading, kind string) {
	switch kind {
	case isGet:
		d.get = true
	case isHead:
		d.head = true
	case isInsecure:
		r.warn("-k trusts any certificate: not taken, audit has --insecure for it and target.ca_file for an authority of your own")
	case isNetrc:
		r.warn("a credential in .netrc is not read")
	}
}

// option takes a value of an option.
func (r *reading) option(d *draftRequest, kind, v string) {
	switch kind {
	case takesHeader:
		name, value, ok := strings.Cut(v, ":")
		if strings.HasPrefix(v, "@") {
			r.warn("headers in a file (-H @…) are not read")
		} else if ok && strings.TrimSpace(value) != "" {
			d.fields = append(d.fields, field{strings.TrimSpace(name), strings.TrimSpace(value)})
		}
	case takesData, takesRaw, takesJSON, takesEncoded:
		d.body(r, kind, v)
	case takesForm:
		d.parts = append(d.parts, v)
	case takesURL:
		d.urls = append(d.urls, v)
	case takesMethod:
		d.method = strings.ToUpper(strings.TrimSpace(v))
	case takesUser:
		d.user, d.hasUser = v, true
	case takesCookie:
		if strings.Contains(v, "=") || strings.Contains(v, mark) || strings.Contains(v, "{{") {
			d.fields = append(d.fields, field{"Cookie", v})
		} else {
			r.warn("a file of cookies (-b FILE) is not read")
		}
	case takesBearer:
		d.fields = append(d.fields, field{"Authorization", "Bearer " + v})
	case takesQuery:
		d.query = append(d.query, strings.TrimPrefix(v, "+"))
	case takesUpload:
		d.upload, d.missing = true, true
	case takesConfig:
		r.warn("options in a file (-K FILE) are not read")
	}
}

func (d *draftRequest) body(r *reading, kind, v string) {
	file := strings.HasPrefix(v, "@") && kind != takesRaw
	if kind == takesRaw && strings.HasPrefix(v, "@") && !strings.ContainsAny(v, " {=") {
		file = true // --data-binary @file
	}
	if kind == takesEncoded {
		name, value, ok := strings.Cut(v, "=")
		switch {
		case !ok && strings.Contains(v, "@"):
			file = true
		case ok && name != "":
			v = name + "=" + url.QueryEscape(value)
		default:
			v = url.QueryEscape(value)
		}
	}
	if file {
		r.warn("a body in a file (-d @FILE) is not read")
		d.missing = true
		return
	}
	if kind == takesData {
		v = strings.NewReplacer("\n", "", "\r", "").Replace(v)
	}
	d.json = d.json || kind == takesJSON
	d.data = append(d.data, v)
}

// made is the requests that the options make: one for each address.
func (r *reading) made(at word, d *draftRequest) []request {
	here := &node{line: at.line, column: at.column}
	if len(d.urls) == 0 {
		if len(d.fields) > 0 || len(d.data) > 0 || d.hasUser {
			r.fault(here, "the curl command that begins here has no address")
		}
		return nil
	}
	var out []request
	for _, raw := range d.urls {
		q := request{at: at, method: d.method, fields: d.fields, user: d.user, basic: d.hasUser, missing: d.missing}
		u, path, ok := r.address(raw, here)
		if !ok {
			continue
		}
		q.url, q.path = u, path
		joined := strings.Join(d.data, "&")
		if d.json {
			joined = strings.Join(d.data, "")
		}
		query := append([]string(nil), d.query...)
		if d.get && joined != "" {
			query, joined = append(query, joined), ""
		}
		if len(query) > 0 {
			u.RawQuery = strings.TrimPrefix(u.RawQuery+"&"+strings.Join(query, "&"), "&")
		}
		q.sent = joined != "" || len(d.parts) > 0 || d.missing
		if joined != "" {
			q.read(joined, d)
		}
		for _, p := range d.parts {
			if q.body == nil {
				q.body, q.form, q.missing = map[string]any{}, true, true // a list of routes knows JSON alone
			}
			if name, value, ok := strings.Cut(p, "="); ok && !strings.HasPrefix(value, "@") && !strings.HasPrefix(value, "<") {
				q.body[name] = value
			}
		}
		switch {
		case q.method != "":
		case d.head:
			q.method = "HEAD"
		case d.upload:
			q.method = "PUT"
		case q.sent:
			q.method = "POST"
		default:
			q.method = "GET"
		}
		if !among(q.method, "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS") {
			r.warn("a request by a method that HTTP APIs do not use is left out")
			continue
		}
		out = append(out, q)
	}
	return out
}

// read takes a body apart.
func (q *request) read(text string, d *draftRequest) {
	kind := ""
	if d.json {
		kind = "application/json"
	}
	for _, f := range d.fields {
		if strings.EqualFold(f.name, "Content-Type") {
			kind = strings.ToLower(f.value)
		}
	}
	trimmed := strings.TrimSpace(text)
	if strings.HasPrefix(trimmed, "{") || strings.Contains(kind, "json") {
		// A variable outside of quotes is no JSON; in a text it is.
		if json.Unmarshal([]byte(strings.ReplaceAll(trimmed, mark, `\u0000`)), &q.body) == nil {
			return
		}
		q.body = nil
		return
	}
	if kind == "" || strings.Contains(kind, "urlencoded") {
		q.body, q.form = bodyOf(text, kind)
	}
}

// address reads where a request goes. A variable may stand for the whole base.
func (r *reading) address(raw string, at *node) (u *url.URL, path string, ok bool) {
	text, refs := r.written(raw)
	if refs > 0 {
		// What a variable stands for is not known: in a path it is a parameter.
		text = anyReference.ReplaceAllString(text, "{$1}") // written has left one form
		if strings.HasPrefix(text, "{") {
			name, rest, _ := strings.Cut(text[1:], "}")
			r.warn("the address is in %s: name it with --target", name)
			if !strings.HasPrefix(rest, "/") && rest != "" {
				return nil, "", false
			}
			text = "http://" + unknownHost + rest
		}
	}
	if !strings.Contains(text, "://") {
		text = "http://" + text // as curl does
	}
	escaped := strings.NewReplacer("{", "%7B", "}", "%7D", " ", "%20").Replace(text)
	u, err := url.Parse(escaped)
	if err != nil || u.Host == "" || strings.Contains(u.Host, "%7B") || u.Scheme != "http" && u.Scheme != "https" {
		r.fault(at, "the curl command that begins here has no address that can be read")
		return nil, "", false
	}
	if u.User != nil {
		r.warn("a user and password in an address are not taken: use -u")
		u.User = nil
	}
	path = u.EscapedPath()
	if p, err := url.PathUnescape(path); err == nil && !strings.ContainsAny(p, " \t\r\n?#\x00") && strings.Count(p, "/") == strings.Count(path, "/") {
		path = p
	}
	if path == "" {
		path = "/"
	}
	return u, path, true
}

// unknownHost stands for a base that only a variable knows; nobody has it.
const unknownHost = "launchready.invalid"

package model

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/launchready/launchready/guard/model/span"
)

// Provenance says what becomes of a call whose arguments carry an id, an address or
// a link that stands only in content that nobody vouches for: results of tools,
// documents, and what the application marks as untrusted.
type Provenance string

// The ways.
const (
	Refuse        Provenance = "refuse"
	Confirm       Provenance = "confirm" // the user is asked to write the value
	ProvenanceOff Provenance = "off"
)

// Marks around content that the application does not vouch for, in any message.
const (
	untrustedOpen  = "<lr:untrusted>"
	untrustedClose = "</lr:untrusted>"
)

// source is who said a text.
type source int

const (
	neutral   source = iota // the model itself
	trusted                 // the application's prompt, the user
	untrusted               // results of tools, documents
)

// said is what was said in a request, in lower case, by whether it is vouched for.
type said struct{ trusted, untrusted []byte }

// add takes a text. What is marked untrusted ends with the last mark: a document that
// writes a mark of its own ends nothing.
func (s *said) add(from source, text []byte) {
	switch from {
	case untrusted:
		s.untrusted = appendFolded(s.untrusted, text)
		return
	case neutral:
		return
	case trusted:
	}
	i := bytes.Index(text, []byte(untrustedOpen))
	if i < 0 {
		s.trusted = appendFolded(s.trusted, text)
		return
	}
	s.trusted = appendFolded(s.trusted, text[:i])
	end := bytes.LastIndex(text, []byte(untrustedClose))
	if end < i {
		end = len(text)
	} else {
		s.trusted = appendFolded(s.trusted, text[end:])
	}
	s.untrusted = appendFolded(s.untrusted, text[i:end])
}

func appendFolded(dst, text []byte) []byte {
	return append(append(dst, bytes.ToLower(text)...), '\n')
}

var (
	links     = regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.\-]*://([^\s/?#"'<>\\)]+)`)
	addresses = regexp.MustCompile(`(?i)[a-z0-9._%+\-]+@([a-z0-9\-]+(?:\.[a-z0-9\-]+)+)`)
	uuids     = regexp.MustCompile(`(?i)\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b`)
	// objects are ids as services write them: cus_9f8e7d6c5b, T-10093, 01HZXW7RB8GZ.
	objects  = regexp.MustCompile(`\b(?:[a-zA-Z]{1,10}[_\-][A-Za-z0-9]*[0-9][A-Za-z0-9]{2,}|[0-9A-HJKMNP-TV-Z]{26}|[0-9a-f]{24,64}|[0-9]{6,20})\b`)
	accounts = regexp.MustCompile(`\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{2,4}){3,8}\b`)
	phones   = regexp.MustCompile(`\+[1-9](?:[ ()./\-]{0,2}[0-9]){7,14}`)
	// idNames are arguments that say whose or which one, whatever their value looks like.
	idNames = regexp.MustCompile(`(?i)(?:^|[_\-.])(?:ids?|uuid|guid|tenants?|orgs?|organi[sz]ations?|accounts?|workspaces?|customers?|recipients?|to|cc|bcc|email|iban|phone|url|uri|link|webhook|callback|host|domain|endpoint)$|[a-z0-9](?:Ids?|Uuid|Url|Uri|Email)$`)
)

// stray is a value of the arguments that only untrusted content has; "" when there
// is none.
func (x *exchange) stray(args *span.Document, c *call) string {
	if len(x.said.untrusted) == 0 {
		return ""
	}
	if c.free {
		return x.strayText(string(c.args))
	}
	return x.strayNode(args, args.Root(), "")
}

func (x *exchange) strayNode(d *span.Document, n span.Node, name string) string {
	switch d.Kind(n) {
	case span.Object, span.Array:
		for c := d.First(n); c != span.None; c = d.Next(c) {
			inner := name
			if d.Kind(n) == span.Object {
				inner = d.Key(c)
			}
			if v := x.strayNode(d, c, inner); v != "" {
				return v
			}
		}
	case span.Number:
		if v := string(d.Raw(n)); (idNames.MatchString(name) || len(v) >= 6) && x.only(v) {
			return v
		}
	case span.String:
		v := d.Text(n)
		if w := strings.TrimSpace(v); idNames.MatchString(name) && w != "" && len(w) <= 256 && x.only(w) {
			return w
		}
		return x.strayText(v)
	case span.Null, span.True, span.False:
	}
	return ""
}

// strayText looks for values of the known forms in a text. Of links and addresses the
// host counts: what is before and behind it is where data would be carried away.
func (x *exchange) strayText(text string) string {
	for _, re := range []*regexp.Regexp{links, addresses} {
		for _, m := range re.FindAllStringSubmatch(text, 64) {
			host := strings.ToLower(m[1][strings.LastIndexByte(m[1], '@')+1:])
			if x.o.vouched(host) {
				continue
			}
			if re == addresses && (x.only(m[0]) || x.only(host)) {
				return m[0]
			} else if x.only(host) {
				return host
			}
		}
	}
	for _, re := range []*regexp.Regexp{uuids, accounts, phones, objects} {
		for _, v := range re.FindAllString(text, 64) {
			if x.only(v) {
				return v
			}
		}
	}
	return ""
}

// vouched reports a host that the policy names.
func (o *Options) vouched(host string) bool {
	for _, h := range o.Vouched {
		if host == h || strings.HasPrefix(h, "*.") && strings.HasSuffix(host, h[1:]) {
			return true
		}
	}
	return false
}

// only reports a value that untrusted content has and nothing else.
func (x *exchange) only(value string) bool {
	v := bytes.ToLower([]byte(value))
	return has(x.said.untrusted, v) && !has(x.said.trusted, v)
}

// has reports a value that stands in a text by itself: 7 is not in 17.
func has(text, value []byte) bool {
	for at := 0; ; {
		i := bytes.Index(text[at:], value)
		if i < 0 {
			return false
		}
		from, to := at+i, at+i+len(value)
		if !(from > 0 && wordly(text[from-1]) && wordly(value[0])) && !(to < len(text) && wordly(text[to]) && wordly(value[len(value)-1])) {
			return true
		}
		at = from + 1
	}
}

func wordly(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c == '_'
}

package secretscan

import (
	"bytes"
	"net/url"
	"strings"
)

// passwordInURL finds the password of the URL whose "://" ends at data[at]. It
// returns the span of the password, the user and the host.
func passwordInURL(data []byte, at int) (from, to int, user, host string, ok bool) {
	end := at
	lastAt := -1
	for end < len(data) && end-at < 512 {
		c := data[end]
		if c == '@' {
			lastAt = end
		}
		if c <= ' ' || c == '"' || c == '\'' || c == '`' || c == '<' || c == '>' || c == '\\' || c == ')' && lastAt >= 0 || c > '~' {
			break
		}
		if (c == '/' || c == '?' || c == '#') && (lastAt >= 0 || bytes.IndexByte(data[end:min(len(data), end+80)], '@') < 0) {
			break
		}
		end++
	}
	if lastAt < 0 {
		return 0, 0, "", "", false
	}
	colon := bytes.IndexByte(data[at:lastAt], ':')
	if colon < 0 {
		return 0, 0, "", "", false
	}
	user = string(data[at : at+colon])
	from, to = at+colon+1, lastAt
	if strings.ContainsAny(user, "/?#,;({[]})") || from == to || bytes.ContainsAny(data[from:to], ",;[](") && bytes.IndexByte(data[from:to], '/') >= 0 {
		return 0, 0, "", "", false
	}
	h := lastAt + 1
	for h < len(data) && h-lastAt < 255 && (isWord(data[h]) || data[h] == '.' || data[h] == '-') {
		h++
	}
	return from, to, user, strings.ToLower(string(data[lastAt+1 : h])), true
}

// localHosts are names that nobody reaches from outside: of a developer's machine, or
// of a service in a composition.
var localHosts = set(`localhost 127.0.0.1 0.0.0.0 host.docker.internal db postgres postgresql mysql mariadb redis mongo mongodb rabbitmq database host hostname server example elasticsearch minio proxy`)

func judgeURL(c *candidate, user, host string, d *document) {
	v := c.value
	if plain, err := url.PathUnescape(v); err == nil && plain != "" {
		v = plain
	}
	low := strings.ToLower(v)
	c.random = isRandom(v)
	switch {
	case isReference(v, low) || (strings.ContainsAny(v, "{}<>%[]|\"") || hasVariable(v)) && !c.random || strings.Count(v, "*") > 2:
		c.verdict, c.reason = Reference, "the password is filled in from elsewhere"
	case isDocumentHost(host) && !c.random:
		c.verdict, c.reason = Placeholder, "the host is one of documentation"
	case knownDefaults[low] || isPlaceholder(v, low) || low == strings.ToLower(user) || len(v) < 4 || strings.HasPrefix(low, "pass") && len(v) < 12 || low == strings.ToLower(user)+"pass" || len(v) < 12 && sequence(low) >= 4 || low == strings.ToLower(user)+"_password":
		c.verdict, c.reason = Placeholder, "the password is one that everyone knows"
	case (localHosts[host] || host == "") && !c.random:
		c.verdict, c.reason = Test, "the host is a developer's machine, and the password was not generated"
	case isOrdinary(v, low) || traitsOf(v).digits+traitsOf(v).others == 0 && len(v) < 16 && surprise(v) < 4.6:
		c.verdict, c.reason = Placeholder, "the password is a word"
	case d.test:
		c.verdict, c.reason = Test, reasonTested
	case d.format == lock && !c.random:
		c.verdict, c.reason = Ordinary, "it stands in a lock file"
	default:
		c.verdict, c.reason = Secret, "a password in an address"
	}
}

// isDocumentHost reports the names that RFC 2606 and RFC 6761 keep for examples.
func isDocumentHost(host string) bool {
	for _, s := range []string{"example.com", "example.org", "example.net", ".example", ".test", ".invalid", "foo.com", "bar.com", "domain.com", "yourdomain.com", "mydomain.com", "acme.com", "company.com", "google.com", "site.com", "server.com", "host.com", "foo.bar", "a.com", "b.com"} {
		if host == strings.TrimPrefix(s, ".") || strings.HasSuffix(host, s) && (s[0] == '.' || strings.HasSuffix(host, "."+s)) {
			return true
		}
	}
	return false
}

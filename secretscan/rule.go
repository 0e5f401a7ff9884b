package secretscan

import (
	"fmt"
	"hash/crc32"
	"sort"
	"strings"
)

// rule is one kind of secret. Its shape is matched where its keyword stands; one with names
// is matched against the value of an assignment to such a name.
type rule struct {
	ID       string
	Provider string
	Verdict  Verdict // of what matches, where the form alone decides; empty: Secret

	shape  string
	names  string // by comma, in lower case
	infix  string // keyword inside of the token, in lower case
	check  func(string) bool
	shapes []shape
}

// Rule describes a rule to a reader.
type Rule struct {
	ID       string
	Provider string // empty: the application's own secrets
	Verdict  Verdict
}

// action is what a keyword starts.
type action int

const (
	onToken action = iota // a shape begins here
	onInfix               // a shape is around here
	onName                // a name: look for an assignment
	onPEM
	onURL
	onJWT
	onBearer
	onBasic
	onLogin   // docker login -p …
	onCommand // curl -u, mysql -p, sshpass -p, redis-cli -a
	onValue   // "value": its sibling is the name
	onCookie
)

// trigger ties a keyword to what it starts.
type trigger struct {
	action action
	rule   *rule
	length int // of the keyword
}

// engine is what all scans of a scanner share. It is not changed once it is made.
type engine struct {
	words    *automaton
	triggers [][]trigger // by word
	rules    []*rule
	named    []*rule

	password, generic, weak, url, jwt, bearer, basic, login, private, cookie, framework *rule
}

// names of the application's own secrets. A name that holds one is looked at.
var nameWords = []string{"passw", "pwd", "passphrase", "secret", "token", "api", "key", "credential", "creds", "auth", "session", "passcode", "pepper", "_pass", "pass_", "dbpass", "userpass"}

func newEngine() (*engine, error) {
	e := &engine{}
	var err error
	words := map[string][]trigger{}
	add := func(word string, t trigger) {
		t.length = len(word)
		words[word] = append(words[word], t)
	}
	for _, list := range [][]rule{tokensOfGitleaks(), ownTokens()} {
		for i := range list {
			r := &list[i]
			if r.shapes, err = parseShapes(r.shape); err != nil {
				return nil, fmt.Errorf("rule %s: %w", r.ID, err)
			}
			r.check = checks(r.ID)
			e.rules = append(e.rules, r)
			if r.infix != "" {
				add(r.infix, trigger{action: onInfix, rule: r})
				continue
			}
			seen := map[string]bool{}
			for _, s := range r.shapes {
				k := s.keyword()
				if k == "" {
					return nil, fmt.Errorf("rule %s: its shape begins with no literal", r.ID)
				}
				if !seen[k] {
					seen[k] = true
					add(k, trigger{action: onToken, rule: r})
				}
			}
		}
	}
	namedWords := map[string]bool{}
	for _, list := range [][]rule{namesOfGitleaks(), ownNames()} {
		for i := range list {
			r := &list[i]
			if r.shapes, err = parseShapes(r.shape); err != nil {
				return nil, fmt.Errorf("rule %s: %w", r.ID, err)
			}
			e.named = append(e.named, r)
			for _, n := range strings.Split(r.names, ",") {
				if !namedWords[n] {
					namedWords[n] = true
					add(n, trigger{action: onName})
				}
			}
		}
	}
	for _, n := range nameWords {
		add(n, trigger{action: onName})
	}
	own := func(id string) *rule {
		r := &rule{ID: id}
		e.rules = append(e.rules, r)
		return r
	}
	e.password, e.generic, e.weak, e.framework = own("password"), own("secret"), own("random-key"), own("framework-secret")
	e.url, e.jwt, e.bearer, e.basic = own("url-password"), own("jwt"), own("bearer-token"), own("basic-auth")
	e.login, e.private, e.cookie = own("command-password"), own("private-key"), own("session-cookie")
	add("-----begin", trigger{action: onPEM})
	add("putty-user-key-file-", trigger{action: onPEM})
	add("://", trigger{action: onURL})
	add("eyj", trigger{action: onJWT})
	add("bearer", trigger{action: onBearer})
	add("basic ", trigger{action: onBasic})
	add("docker login", trigger{action: onLogin})
	add("podman login", trigger{action: onLogin})
	add("helm registry login", trigger{action: onLogin})
	add("npm login", trigger{action: onLogin})
	for _, c := range []string{"curl ", "wget ", "mysql ", "mysqldump ", "sshpass ", "redis-cli ", "mongo ", "mongosh ", "psql ", "ftp ", "az login", "oc login", "rclone "} {
		add(c, trigger{action: onCommand})
	}
	add("value", trigger{action: onValue})
	add("cookie:", trigger{action: onCookie})

	list := make([]string, 0, len(words))
	for w := range words {
		list = append(list, w)
	}
	sort.Strings(list)
	if e.words, err = newAutomaton(list, true); err != nil {
		return nil, err
	}
	for _, w := range list {
		e.triggers = append(e.triggers, words[w])
	}
	return e, nil
}

// checks are the checksums that providers put into their keys.
func checks(id string) func(string) bool {
	switch id {
	case "github-pat", "github-oauth", "github-app-token", "github-refresh-token", "npm-access-token":
		return crcFits
	}
	return nil
}

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// crcFits holds a token of GitHub or npm to the CRC-32 in its last six characters
// (github.blog, "Behind GitHub's new authentication token formats", 2021).
func crcFits(token string) bool {
	_, body, ok := strings.Cut(token, "_")
	if !ok || len(body) < 7 {
		return false
	}
	return crc62(body[:len(body)-6]) == body[len(body)-6:]
}

func crc62(s string) string {
	n := crc32.ChecksumIEEE([]byte(s))
	var out [6]byte
	for i := len(out) - 1; i >= 0; i-- {
		out[i] = base62[n%62]
		n /= 62
	}
	return string(out[:])
}

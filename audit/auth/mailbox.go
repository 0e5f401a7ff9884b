package auth

import (
	"context"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// named finds a token by the word before it: ?token=…, "code": "…", /reset/….
var named = regexp.MustCompile(`(?i)(?:token|code|key|reset|invite|invitation|join)["']?\s*(?:=|:|/)\s*["']?([A-Za-z0-9._~-]{6,})`)

// bare finds what is long enough to be a token by itself.
var bare = regexp.MustCompile(`[A-Za-z0-9_-]{20,}(?:\.[A-Za-z0-9_-]+){0,2}`)

// longest is how many characters a one-time token has at most. The bound stands
// here and not in the expressions, which would be compiled that many times over
// at every start of the program.
const longest = 512

// tokenCandidates lists the texts in a message that may be a one-time token, the
// likeliest first.
func tokenCandidates(text string) []string {
	if u, err := url.PathUnescape(text); err == nil {
		text = u
	}
	var out []string
	add := func(s string) {
		s = strings.TrimRight(s, ".~-")
		if len(s) >= 6 && len(s) <= longest && !slices.Contains(out, s) && len(out) < 6 {
			out = append(out, s)
		}
	}
	for _, m := range named.FindAllStringSubmatch(text, 20) {
		if oracle.Telling(m[1]) {
			add(m[1])
		}
	}
	for _, m := range bare.FindAllString(text, 20) {
		add(m)
	}
	return out
}

// mail reads the target's mail catcher for a user until a message holds a token
// that is not among the known ones.
func mail(ctx context.Context, t *lr.Trial, user string, known []string) ([]string, *lr.Exchange, error) {
	var x *lr.Exchange
	for n := range 6 {
		if n > 0 {
			if err := wait(ctx, 500*time.Millisecond); err != nil {
				return nil, x, err
			}
		}
		r := t.Target.Mailbox.Clone()
		r.Path = strings.ReplaceAll(r.Path, "{user}", url.QueryEscape(user))
		r.Note = "mail catcher"
		var err error
		if x, err = t.HTTP.Do(ctx, nil, r); err != nil {
			return nil, x, err
		}
		var fresh []string
		for _, c := range tokenCandidates(mailText(x)) {
			if !slices.Contains(known, c) && !strings.Contains(user, c) {
				fresh = append(fresh, c)
			}
		}
		if len(fresh) > 0 {
			return fresh, x, nil
		}
	}
	return nil, x, nil
}

// mailText is a mailbox's reply with the strings of JSON unescaped.
func mailText(x *lr.Exchange) string {
	var doc any
	if json.Unmarshal(x.Body, &doc) != nil {
		return string(x.Body)
	}
	return strings.Join(scalars(x), "\n")
}

package auth

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// exposed lists the secrets of accounts in a reply: the password of one of this
// run's accounts, or a filled field with a credential's name beside the name of
// an account.
func exposed(t *lr.Trial, x *lr.Exchange) []string {
	if !x.OK() {
		return nil
	}
	var out []string
	for _, a := range t.Target.Accounts {
		if p := t.Cast.Password(a).Reveal(); len(p) >= 4 && slices.Contains(scalars(x), p) {
			out = append(out, a.User)
		}
	}
	var doc any
	if len(out) > 0 || json.Unmarshal(x.Body, &doc) != nil {
		return out
	}
	objects(doc, func(m map[string]any) {
		secret, who := "", ""
		for k, v := range m {
			s, ok := v.(string)
			if !ok {
				continue
			}
			if secretValue(k, s) {
				secret = k
			}
			if names(t, s) {
				who = s
			}
		}
		if secret != "" && who != "" {
			out = append(out, who)
		}
	})
	return out
}

// secretValue reports whether a field holds a credential and not something about
// one: password_changed_at, secret_url, or a masked value.
func secretValue(name, v string) bool {
	if !oracle.SecretField(name) || len(v) < 4 || strings.Trim(v, "*•xX") == "" {
		return false
	}
	n := strings.ToLower(name)
	for _, about := range []string{"at", "date", "time", "expires", "url", "uri", "hint", "policy", "status", "type", "id"} {
		if strings.HasSuffix(n, about) {
			return false
		}
	}
	return true
}

// accountsIn lists the addresses and ids of this run's accounts in a reply, but
// not those that the request itself names.
func accountsIn(t *lr.Trial, x *lr.Exchange) []string {
	var all []string
	for _, a := range t.Target.Accounts {
		for _, v := range []string{a.User, a.UserID} {
			if oracle.Telling(v) {
				all = append(all, v)
			}
		}
	}
	return oracle.Find(oracle.Without(all, x.URL, string(x.Sent)), x)
}

func names(t *lr.Trial, v string) bool {
	for _, a := range t.Target.Accounts {
		if v != "" && (v == a.User || v == a.UserID || v == a.Known["email"] || v == a.Known["username"]) {
			return true
		}
	}
	return false
}

// objects calls f for each JSON object in v.
func objects(v any, f func(map[string]any)) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			objects(e, f)
		}
	case map[string]any:
		f(v)
		for _, e := range v {
			objects(e, f)
		}
	}
}

// scalars lists the scalars of a JSON reply as text.
func scalars(x *lr.Exchange) []string {
	var doc any
	if json.Unmarshal(x.Body, &doc) != nil {
		return nil
	}
	var out []string
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case nil:
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for _, e := range v {
				walk(e)
			}
		case float64:
			out = append(out, strings.TrimSuffix(fmt.Sprintf("%.6f", v), ".000000"))
		default:
			out = append(out, fmt.Sprint(v))
		}
	}
	walk(doc)
	return out
}

package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strings"

	lr "github.com/launchready/launchready"
)

var errNoWhoAmI = errors.New("no route tells who the caller is: name one as whoami")

// introduce asks who the account is, with exactly the credential given, and
// returns the account's own values that the reply holds: none means refused.
func introduce(ctx context.Context, t *lr.Trial, a *lr.Account, c lr.Credential, note string) (*lr.Exchange, []string, error) {
	if a.WhoAmI == nil {
		return nil, nil, errNoWhoAmI
	}
	r, err := t.Stage.Request(ctx, a.WhoAmI, nil, a)
	if err != nil {
		return nil, nil, err
	}
	r.Credential, r.Note = &c, note
	x, err := t.HTTP.Do(ctx, a, r)
	if err != nil {
		return nil, nil, err
	}
	return x, shows(x, a), nil
}

// shows lists the account's own values that stand in the reply as whole values:
// who is let in is told who they are.
func shows(x *lr.Exchange, a *lr.Account) []string {
	if x == nil || !x.OK() {
		return nil
	}
	have := map[string]bool{}
	for _, s := range scalars(x) {
		have[s] = true
	}
	var out []string
	for _, v := range []string{a.UserID, a.User, address(a), a.Known["username"], a.Known["id"]} {
		if v != "" && have[v] && (len(out) == 0 || out[len(out)-1] != v) {
			out = append(out, v)
		}
	}
	return out
}

// privilegeFields are the names under which applications keep what a user may
// do, normalised.
var privilegeFields = map[string]bool{"role": true, "roles": true, "isadmin": true, "admin": true, "issuperuser": true, "superuser": true,
	"isstaff": true, "staff": true, "permissions": true, "scopes": true, "usertype": true, "accesslevel": true, "groups": true, "isowner": true, "owner": true}

// privileges lists what a reply says of its subject's privileges, by field path.
func privileges(x *lr.Exchange) map[string]string {
	out := map[string]string{}
	if x == nil || !x.OK() {
		return out
	}
	var doc any
	if json.Unmarshal(x.Body, &doc) != nil {
		return out
	}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		m, ok := v.(map[string]any)
		if !ok {
			return
		}
		for k, e := range m {
			if privilegeFields[plainName(k)] {
				out[path+k] = flat(e)
			}
			walk(path+k+".", e)
		}
	}
	walk("", doc)
	return out
}

// flat is a value as one text, the parts of a list in order.
func flat(v any) string {
	if list, ok := v.([]any); ok {
		var parts []string
		for _, e := range list {
			parts = append(parts, flat(e))
		}
		sort.Strings(parts)
		return strings.Join(parts, " ")
	}
	if m, ok := v.(map[string]any); ok {
		if n, ok := m["name"]; ok {
			return fmt.Sprint(n)
		}
	}
	return fmt.Sprint(v)
}

// plainName is a field's name without case and separators.
func plainName(s string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "", ".", "").Replace(s))
}

// address is the account's e-mail address, as the target tells it or as it signs
// in; "" where neither is one.
func address(a *lr.Account) string {
	var fields []string
	for k, v := range a.Known {
		if strings.HasSuffix(strings.ToLower(k), "email") && strings.Contains(v, "@") {
			fields = append(fields, k)
		}
	}
	sort.Strings(fields)
	switch {
	case len(fields) > 0:
		return a.Known[fields[0]]
	case strings.Contains(a.User, "@"):
		return a.User
	}
	return ""
}

package intake

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// flatten lists the texts and numbers of a JSON value by JSON pointer, so many
// and so deep that a hostile reply costs nothing.
func flatten(into map[string]string, at string, v any, depth int) {
	if depth > 6 || len(into) >= 300 {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		for _, k := range sortedKeys(v) {
			flatten(into, at+"/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(k), v[k], depth+1)
		}
	case []any:
		for i, e := range v[:min(len(v), 5)] {
			flatten(into, fmt.Sprintf("%s/%d", at, i), e, depth+1)
		}
	case string:
		if v != "" && len(v) <= 8192 {
			into[at] = v
		}
	case float64:
		if b, err := json.Marshal(v); err == nil {
			into[at] = string(b)
		}
	}
}

// Where replies say who the caller is: below which objects.
var around = []string{"/", "/user/", "/data/user/", "/me/", "/currentUser/", "/current_user/", "/viewer/", "/profile/", "/data/", "/data/me/", "/result/"}

// pick finds the first of the names, at the top or in a usual wrapper.
func pick(told map[string]string, names ...string) string {
	for _, n := range names {
		for _, pre := range around {
			if v := told[pre+n]; v != "" && len(v) <= 200 {
				return v
			}
		}
	}
	return ""
}

// tenantOf finds the tenant's id and name in what whoami or a token tells. An id
// may be a name, or say nothing to anyone.
func tenantOf(told map[string]string) (id, label string) {
	if len(told) == 0 {
		return "", ""
	}
	var ids, labels []string
	for _, noun := range []string{"tenant", "organization", "organisation", "org", "workspace", "company", "team", "account", "customer"} {
		ids = append(ids, noun+"/id", noun+"_id", noun+"Id", noun+"/uuid", noun+"s/0/id", noun)
		labels = append(labels, noun+"/slug", noun+"/name", noun+"_slug", noun+"_name", noun+"Name", noun+"s/0/slug", noun+"s/0/name")
	}
	id, label = pick(told, append(ids, "tid", "memberships/0/tenant_id", "memberships/0/organization_id")...), pick(told, labels...)
	return id, label
}

// free are mail services where a domain is nobody's company.
var free = []string{"gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "icloud.com", "me.com", "aol.com", "gmx.de", "gmx.net", "web.de", "proton.me", "protonmail.com", "mail.com", "example.com"}

// mailTenant is the label of a user's mail domain: acme of member@acme.test.
func mailTenant(user string) string {
	_, domain, ok := strings.Cut(strings.ToLower(user), "@")
	if !ok || slices.Contains(free, domain) {
		return ""
	}
	labels := strings.Split(domain, ".")
	if len(labels) < 2 {
		return labels[0]
	}
	if n := len(labels); n > 2 && len(labels[n-2]) <= 3 && len(labels[n-1]) == 2 { // acme.co.uk
		return labels[n-3]
	}
	return labels[len(labels)-2]
}

// fitKey makes a name fit for a key: letters, digits, - and _.
func fitKey(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
		if b.Len() >= 40 {
			break
		}
	}
	if out := strings.Trim(b.String(), "_"); out != "" {
		return out
	}
	return "user"
}

// bare is a header's value without a scheme word before it.
func bare(v string) string {
	v = strings.TrimSpace(v)
	if scheme, rest, ok := strings.Cut(v, " "); ok && !strings.ContainsAny(scheme, ".=") {
		return strings.TrimSpace(rest)
	}
	return v
}

// claims reads the payload of a JWT without verifying it: it tells whom the
// application thinks it signed in. nil when s is no JWT.
func claims(s string) map[string]string {
	parts := strings.Split(s, ".")
	if len(parts) != 3 || len(s) > 16<<10 || !strings.HasPrefix(s, "eyJ") {
		return nil
	}
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	var m map[string]any
	if err != nil || json.Unmarshal(b, &m) != nil {
		return nil
	}
	out := map[string]string{}
	flatten(out, "", m, 0)
	return out
}

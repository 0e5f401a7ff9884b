package intake

import (
	"encoding/base64"
	"encoding/json"
	"regexp"
	"sort"
	"strings"

	"golang.org/x/net/publicsuffix"

	lr "github.com/launchready/launchready"
)

// What an inference rests on. The address and the name are weak: they join a
// tenant that something stronger told of, and make one only where nothing did.
const (
	fromHeader  = "the header "
	fromToken   = "its token"
	fromAddress = "its address"
	fromName    = "its name"
)

// tenants finds out to which customer each identity belongs where the file does
// not say: by a header that selects one, by the claims of a token, by the company
// in an address, by names such as acme_admin. What nothing tells stays open: a
// wrong tenant would make two users of one company look like a leak.
func (in *Intake) tenants() {
	for i := range in.Identities {
		id := &in.Identities[i]
		if id.TenantFrom == fromAddress || id.TenantFrom == fromName {
			id.Tenant, id.TenantFrom = "", "" // another file may say more
		}
		id.claims()
		for _, name := range sortedNames(id.Headers) {
			if v := id.Headers[name].Reveal(); id.Tenant == "" && tenantField(name) && v != "" && len(v) <= 64 {
				id.Tenant, id.TenantFrom = v, fromHeader+name
			}
		}
	}
	in.byAddress()
	in.byName()
}

// known is the tenants that are told, by their folded name.
func (in *Intake) known() map[string]string {
	out := map[string]string{}
	for i := range in.Identities {
		if t := in.Identities[i].Tenant; t != "" && out[fold(t)] == "" {
			out[fold(t)] = t
		}
	}
	return out
}

// claims reads what a JSON Web Token (RFC 7519) says of its subject. Nothing is
// verified: it is the user's own token.
func (id *Identity) claims() {
	token := id.Token.Reveal()
	for _, h := range id.Headers {
		if _, t, ok := strings.Cut(h.Reveal(), " "); token == "" && ok {
			token = t
		}
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 || len(parts[1]) > 1<<16 {
		return
	}
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	var claims map[string]any
	if err != nil || json.Unmarshal(b, &claims) != nil {
		return
	}
	names := make([]string, 0, len(claims))
	for k := range claims {
		names = append(names, k)
	}
	sort.Strings(names)
	for _, k := range names {
		v, _ := claims[k].(string)
		if l, ok := claims[k].([]any); ok && len(l) == 1 {
			v, _ = l[0].(string)
		}
		if v == "" || len(v) > 200 || strings.ContainsAny(v, "\r\n") {
			continue
		}
		short := k[strings.LastIndexAny(k, "/:")+1:] // https://acme.test/tenant
		switch {
		case id.Tenant == "" && (tenantField(short) || short == "tid"):
			id.Tenant, id.TenantFrom = v, fromToken
		case id.Role == "" && among(fold(short), "role", "roles", "userrole"):
			id.Role = v
		case id.User == "" && among(fold(short), "email", "preferredusername", "upn", "username"):
			id.User = v
		}
	}
}

// freeMail are hosts of addresses that tell no company.
func freeMail(domain string) bool {
	return among(domain, "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "icloud.com", "me.com", "proton.me", "protonmail.com",
		"gmx.de", "gmx.net", "web.de", "aol.com", "mailinator.com", "example.com", "example.org", "example.net", "localhost")
}

// companyOf is the registered domain of an address, and its first label; "" for an
// address that tells no company.
func companyOf(address string) (domain, label string) {
	_, host, ok := strings.Cut(address, "@")
	host = strings.ToLower(strings.TrimSpace(host))
	if !ok || freeMail(host) || !hostName.MatchString(host) {
		return "", ""
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return "", ""
	}
	label, _, _ = strings.Cut(domain, ".")
	return domain, label
}

func (in *Intake) byAddress() {
	strong := in.known()
	domains := map[string]map[string]bool{} // by first label
	tenant := map[string]string{}           // by domain, of those that are told
	for i := range in.Identities {
		id := &in.Identities[i]
		d, l := companyOf(id.User)
		if d == "" {
			continue
		}
		if domains[l] == nil {
			domains[l] = map[string]bool{}
		}
		domains[l][d] = true
		if id.Tenant != "" {
			tenant[d] = id.Tenant
		}
	}
	for i := range in.Identities {
		id := &in.Identities[i]
		d, l := companyOf(id.User)
		if id.Tenant != "" || d == "" {
			continue
		}
		switch {
		case tenant[d] != "":
			id.Tenant = tenant[d]
		case strong[fold(l)] != "":
			id.Tenant = strong[fold(l)]
		case len(strong) > 0:
			continue
		case len(domains[l]) > 1: // acme.test and acme.io may be two companies
			id.Tenant = strings.ReplaceAll(d, ".", "_")
		default:
			id.Tenant = l
		}
		id.TenantFrom = fromAddress
	}
}

var hostName = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`)

// roleWord are words that names of test users end with.
func roleWord(s string) bool {
	return lr.PrivilegedRole(s) || among(s, "member", "user", "viewer", "editor", "guest", "agent", "staff", "support", "reader", "writer", "customer", "employee", "readonly", "billing")
}

var trailingDigits = regexp.MustCompile(`[_-]?\d+$`)

// splitName splits acme_admin into the tenant and the role.
func splitName(name string) (tenant, role string) {
	i := strings.LastIndexAny(name, "_-.")
	if i < 1 {
		return "", ""
	}
	role = strings.ToLower(trailingDigits.ReplaceAllString(name[i+1:], ""))
	if !roleWord(role) || roleWord(strings.ToLower(name[:i])) {
		return "", ""
	}
	return name[:i], role
}

// byName reads names. One tenant alone is none: it would be the same word before
// every name.
func (in *Intake) byName() {
	told := in.known()
	seen := map[string]bool{}
	for i := range in.Identities {
		if t, _ := splitName(in.Identities[i].Name); t != "" {
			seen[fold(t)] = true
		}
	}
	for i := range in.Identities {
		id := &in.Identities[i]
		t, role := splitName(id.Name)
		if t == "" {
			if n := strings.ToLower(trailingDigits.ReplaceAllString(id.Name, "")); id.Role == "" && roleWord(n) {
				id.Role = n // user1, admin
			}
			continue
		}
		if id.Role == "" {
			id.Role = role
		}
		switch {
		case id.Tenant != "":
		case told[fold(t)] != "":
			id.Tenant, id.TenantFrom = told[fold(t)], fromName
		case len(told) == 0 && len(seen) > 1:
			id.Tenant, id.TenantFrom = t, fromName
		}
	}
}

func sortedNames[T any](m map[string]T) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

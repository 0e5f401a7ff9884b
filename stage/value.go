package stage

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"sort"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/surface"
)

// filler makes values for one request: each free-text field gets a canary of its
// own, since one of them may turn out to be the object's key, and what stands in
// an address is no witness. References are filled with the tenant's own objects.
type filler struct {
	s      *Stage
	owner  *lr.Account
	tenant string
	set    map[string]any
	parent *lr.Object
}

func (s *Stage) filler(as *lr.Account, o *lr.Object) *filler {
	tenant := ""
	if as != nil {
		tenant = as.Tenant
	}
	return &filler{s: s, owner: as, tenant: tenant, parent: o}
}

// canary mints one for a free text.
func (f *filler) canary() string { return f.s.opt.Mint.Canary(f.tenant) }

// short mints one of the compact form, for strict or short fields.
func (f *filler) short() string { return f.s.opt.Mint.Compact(f.tenant) }

// fullness is how much of a schema a body fills; a refused creation is tried
// again with another.
type fullness uint8

const (
	texts    fullness = iota // what is required, and optional free text
	required                 // only what is required
	example                  // the specification's example, with canaries in its texts
	every                    // all that may be written
)

func (f *filler) object(sc *lr.Schema, full fullness, depth int) map[string]any {
	out := map[string]any{}
	names := make([]string, 0, len(sc.Properties))
	for n := range sc.Properties {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		p := sc.Properties[n]
		if v, ok := f.set[n]; ok {
			out[n] = v
			continue
		}
		need := sc.Requires(n)
		if p.ReadOnly || !need && (ownedByServer(n) || full == required) {
			continue
		}
		if !need && full == texts && !freeText(n, p) && !(p.Type == "object" && metadataName(n)) {
			continue
		}
		if v, ok := f.value(n, p, full, need, depth+1); ok {
			out[n] = v
		}
	}
	return out
}

// ownedByServer names fields that a creation leaves to the server: whoever
// writes them tests mass assignment, which is a check's business.
func ownedByServer(name string) bool {
	switch norm(name) {
	case "role", "roles", "isadmin", "admin", "superuser", "issuperuser", "permissions", "tenantid", "tenant", "orgid", "organizationid",
		"organisationid", "workspaceid", "accountid", "ownerid", "userid", "createdby", "createdat", "updatedat", "deletedat", "id", "plan", "status", "verified", "scopes", "stream":
		return true
	}
	return false
}

func metadataName(n string) bool { n = norm(n); return n == "metadata" || n == "meta" || n == "data" }

// separators is made once: building a replacer costs more than using it.
var separators = strings.NewReplacer("_", "", "-", "", ".", "")

func norm(name string) string { return strings.ToLower(separators.Replace(name)) }

// freeText reports whether a field takes any text.
func freeText(name string, p *lr.Schema) bool {
	if p.Type != "string" && p.Type != "" || len(p.Enum) > 0 || p.Const != nil || p.Properties != nil || p.Items != nil {
		return false
	}
	switch p.Format {
	case "", "text", "markdown", "html", "multiline":
	default:
		return false
	}
	n := norm(name)
	for _, w := range []string{"title", "name", "text", "content", "description", "message", "comment", "body", "summary", "subject", "note", "label", "question", "bio", "prompt", "caption", "secret", "memo", "answer"} {
		if strings.HasSuffix(n, w) || strings.HasPrefix(n, w) {
			return p.Type == "string" || p.Type == ""
		}
	}
	return false
}

func (f *filler) value(name string, p *lr.Schema, full fullness, need bool, depth int) (any, bool) {
	if depth > 5 {
		return nil, false
	}
	n := norm(name)
	switch {
	case p.Const != nil:
		return p.Const, true
	case len(p.Enum) > 0:
		return modest(p.Enum), true
	case len(p.OneOf) > 0 && p.Type == "" && len(p.Properties) == 0:
		return f.value(name, p.OneOf[0], full, need, depth+1)
	}
	switch p.Type {
	case "object":
		if len(p.Properties) == 0 {
			if metadataName(name) || need {
				return map[string]any{"note": f.canary()}, true
			}
			return nil, false
		}
		return f.object(p, full, depth), true
	case "array":
		if p.Items == nil || !need && p.MinItems == 0 && full != every {
			if need {
				return []any{}, true
			}
			return nil, false
		}
		v, ok := f.value(strings.TrimSuffix(name, "s"), p.Items, full, true, depth+1)
		if !ok {
			return []any{}, need
		}
		return []any{v}, true
	case "integer", "number":
		return number(p), true
	case "boolean":
		if b, ok := first(p.Example, p.Default).(bool); ok {
			return b, true
		}
		return false, true
	}
	if strings.HasSuffix(n, "id") && n != "id" && len(n) > 2 {
		if id := f.reference(n); id != "" {
			return id, true
		}
		if !need {
			return nil, false
		}
		if p.Example != nil {
			return p.Example, true
		}
	}
	return f.text(n, p), true
}

// modest picks the least powerful of the allowed values where they are roles.
func modest(enum []any) any {
	for _, want := range []string{"viewer", "member", "user", "reader", "guest", "private"} {
		for _, e := range enum {
			if e == want {
				return e
			}
		}
	}
	return enum[0]
}

func number(p *lr.Schema) any {
	if v := first(p.Example, p.Default); v != nil {
		return v
	}
	if p.Minimum != nil {
		return *p.Minimum
	}
	if p.Maximum != nil && *p.Maximum < 1 {
		return *p.Maximum
	}
	return 1
}

func first(vs ...any) any {
	for _, v := range vs {
		if v != nil {
			return v
		}
	}
	return nil
}

// text makes a string for the field, with the canary in it wherever the field
// takes one.
func (f *filler) text(n string, p *lr.Schema) string {
	switch {
	case p.Format == "email" || strings.HasSuffix(n, "email"):
		return f.short() + "@" + f.mailDomain()
	case p.Format == "uri" || p.Format == "url" || strings.HasSuffix(n, "url"):
		return "https://example.test/" + f.canary()
	case p.Format == "date-time":
		return time.Now().UTC().Add(24 * time.Hour).Format(time.RFC3339)
	case p.Format == "date":
		return time.Now().UTC().Add(24 * time.Hour).Format(time.DateOnly)
	case p.Format == "uuid":
		b := f.short()[3:]
		return fmt.Sprintf("%s-%s-4%s-8%s-%s", b[:8], b[8:12], b[12:15], b[15:18], b[12:24])
	case p.Format == "password" || strings.Contains(n, "password"):
		return "Lr1!" + f.short()
	case p.Format == "byte":
		return base64.StdEncoding.EncodeToString([]byte(f.canary()))
	case p.Format == "ipv4":
		return "192.0.2.1"
	case n == "phone" || strings.HasSuffix(n, "phonenumber"):
		return "+1555" + digits(f.short(), 7)
	}
	fits := func(v string) bool {
		if p.MaxLength > 0 && len(v) > p.MaxLength {
			return false
		}
		if p.Pattern != "" {
			re, err := regexp.Compile(p.Pattern)
			return err != nil || re.MatchString(v)
		}
		return true
	}
	short := f.short()
	for _, v := range []string{f.canary(), short} {
		if fits(v) {
			return pad(v, p.MinLength)
		}
	}
	for _, e := range []any{p.Example, p.Default} {
		if v, ok := e.(string); ok && fits(v) {
			return v
		}
	}
	for _, v := range []string{short[3:], short, "Aa1" + short[3:], "1", "a"} {
		if p.MaxLength > 0 && len(v) > p.MaxLength {
			v = v[:p.MaxLength]
		}
		if fits(v) {
			return v
		}
	}
	return short
}

// digits is n decimal digits drawn from a canary: numbers must often be unique.
func digits(canary string, n int) string {
	b := []byte(canary[len(canary)-n:])
	for i, c := range b {
		b[i] = '0' + c%10
	}
	return string(b)
}

func pad(v string, least int) string {
	if len(v) < least && least < 4096 {
		return v + strings.Repeat(" lr", (least-len(v))/3+1)
	}
	return v
}

func (f *filler) mailDomain() string {
	if f.owner != nil {
		if _, d, ok := strings.Cut(f.owner.User, "@"); ok && d != "" {
			return d
		}
	}
	return "example.test"
}

// reference finds the tenant's own object for a field such as chat_id.
func (f *filler) reference(n string) string {
	noun := strings.TrimSuffix(strings.TrimSuffix(n, "uu"), "id")
	if f.owner == nil {
		return ""
	}
	switch noun {
	case "user", "owner", "author":
		return f.owner.UserID
	case "tenant", "org", "organization", "organisation", "workspace", "company":
		return f.owner.TenantID
	}
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	for k, o := range f.s.objects {
		res, tenant, _ := strings.Cut(k, "\x00")
		if tenant == f.tenant && surface.Singular(lastNoun(res)) == noun {
			return o.ID
		}
	}
	return ""
}

// lastNoun is the last fixed segment of a resource.
func lastNoun(resource string) string {
	segs := strings.FieldsFunc(resource, func(r rune) bool { return r == '/' })
	for i := len(segs) - 1; i >= 0; i-- {
		if segs[i] != "{}" && !(len(segs[i]) <= 3 && segs[i][0] == 'v') {
			return norm(segs[i])
		}
	}
	return ""
}

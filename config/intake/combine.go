package intake

import (
	"encoding/json"
	"fmt"
	"strings"
)

// finish brings what was read into a form that holds for every format: tenants
// where they can be told, and nobody twice.
func (in *Intake) finish() {
	in.tenants()
	in.join()
	in.prune()
}

// prune forgets secrets that no text refers to: of a sign-in that was not taken.
func (in *Intake) prune() {
	b, err := json.Marshal(struct {
		SignIn  *SignIn
		Objects []Object
	}{in.SignIn, in.Objects})
	if err != nil {
		return
	}
	for name := range in.Secrets {
		if !strings.Contains(string(b), "${secret:"+name+"}") {
			delete(in.Secrets, name)
		}
	}
}

// join makes one identity of two that are the same user or hold the same
// credential. A password outlives a token, so it wins.
func (in *Intake) join() {
	var kept []Identity
	for _, id := range in.Identities {
		var same *Identity
		for i := range kept {
			k := &kept[i]
			if id.User != "" && k.User == id.User && (k.Tenant == id.Tenant || id.Tenant == "" || k.Tenant == "") ||
				!id.Token.IsZero() && k.Token.Reveal() == id.Token.Reveal() ||
				id.References["token"] != "" && k.References["token"] == id.References["token"] {
				same = k
				break
			}
		}
		if same == nil {
			kept = append(kept, id)
			continue
		}
		same.complete(id)
		if same.has("password") && same.has("token") {
			delete(same.References, "token")
			same.Token, same.Send = Identity{}.Token, ""
		}
	}
	in.Identities = kept
}

// complete takes what another reading knows of the same identity and this one
// does not. It returns the fields in which they contradict each other.
func (id *Identity) complete(other Identity) (conflicts []string) {
	text := func(field string, mine *string, theirs string) {
		switch {
		case *mine == "":
			*mine = theirs
		case theirs != "" && *mine != theirs:
			conflicts = append(conflicts, field)
		}
	}
	if id.TenantFrom != "" && other.Tenant != "" && other.TenantFrom == "" { // what is told beats what was inferred
		id.Tenant, id.TenantFrom = other.Tenant, ""
	} else if id.Tenant == "" {
		id.Tenant, id.TenantFrom = other.Tenant, other.TenantFrom
	} else if other.TenantFrom == "" {
		text("tenant", &id.Tenant, other.Tenant)
	}
	text("role", &id.Role, other.Role)
	text("user", &id.User, other.User)
	for _, field := range []string{"password", "token", "cookie"} {
		switch {
		case !other.has(field):
		case id.has(field):
			if id.References[field] != other.References[field] || id.secret(field).Reveal() != other.secret(field).Reveal() {
				conflicts = append(conflicts, field)
			}
		default:
			id.set(field, other.References[field], other.secret(field))
			if field == "token" {
				id.Send = other.Send
			}
		}
	}
	for name, v := range other.Headers {
		if have, ok := id.Headers[name]; !ok {
			id.set("headers."+name, "", v)
		} else if have.Reveal() != v.Reveal() {
			conflicts = append(conflicts, "headers."+name)
		}
	}
	for field, ref := range other.References {
		if strings.HasPrefix(field, "headers.") && id.References[field] == "" {
			id.set(field, ref, Identity{}.Token)
		}
	}
	return conflicts
}

// Combine makes one intake of several: the routes of one, the identities of
// another. Where two contradict each other the first counts, and the conflict is
// named.
func Combine(intakes ...*Intake) (all *Intake, conflicts []string) {
	all = &Intake{}
	from := map[string]string{}
	conflict := func(what, file, mine, theirs string) {
		conflicts = append(conflicts, fmt.Sprintf("%s and %s differ in %s: %s is taken, %s is not", from[what], file, what, mine, theirs))
	}
	single := func(what, file string, mine *string, theirs string) {
		switch {
		case theirs == "":
		case *mine == "":
			*mine, from[what] = theirs, file
		case *mine != theirs:
			conflict(what, file, *mine, theirs)
		}
	}
	for _, in := range intakes {
		single("the product's name", in.File, &all.Product, in.Product)
		single("the target", in.File, &all.Target, strings.TrimRight(in.Target, "/"))
		single("the API's description", in.File, &all.Spec, in.Spec)
		single("whoami", in.File, &all.WhoAmI, in.WhoAmI)
		renamed := map[string]string{}
		for _, name := range sortedNames(in.Secrets) {
			renamed[name] = all.hide(name, in.Secrets[name])
		}
		in = in.rename(renamed)
		lost := false
		switch {
		case in.SignIn == nil:
		case all.SignIn == nil:
			all.SignIn, from["the sign-in"] = in.SignIn, in.File
		case !sameSignIn(all.SignIn, in.SignIn):
			conflict("the sign-in", in.File, all.SignIn.name(), in.SignIn.name())
			lost = true
		}
		for _, id := range in.Identities {
			if lost && id.has("password") {
				id = id.without("password")
				if !id.Means() {
					conflicts = append(conflicts, fmt.Sprintf("%s of %s signs in by what is not taken, and is left out", id.Name, in.File))
					continue
				}
			}
			mine := all.named(id.Name)
			if mine == nil {
				all.Identities = append(all.Identities, id)
				from["identity "+id.Name] = in.File
				continue
			}
			for _, field := range mine.complete(id) {
				conflicts = append(conflicts, fmt.Sprintf("%s and %s differ in the %s of %s: the first is taken", from["identity "+id.Name], in.File, field, id.Name))
			}
		}
		for _, o := range in.Objects {
			all.object(o, &conflicts, in.File)
		}
		all.Hosts = unique(append(all.Hosts, in.Hosts...))
		all.Routes = appendNew(all.Routes, in.Routes)
		all.Public = appendNew(all.Public, in.Public)
		all.Admin = appendNew(all.Admin, in.Admin)
		all.Shared = appendNew(all.Shared, in.Shared)
	}
	all.finish()
	return all, conflicts
}

func (id Identity) without(field string) Identity {
	refs := map[string]string{}
	for k, v := range id.References {
		if k != field {
			refs[k] = v
		}
	}
	id.References = refs
	if field == "password" {
		id.Password = Identity{}.Password
	}
	return id
}

func (in *Intake) object(o Object, conflicts *[]string, file string) {
	for i := range in.Objects {
		have := &in.Objects[i]
		if have.Name != o.Name {
			continue
		}
		if have.Read != "" && o.Read != "" && have.Read != o.Read || have.Create != "" && o.Create != "" && have.Create != o.Create {
			*conflicts = append(*conflicts, fmt.Sprintf("%s describes %s otherwise than a file before it: the first is taken", file, o.Name))
			return
		}
		ids := map[string]string{}
		for _, from := range []map[string]string{o.IDs, have.IDs} {
			for t, id := range from {
				ids[t] = id
			}
		}
		have.IDs = ids
		if have.Create == "" {
			have.Create, have.Body, have.ID = o.Create, o.Body, o.ID
		}
		return
	}
	in.Objects = append(in.Objects, o)
}

func appendNew(to, from []string) []string {
	have := map[string]bool{}
	for _, s := range to {
		have[s] = true
	}
	for _, s := range from {
		if !have[s] {
			to = append(to, s)
		}
		have[s] = true
	}
	return to
}

func sameSignIn(a, b *SignIn) bool {
	x, err := json.Marshal(a)
	y, other := json.Marshal(b)
	return err == nil && other == nil && string(x) == string(y)
}

// name says which sign-in it is.
func (s *SignIn) name() string {
	if s.Basic {
		return "HTTP basic authentication"
	}
	request, _, _ := strings.Cut(s.Request, "?")
	return request
}

// rename gives secrets other names wherever a text refers to them.
func (in *Intake) rename(names map[string]string) *Intake {
	out := *in
	swap := func(s string) string {
		for old, to := range names {
			if old != to {
				s = strings.ReplaceAll(s, "${secret:"+old+"}", "${secret:"+to+"}")
			}
		}
		return s
	}
	put := func(_, value string) any { return swap(value) }
	if in.SignIn != nil {
		s := *in.SignIn
		if s.JSON != nil {
			s.JSON, _ = replaced("", s.JSON, put, 0).(map[string]any)
		}
		s.Form, s.Headers = mapped(s.Form, swap), mapped(s.Headers, swap)
		if s.OAuth2 != nil {
			o := *s.OAuth2
			o.ClientSecret = swap(o.ClientSecret)
			s.OAuth2 = &o
		}
		out.SignIn = &s
	}
	out.Objects = nil
	for _, o := range in.Objects {
		if o.Body != nil {
			o.Body, _ = replaced("", o.Body, put, 0).(map[string]any)
		}
		out.Objects = append(out.Objects, o)
	}
	return &out
}

func mapped(m map[string]string, f func(string) string) map[string]string {
	if m == nil {
		return nil
	}
	out := make(map[string]string, len(m))
	for k, v := range m {
		out[k] = f(v)
	}
	return out
}

// Taken says what a file gave, in a few words each.
func (in *Intake) Taken() []string {
	var out []string
	add := func(n int, one, many string) {
		switch {
		case n == 1:
			out = append(out, "1 "+one)
		case n > 1:
			out = append(out, fmt.Sprintf("%d %s", n, many))
		}
	}
	if in.Target != "" {
		out = append(out, "target "+in.Target)
	}
	if in.Spec != "" {
		out = append(out, "the API's description")
	}
	add(len(in.Routes), "route", "routes")
	if in.SignIn != nil {
		out = append(out, "sign-in by "+in.SignIn.name())
	}
	if n := len(in.Identities); n > 0 {
		var names []string
		for i := range in.Identities {
			names = append(names, clip(in.Identities[i].Name))
		}
		add(n, "identity ("+names[0]+")", "identities ("+sentence(names)+")")
	}
	add(len(in.Objects), "kind of object", "kinds of objects")
	add(len(in.Public)+len(in.Admin)+len(in.Shared), "rule of access", "rules of access")
	return out
}

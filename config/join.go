package config

import (
	"slices"
	"strings"
)

// Join adds what another configuration knows of the same target: identities that
// are other users, their tenants, and a way to sign in where there is none. It
// returns the names of the identities that were added.
func (c *Config) Join(o *Config) []string {
	if c.SignIn == nil {
		c.SignIn = o.SignIn
	}
	if c.WhoAmI.IsZero() {
		c.WhoAmI = o.WhoAmI
	}
	if c.Target.Spec.Path == "" && len(c.Target.Spec.Routes) == 0 {
		c.Target.Spec = o.Target.Spec
	}
	var added []string
	for _, e := range o.Identities {
		if slices.ContainsFunc(c.Identities, func(have Entry[Identity]) bool { return sameUser(&have.Value, &e.Value) }) {
			continue
		}
		e.Value.Tenant = c.tenantLike(&e.Value)
		if c.Tenants.Get(e.Value.Tenant) == nil {
			c.Tenants = append(c.Tenants, Entry[Tenant]{Name: e.Value.Tenant})
		}
		for c.Identities.Get(e.Name) != nil {
			e.Name += "_2"
		}
		if !c.WhoAmI.IsZero() {
			e.Value.WhoAmI = c.WhoAmI
		}
		c.Identities = append(c.Identities, e)
		c.doc.from["identities."+e.Name] = o.File
		added = append(added, e.Name)
	}
	return added
}

func sameUser(a, b *Identity) bool {
	return a.User != "" && strings.EqualFold(a.User, b.User) || !a.Token.IsZero() && a.Token.Reveal() == b.Token.Reveal()
}

// tenantLike is the tenant that an identity of another file belongs to here: the
// one of its name, or that of a user of the same mail domain.
func (c *Config) tenantLike(id *Identity) string {
	if c.Tenants.Get(id.Tenant) != nil {
		return id.Tenant
	}
	_, domain, _ := strings.Cut(strings.ToLower(id.User), "@")
	for i := range c.Identities {
		if _, d, _ := strings.Cut(strings.ToLower(c.Identities[i].Value.User), "@"); d == domain && d != "" {
			return c.Identities[i].Value.Tenant
		}
	}
	return id.Tenant
}

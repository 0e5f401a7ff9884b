package intake

import (
	"cmp"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/surface/postman"
)

// WithEnvironments puts Postman environments into the collections beside them: a
// collection's address and credentials are variables until then. What is neither
// is given back as it is.
func WithEnvironments(all []*Intake) ([]*Intake, error) {
	var postmen, rest []*Intake
	environments, collections := false, false
	for _, in := range all {
		environments, collections = environments || in.env != nil, collections || in.collection != nil
		if in.env != nil || in.collection != nil {
			postmen = append(postmen, in)
			continue
		}
		rest = append(rest, in)
	}
	if !environments || !collections {
		return all, nil
	}
	one, err := Merge(postmen...)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, in := range postmen {
		names = append(names, in.File)
	}
	one.File = strings.Join(names, " and ")
	return append([]*Intake{one}, rest...), nil
}

// Merge makes one intake of several files' that tell of one target. The first
// that says something wins; identities are gathered, each user once.
func Merge(all ...*Intake) (*Intake, error) {
	var envs []*postman.Environment
	for _, in := range all {
		if in.env != nil {
			envs = append(envs, in.env)
		}
	}
	out := &Intake{}
	var formats []string
	collections := slices.ContainsFunc(all, func(in *Intake) bool { return in.collection != nil })
	for _, in := range all {
		switch {
		case in.collection != nil && len(envs) > 0:
			again := &Intake{Format: in.Format, Product: in.Product, Spec: in.Spec, collection: in.collection}
			if err := again.collect(envs); err != nil {
				return nil, err
			}
			in = again
		case in.env != nil && collections: // what it holds is taken with the collection
			in = &Intake{Format: in.Format, Target: in.Target, Warnings: in.Warnings}
		}
		out.take(in)
		formats = append(formats, in.Format)
	}
	out.Format = strings.Join(slices.Compact(formats), ", ")
	return out, nil
}

// take adds what another file tells.
func (in *Intake) take(more *Intake) {
	in.Product = cmp.Or(in.Product, more.Product)
	in.Target = cmp.Or(in.Target, more.Target)
	in.WhoAmI = cmp.Or(in.WhoAmI, more.WhoAmI)
	if more.Spec != "" && in.Spec != "" && in.Spec != more.Spec {
		in.warn(more.Spec + " describes routes too; those of " + in.Spec + " are asked")
	}
	if in.Spec == "" {
		in.Spec, in.count = more.Spec, more.count
	}
	for _, h := range more.Hosts {
		if !slices.Contains(in.Hosts, h) {
			in.Hosts = append(in.Hosts, h)
		}
	}
	for name, v := range more.Secrets {
		if in.Secrets == nil {
			in.Secrets = map[string]lr.Secret{}
		}
		if _, have := in.Secrets[name]; !have {
			in.Secrets[name] = v
		}
	}
	if in.SignIn == nil {
		in.SignIn = more.SignIn
	}
	for _, w := range more.Warnings {
		in.warn(w)
	}
	in.Routes = append(in.Routes, more.Routes...)
	in.Objects = append(in.Objects, more.Objects...)
	for _, l := range []struct {
		to   *[]string
		from []string
	}{{&in.Public, more.Public}, {&in.Admin, more.Admin}, {&in.Shared, more.Shared}} {
		for _, p := range l.from {
			if !slices.Contains(*l.to, p) {
				*l.to = append(*l.to, p)
			}
		}
	}
	in.people(more.Identities)
}

// people adds identities, each user once and each name once.
func (in *Intake) people(more []Identity) {
	for _, p := range more {
		same := slices.ContainsFunc(in.Identities, func(o Identity) bool {
			return p.User != "" && strings.EqualFold(o.User, p.User) && (o.Tenant == p.Tenant || o.Tenant == "" || p.Tenant == "") ||
				!p.Token.IsZero() && o.Token == p.Token
		})
		if same {
			continue
		}
		for name, n := p.Name, '2'; slices.ContainsFunc(in.Identities, func(o Identity) bool { return o.Name == p.Name }) && n <= '9'; n++ {
			p.Name = name + "_" + string(n)
		}
		in.Identities = append(in.Identities, p)
	}
}

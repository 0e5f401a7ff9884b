package isolation

import (
	"context"
	"strings"

	lr "github.com/launchready/launchready"
)

var dbRole = &lr.Check{
	ID:    "isolation/db-role",
	Title: "The application's role neither passes nor changes the policies",
	Why: "A superuser and a role with BYPASSRLS see every row whatever the policies say, and the owner of a table can switch them off. An injected statement has what the role has. " +
		"Most applications connect as the role that made the tables, because the first migration did.",
	Fix:      "Let the application work as a role of its own, without BYPASSRLS, which owns nothing and has the rights that it needs. Migrations connect as another. `launchready fix rls` writes the role.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{cwe269, asvsCross, {Source: "CWE", ID: "250"}},
	Needs:    lr.Database,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		e, err := estateOf(ctx, t)
		if err != nil {
			return err
		}
		name := e.Tenancy.Role
		r := e.Role(name)
		if r == nil {
			t.Unknown(name, "its attributes could not be read")
			return nil
		}
		text := recorded("role %s: superuser %t, BYPASSRLS %t, member of %s", name, r.Super, r.Bypass, strings.Join(append([]string{"itself"}, r.MemberOf...), ", "))
		switch {
		case r.Super:
			t.Fail(text, name, "the application works as %s, a superuser: no policy holds for it", name)
			return nil
		case r.Bypass:
			t.Fail(text, name, "the application works as %s, which has BYPASSRLS: no policy holds for it", name)
			return nil
		}
		var strong, owned []string
		for i := range e.Roles {
			// Rights are inherited, attributes are not: they take a SET ROLE.
			if o := &e.Roles[i]; (o.Super || o.Bypass) && o.Name != name && e.Is(name, o.Name) {
				strong = append(strong, o.Name)
			}
		}
		for _, tb := range e.Tenanted() {
			if e.Is(name, tb.Owner) {
				owned = append(owned, tb.String())
			}
		}
		switch {
		case len(strong) > 0:
			t.Fail(text, name, "it may become %s, for which no policy holds", strings.Join(strong, ", "))
		case len(owned) > 0:
			for _, tb := range owned {
				text.Records = append(text.Records, name+" owns "+tb)
			}
			t.Fail(text, name, "the application works as %s, which owns %s and can switch row-level security off there", name, short(owned, 5))
		default:
			t.Pass(text, name, "no policy is passed and no table owned")
		}
		return nil
	},
}

// short lists the first few names.
func short(names []string, n int) string {
	if len(names) <= n {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:n], ", ") + " and others"
}

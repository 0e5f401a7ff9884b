package policy

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
)

// blanks wants what a draft could not know to be filled in.
func (j *judge) blanks(p *Policy) {
	type blank struct{ at, value, what string }
	if p.Auth != nil {
		all := []blank{
			{"issuer", p.Auth.Issuer, "who issues the tokens (their claim iss)"},
			{"audience", p.Auth.Audience, "whom the tokens are for (their claim aud)"},
			{"jwks", p.Auth.JWKS, "where the keys are that sign the tokens"},
			{"roles_claim", p.Auth.RolesClaim, "the claim that names the roles, or take the line away"},
			{"tenant_claim", p.Auth.TenantClaim, "the claim that names the tenant, or take the line away"},
		}
		if b := p.Auth.Bearer; b != nil {
			all = append(all, blank{"bearer.whoami", b.WhoAmI, "a path of the application that says who is signed in, or take the line away"},
				blank{"bearer.subject", b.Subject, "the member of its answer that names the user"},
				blank{"bearer.tenant", b.Tenant, "the member that names the tenant, or take the line away"},
				blank{"bearer.roles", b.Roles, "the member that names the roles, or take the line away"})
		}
		for _, b := range all {
			if strings.TrimSpace(b.value) == "" && j.says("auth."+b.at) {
				j.fail("auth."+b.at, "auth.%s is blank: fill in %s", b.at, b.what)
			}
		}
	}
	if p.CORS != nil {
		for i, o := range p.CORS.Origins {
			if o == "" {
				j.fail(fmt.Sprintf("cors.origins[%d]", i), "cors.origins[%d] is blank: fill in the origins of your front ends, as https://app.acme.test, or [] for none", i)
			}
		}
	}
	for i, r := range p.Routes {
		for k, role := range r.Roles {
			if strings.TrimSpace(role) == "" {
				j.fail(fmt.Sprintf("routes[%d].roles[%d]", i, k), "a role of %s is blank: fill in the role that may call it", r.Path)
			}
		}
	}
}

// says reports whether the file has something at a YAML path.
func (j *judge) says(at string) bool {
	path, err := yaml.PathString("$." + at)
	if err != nil {
		return false
	}
	n, err := path.FilterFile(j.file)
	return err == nil && n != nil
}

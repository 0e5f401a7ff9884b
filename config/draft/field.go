package draft

import (
	"fmt"
	"net/url"
	"sort"
	"strings"

	lr "github.com/launchready/launchready"
)

// variableFor tells which variable fills a field of that name.
func variableFor(name string, kind lr.Kind) string {
	n := strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(name))
	switch n {
	case "email", "emailaddress", "mail", "username", "user", "login", "identifier":
		return "$user"
	case "password", "passwd", "pass", "passwordconfirmation", "confirmpassword", "passwordconfirm", "password2", "repeatpassword":
		return "$password"
	}
	if kind != lr.SignUp {
		return ""
	}
	switch n {
	case "company", "companyname", "organization", "organisation", "organizationname", "organisationname", "orgname", "org",
		"workspace", "workspacename", "tenant", "tenantname", "team", "teamname", "account", "accountname":
		return "$tenant"
	case "name", "fullname", "displayname", "firstname", "lastname":
		return "$name"
	case "role":
		return "$role"
	}
	return ""
}

// literal is a value of YAML that satisfies a required field that no variable fills.
func literal(s *lr.Schema) string {
	switch {
	case s == nil:
		return `""`
	case len(s.Enum) > 0:
		return fmt.Sprintf("%q", fmt.Sprint(s.Enum[0]))
	case s.Example != nil && s.Type == "string":
		return fmt.Sprintf("%q", fmt.Sprint(s.Example))
	}
	switch s.Type {
	case "boolean":
		return "true" // terms that must be accepted, mostly
	case "integer", "number":
		return "1"
	case "array":
		return "[]"
	case "object":
		return "{}"
	}
	return `"launchready"`
}

func sorted[T any](m map[string]T) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// form writes a body of application/x-www-form-urlencoded.
func form(values map[string]any) []byte {
	q := url.Values{}
	for k, v := range values {
		q.Set(k, fmt.Sprint(v))
	}
	return []byte(q.Encode())
}

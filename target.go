package launchready

import (
	"net/url"
	"strings"
	"time"
)

// Target is what is audited: a live application, its surface and the accounts
// that the audit plays.
type Target struct {
	Product     string
	Base        *url.URL
	Environment string // "staging", "production", …
	Routes      []*Route
	Accounts    []*Account // in the configuration's order, signed in
	Access      Access
	SignIn      *Route // the route that signs in, when it is known
	// Mailbox reads the mail that the target sent to a user, where the target has
	// a mail catcher: {user} in its path stands for the address. Nil without one.
	Mailbox *Request
	// Provider is the model provider behind the target, where the configuration
	// says how to look at it. Nil where it does not.
	Provider *Provider
	// Webhooks are the routes that take signed events, where the configuration
	// says how they are signed.
	Webhooks []Hook
	Mutate   bool // consent to Writes and Destroys
	Spend    bool // consent to Spends, within the money of the budget
	Load     bool // consent to Loads
	// Normal is the requests a second that the assistant gets on an ordinary day;
	// 0: not told.
	Normal float64

	Material Material
	Secrets  []KeptSecret
	Duty     Duty
	Deploy   Deployment
	Database *DatabaseAccess // nil without one
	Domain   *DomainAccess   // nil without one
	// AskKey is nil without consent to ask providers about keys that were found.
	AskKey AskKey
}

// Tenant is a customer of the audited product.
type Tenant struct {
	Name string // the configuration's name
	ID   string // the application's own id, once it is known
}

// Identity is who an account is.
type Identity struct {
	Name   string // the configuration's name: "acme_member"
	Tenant string // the tenant's name in the configuration
	Role   string // "member", "admin", …
	User   string // login name, usually an e-mail address
}

// Account is an identity with the means to be it.
type Account struct {
	Identity
	TenantID   string // the application's id of the tenant, learned from whoami or the token
	UserID     string // the application's id of the user, likewise
	WhoAmI     *Route // answers who the caller is
	Credential Credential
	// Known holds the values that whoami told of this identity, by field name.
	Known   map[string]string
	Expired Secret // an expired token of this identity, when the configuration has one
	Spare   bool   // made by this run: it may be signed out, disabled or deleted
}

// Credential is what an account sends with each request. Its maps are replaced,
// never changed in place, so a copy of the struct is a snapshot.
type Credential struct {
	Header  map[string]Secret // whole header values: Authorization => "Bearer …"
	Cookie  map[string]Secret
	Query   map[string]Secret
	Token   Secret // the bare token that the places above carry, if there is one
	Refresh Secret
	Expires time.Time // zero: not known
}

// IsZero reports whether nothing would be sent.
func (c Credential) IsZero() bool { return len(c.Header)+len(c.Cookie)+len(c.Query) == 0 }

// WithToken returns the credential with token in every place that carries the
// current one, keeping scheme words around it.
func (c Credential) WithToken(token string) Credential {
	swap := func(in map[string]Secret) map[string]Secret {
		if in == nil {
			return nil
		}
		out := make(map[string]Secret, len(in))
		for k, v := range in {
			s := v.Reveal()
			if !c.Token.IsZero() {
				s = strings.ReplaceAll(s, c.Token.Reveal(), token)
			}
			out[k] = NewSecret(s)
		}
		return out
	}
	c.Header, c.Cookie, c.Query = swap(c.Header), swap(c.Cookie), swap(c.Query)
	c.Token = NewSecret(token)
	return c
}

// Tenants lists the names of the tenants that have an account, in order.
func (t *Target) Tenants() []string {
	var out []string
	seen := map[string]bool{}
	for _, a := range t.Accounts {
		if a.Tenant != "" && !seen[a.Tenant] {
			seen[a.Tenant] = true
			out = append(out, a.Tenant)
		}
	}
	return out
}

// Foreign returns the accounts that belong to another tenant than the owner.
func (t *Target) Foreign(owner *Account) []*Account {
	var out []*Account
	for _, a := range t.Accounts {
		if !a.Spare && a.Tenant != owner.Tenant {
			out = append(out, a)
		}
	}
	return out
}

// PrivilegedRole reports whether a role name is one that usually administers.
func PrivilegedRole(role string) bool {
	switch strings.ToLower(role) {
	case "admin", "owner", "administrator", "superadmin", "super_admin", "root", "manager":
		return true
	}
	return false
}

// Privileged reports whether the account's role administers its tenant.
func (a *Account) Privileged() bool { return PrivilegedRole(a.Role) }

package launchready

import (
	"context"
	"strings"
)

// Row is one line of the scorecard. Its ID is the name of its folder in audit/.
type Row struct {
	ID     string
	Title  string
	Pass   string // when the row passes, in the scorecard's words
	Checks []*Check
}

// Check is one question put to the target, whole on one screen: what must be
// true, why a buyer cares, how to fix it, and the code that asks.
type Check struct {
	ID       string // "auth/no-credential": row and kebab-case name; the file is audit/auth/no_credential.go
	Title    string // what must be true
	Why      string // why it matters to a buyer, Markdown
	Fix      string // the fix path, Markdown
	Guard    string // the guard directive that applies the fix, or ""
	Severity Severity
	Refs     []Ref
	Needs    Need   // lacking => Unknown with the reason
	Effect   Effect // above Reads needs consent
	Last     bool   // asked after all others: it judges what they were answered
	Alone    bool   // nothing else is asked meanwhile, and it comes after the others of its effect: it measures, counts or spoils
	Beside   bool   // asked beside the others of its row: most of its time goes to a browser, a clock or a disk
	Extra    bool   // the row can pass without it; the zero value is required
	// Run asks, and reports outcomes through the trial. An error means that it
	// could not ask; outcomes already reported stand.
	Run func(ctx context.Context, t *Trial) error
}

// RowID is the part of the check's ID before the slash.
func (c *Check) RowID() string {
	row, _, _ := strings.Cut(c.ID, "/")
	return row
}

// Ref names a clause of a standard; the id carries its edition.
type Ref struct {
	Source string `json:"source"` // "OWASP API", "CWE", "ASVS", "MVSP", "RFC"
	ID     string `json:"id"`     // "API2:2023", "306", "v5.0.0-8.2.1"
}

// Need is a set of things a check cannot run without.
type Need uint32

const (
	Routes      Need = 1 << iota // a surface: at least one route
	Credentials                  // at least one signed-in account
	TwoTenants                   // accounts in two tenants
	TwoRoles                     // a privileged and an ordinary account in one tenant
	Chat                         // an assistant that answers
	Domain                       // a domain name
	Repository                   // a source repository
	Logs                         // files that the application writes
	Database                     // a database URL
	Callback                     // a listener that the target can reach
	Owner                        // what the owner states: who is on duty, how a release is made, the secrets map
	Changes                      // consent to change things, beside the consent that the effect needs
)

// Effect is the most a check does to the target. Checks run in this order.
type Effect uint8

const (
	Reads    Effect = iota // reads, and creates objects as their owner
	Writes                 // tries to change objects that this run created
	Destroys               // tries to delete them, or ends sessions of spare identities
	Spends                 // asks the model, which spends the owner's money
	Loads                  // sends bursts
)

var effectNames = [...]string{"reads", "writes", "destroys", "spends", "loads"}

func (e Effect) String() string {
	if int(e) < len(effectNames) {
		return effectNames[e]
	}
	return "effect?"
}

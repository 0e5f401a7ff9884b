// Package ownership knows whose each object of the application is, and lets no
// tenant reach another's.
//
// What is known comes from strong evidence only: the answer to a create, an
// answer that names the tenant, a list that was imported, or an address of the
// application that says it. A plain read teaches nothing: who guesses an id and
// is answered by a leaking application must not become its owner.
package ownership

import (
	"context"
	"errors"
	"strings"
)

// Shared is the tenant of objects that everybody may read and nobody change.
const Shared = "*"

// Object is one object, by its canonical id.
type Object struct{ Kind, ID string }

// Owner is whose an object is. The zero value is nobody.
type Owner struct {
	Tenant string
	Gone   bool // deleted; its id stays its owner's
}

// Claim is an object and whose it is said to be.
type Claim struct {
	Object
	Tenant string
}

// Store remembers. It is safe for concurrent use. What it cannot tell is an
// error and never the zero Owner: guard then answers 503.
type Store interface {
	// Owner of an object; the zero value where nobody is known.
	Owner(ctx context.Context, o Object) (Owner, error)
	// Claim inserts what is nobody's, all in one step, and gives who has each
	// afterwards. What another has stays with it. What the same tenant deleted is
	// its own again.
	Claim(ctx context.Context, claims []Claim) ([]Owner, error)
	// Bury marks the tenant's object as deleted, and keeps whose it was.
	Bury(ctx context.Context, o Object, tenant string) error
	// Move gives an object to a tenant, whoever had it: for the operator alone.
	Move(ctx context.Context, c Claim) error
	// Count tells how many objects of a kind a tenant has that are not deleted.
	Count(ctx context.Context, kind, tenant string) (int, error)
	// Close ends it.
	Close() error
}

// Longest is how many bytes an id may have. A longer one names nothing.
const Longest = 256

// ErrFull says that a store takes no more.
var ErrFull = errors.New("the store of owners is full")

// Canonical is the one spelling of an id by which it is known: of a number
// without zeros before it, of a UUID in lower case, of another as it stands, or
// in lower case where the kind's ids ignore case.
func Canonical(id string, fold bool) string {
	digits := id != ""
	for i := 0; i < len(id) && digits; i++ {
		digits = id[i] >= '0' && id[i] <= '9'
	}
	switch {
	case digits && id[0] == '0':
		if id = strings.TrimLeft(id, "0"); id == "" {
			return "0"
		}
		return id
	case fold || uuid(id):
		return strings.ToLower(id)
	}
	return id
}

func uuid(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := 0; i < len(s); i++ {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (s[i] == '-') || !dash && !hex(s[i]) {
			return false
		}
	}
	return true
}

func hex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

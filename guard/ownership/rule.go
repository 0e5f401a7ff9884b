package ownership

import (
	"slices"
	"strings"
	"time"
)

// Unknown says what becomes of an object that nobody is known to own.
type Unknown string

// What may become of it. Deny is what the zero value means.
const (
	Deny    Unknown = "deny"
	Verify  Unknown = "verify"  // reads go on, and the answer must name the caller's tenant; writes are refused
	Resolve Unknown = "resolve" // the application is asked whose it is
	Allow   Unknown = "allow"   // for routes that are being observed
)

// Ref is a parameter of the path or the query that holds an id.
type Ref struct{ Name, Kind string }

// Field is a value of JSON that holds an id, or a number of objects.
type Field struct {
	Path Path
	Kind string
}

// Create tells where the answer to a create names what was made.
type Create struct {
	Kind     string
	ID       Path
	Location bool // the last segment of the header Location instead
}

// List tells where an answer holds several objects: a list, or the lines of a stream.
type List struct {
	Items  Path   // of the lists
	Kind   string // of every item
	KindAt *Path  // or where an item says it
	ID     *Path  // within an item; nil: the tenant alone tells
	Tenant []Path // within an item
	Drop   []Path // of the document: null where an item was removed

	Optional bool // an answer without the list holds no objects
}

// Messages tells what the messages of a WebSocket or the events of a stream name.
type Messages struct {
	IDs    []Field
	Tenant []Path
	Socket bool
	Opaque bool // what is no JSON passes

	Origins []string      // of pages that may open it, beside its own host's; lower case
	Rate    int           // messages of a user in Window, over all connections; 0: any number
	Window  time.Duration // of Rate
}

// Rule is what is known of one route of the policy.
type Rule struct {
	Methods     []string // none: all
	Path, Query []Ref
	Body        []Field
	Tenant      []Path // of the answer
	Creates     []Create
	List        *List
	More        []*List // other lists of the same answer
	Messages    *Messages
	Deletes     string  // the parameter of the path whose object a success ends
	Counts      []Field // of the answer: no more than the tenant has
	Unknown     Unknown
	Proven      bool // the audit has shown that reads are isolated: they teach
	Max         int  // bytes of an answer that is looked at; 0: 4 MiB

	loose []Ref // names of the query, and of the body's root that the query has no own one for
}

// loosen notes the names that many frameworks read of the query and of the body
// alike, whichever of the two the policy names.
func (r *Rule) loosen() {
	r.loose = slices.Clone(r.Query)
	for _, f := range r.Body {
		name, ok := f.Path.root()
		if ok && !slices.ContainsFunc(r.loose, func(p Ref) bool { return strings.EqualFold(p.Name, name) }) {
			r.loose = append(r.loose, Ref{name, f.Kind})
		}
	}
}

func (r *Rule) covers(method string) bool {
	return len(r.Methods) == 0 || slices.Contains(r.Methods, method) || method == "HEAD" && slices.Contains(r.Methods, "GET")
}

// covering is the rule of a method. One that no rule can name, as PURGE, is judged as
// one that reads, or else by the first rule: it comes where the policy's route names no
// methods, and what the application makes of it is not known.
func covering(all []*Rule, method string) *Rule {
	for _, r := range all {
		if r.covers(method) {
			return r
		}
	}
	switch method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
		return nil
	}
	if r := covering(all, "GET"); r != nil {
		return r
	}
	if len(all) > 0 {
		return all[0]
	}
	return nil
}

// looks reports that the answer has to be looked at.
func (r *Rule) looks() bool {
	return len(r.Tenant) > 0 || len(r.Creates) > 0 || r.List != nil || len(r.Counts) > 0 || r.Messages != nil || r.Unknown == Verify || r.Proven
}

// judges reports that parts of a stream have to be told from another's.
func (r *Rule) judges() bool { return r.List != nil || r.Messages != nil || len(r.Tenant) > 0 }

func (r *Rule) max() int {
	if r.Max > 0 {
		return r.Max
	}
	return 4 << 20
}

func safe(method string) bool { return method == "GET" || method == "HEAD" || method == "OPTIONS" }

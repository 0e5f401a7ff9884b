// Package code turns source files of several languages into one plain tree.
//
// JavaScript and TypeScript are stripped of types by esbuild and parsed by
// tdewolff's parser, Go is parsed by go/parser, Python by a tolerant parser of
// this package. What all of them say alike (a call, a string, a function, a
// decorator) has one form here, so that who reads routes or environment variables
// reads every language with the same code. The tree keeps what tells routes,
// guards and reads; it is no compiler's tree.
package code

// Kind says what a Node is.
type Kind uint8

// The kinds. What is not understood is Other and keeps its children.
const (
	Other    Kind = iota // List holds whatever was inside
	Name                 // Text
	String               // Text, decoded
	Number               // Text
	Constant             // true, false, null, None, nil
	Template             // List of String and expressions, to be joined
	Member               // X . Text
	Index                // X [ Y ]
	Call                 // X ( List ); a named argument is a Pair
	New                  // new X ( List )
	Func                 // Text name ("" of a lambda), List of Param, Body; Decorators; Owner of a Go method
	Param                // Text, X default, Y annotation (Python, Go) or pattern (JavaScript)
	Class                // Text, List of bases, Body of Func and Assign, Decorators
	Array                // List
	Object               // List of Pair and Spread; X is the type of a Go literal
	Pair                 // Text key (or X where it is computed), Y value
	Spread               // X
	Binary               // X Text Y
	Unary                // Text X
	Cond                 // X ? List[0] : List[1]
	Assign               // X = Y; Text is the operator, or let, const, var, field
	If                   // X, Body, Else
	Loop                 // Y takes each of X; Body
	Switch               // X, List of Case
	Case                 // List of conditions, Body
	Try                  // Body, Else holds the handlers
	With                 // List, Body
	Return               // X
	Throw                // X
	Block                // Body
	Import               // Text module, List of Pair: Text local name, Y String of what is imported ("*" the whole)
	Export               // Text module or "", List of Pair: Text exported name, Y value; Body one declaration
)

// Node is a statement or an expression.
type Node struct {
	Kind       Kind
	Text       string
	Line       int // 1 is the first
	X, Y       *Node
	List       []*Node
	Body       []*Node
	Else       []*Node
	Decorators []*Node
	Owner      string // the receiver's type of a Go method
	Alias      string // the receiver's name of a Go method
}

// File is a parsed file.
type File struct {
	Path     string // slash-separated, below the folder that was read
	Language Language
	Package  string // Go: its package clause
	Body     []*Node
	Bytes    int
}

// Language of a file.
type Language string

// The languages that Parse reads.
const (
	Script Language = "javascript" // TypeScript too
	Python Language = "python"
	Golang Language = "go"
)

// Walk calls visit for n and everything below it, parents first, until visit
// answers false, which leaves out what is below that node.
func (n *Node) Walk(visit func(*Node) bool) {
	if n == nil || !visit(n) {
		return
	}
	n.X.Walk(visit)
	n.Y.Walk(visit)
	for _, list := range [...][]*Node{n.Decorators, n.List, n.Body, n.Else} {
		for _, c := range list {
			c.Walk(visit)
		}
	}
}

// Walk calls visit for every node of the file.
func (f *File) Walk(visit func(*Node) bool) {
	for _, n := range f.Body {
		n.Walk(visit)
	}
}

// Dotted is the name of a chain of members, "process.env.HOME", and "" for
// anything else. Calls in the chain are left out: "passport.authenticate" of
// passport.authenticate("jwt").
func (n *Node) Dotted() string {
	if n == nil {
		return ""
	}
	switch n.Kind {
	case Name:
		return n.Text
	case Call, New:
		return n.X.Dotted()
	case Member:
		if left := n.X.Dotted(); left != "" {
			return left + "." + n.Text
		}
	}
	return ""
}

// Last is the last name of a chain of members: "authenticate" of
// passport.authenticate("jwt"), whatever stands left of it.
func (n *Node) Last() string {
	if n == nil {
		return ""
	}
	switch n.Kind {
	case Name, Member:
		return n.Text
	case Call, New:
		return n.X.Last()
	}
	return ""
}

// Arg is the i-th argument without a name, or nil.
func (n *Node) Arg(i int) *Node {
	if n == nil {
		return nil
	}
	for _, a := range n.List {
		if a.Kind == Pair {
			continue
		}
		if i == 0 {
			return a
		}
		i--
	}
	return nil
}

// Named is the argument or property of that name, or nil.
func (n *Node) Named(key string) *Node {
	if n == nil {
		return nil
	}
	for _, a := range n.List {
		if a.Kind == Pair && a.Text == key && a.X == nil {
			return a.Y
		}
	}
	return nil
}

// Is reports whether n is of the kind; a nil node is of none.
func (n *Node) Is(k Kind) bool { return n != nil && n.Kind == k }

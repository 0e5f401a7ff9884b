package launchready

// Hook is a route by which another system tells the target of events, and how
// that system signs them.
type Hook struct {
	Name    string // the configuration's name
	Request Request
	Route   *Route // nil where the description does not name it
	Secret  Secret // zero: not known, so that nothing can be signed
	Header  string // field that carries the signature; "" is the scheme's own
	Scheme  string // "stripe", "github", "slack", "standard", "hex" or "base64"
	Body    any    // JSON of an event; $id in its texts is a fresh id
	// Read shows events that were taken, asked as an account of the tenant that
	// the event is for. Nil where nothing does.
	Read   *Request
	Tenant string
}

// Subject is the route as findings name it.
func (w *Hook) Subject() string { return w.Request.Method + " " + w.Request.Path }

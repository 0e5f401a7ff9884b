package surface

import (
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

const (
	maxSchemaDepth = 6    // levels of nesting kept in a schema
	maxSchemaNodes = 200  // in one schema of an operation
	maxSchemaFlat  = 4000 // members of a flat schema; also ends allOf that holds itself through a YAML alias
	maxAlternative = 8    // members of oneOf and anyOf kept
	// maxSchemaTotal bounds all schemas of a surface; past it they are kept flat.
	maxSchemaTotal = 100_000
)

// schemaBuilder turns schema nodes into lr.Schema values. Recursion is cut
// where a schema meets itself; size is bounded by trying lesser depths, so
// that the members near the top, which building a request needs, survive.
type schemaBuilder struct {
	r      *reader
	cache  map[string]*lr.Schema
	total  int
	count  int // nodes of the attempt under way
	limit  int // depth of the attempt under way
	active map[string]bool
}

func newSchemaBuilder(r *reader) *schemaBuilder {
	return &schemaBuilder{r: r, cache: map[string]*lr.Schema{}, active: map[string]bool{}}
}

// build gives the schema of a node that may be a reference. Operations that
// name the same component share the result: nobody may change it.
func (b *schemaBuilder) build(n node) *lr.Schema {
	if n.isNil() {
		return nil
	}
	key := ""
	if ref, ok := refOf(n); ok {
		if _, k, problem := b.r.target(n.doc, ref); problem == "" {
			if s, ok := b.cache[k]; ok {
				return s
			}
			key = k
		}
	}
	depths := []int{maxSchemaDepth, 4, 3, 2, 1}
	if b.total > maxSchemaTotal {
		depths = []int{1}
	}
	var out *lr.Schema
	for _, d := range depths {
		b.count, b.limit = 0, d
		clear(b.active)
		out = b.schema(n, 0)
		if b.count <= maxSchemaNodes {
			break
		}
	}
	b.total += b.count
	if key != "" {
		b.cache[key] = out
	}
	return out
}

// schema builds one level. A depth of limit gives type and constraints alone.
func (b *schemaBuilder) schema(n node, depth int) *lr.Schema {
	b.count++
	out := &lr.Schema{}
	if b.count > maxSchemaNodes && b.limit > 1 || b.count > maxSchemaFlat {
		return out // this attempt failed; do not finish it
	}
	var entered []string
	defer func() {
		for _, k := range entered {
			delete(b.active, k)
		}
	}()
	for hops := 0; ; hops++ {
		ref, ok := refOf(n)
		if !ok {
			break
		}
		next, key, problem := b.r.target(n.doc, ref)
		if problem != "" {
			b.r.warn("reference %s cannot be resolved: %s; any value is taken to be allowed", ref, problem)
			return out
		}
		if b.active[key] || hops > maxHops {
			out.Description = "recursive"
			return out // the schema meets itself
		}
		b.active[key] = true
		entered = append(entered, key)
		n = next
	}
	if n.object() == nil {
		if _, boolean := n.v.(bool); !boolean && n.v != nil {
			b.r.warn("a schema is %s, not an object; any value is taken to be allowed", kindOf(n.v))
		}
		return out
	}
	b.constraints(out, n)
	if depth <= b.limit {
		b.members(out, n, depth)
		b.combine(out, n, depth)
	}
	return out
}

// members fills Properties, Required and Items.
func (b *schemaBuilder) members(out *lr.Schema, n node, depth int) {
	m := n.object()
	for _, v := range (node{m["required"], n.doc}).list() {
		if s, ok := v.(string); ok && !slices.Contains(out.Required, s) {
			out.Required = append(out.Required, s)
		}
	}
	props := b.r.get(n, "properties")
	if props.object() != nil && depth < b.limit {
		if out.Properties == nil {
			out.Properties = make(map[string]*lr.Schema, len(props.object()))
		}
		for _, name := range props.keys() {
			if b.count > maxSchemaNodes && b.limit > 1 {
				return
			}
			p := node{props.object()[name], props.doc}
			out.Properties[name] = b.schema(p, depth+1)
			// JSON Schema draft 3 put "required: true" on the property.
			if req, ok := p.object()["required"].(bool); ok && req && !slices.Contains(out.Required, name) {
				out.Required = append(out.Required, name)
			}
		}
	}
	if out.Type == "" && (props.object() != nil) {
		out.Type = "object"
	}
	items, ok := m["items"]
	if list, tuple := items.([]any); tuple {
		if ok = len(list) > 0; ok {
			items = list[0]
		}
	}
	if ok && items != nil {
		if out.Type == "" {
			out.Type = "array"
		}
		if depth < b.limit {
			out.Items = b.schema(node{items, n.doc}, depth+1)
		}
	}
}

// combine folds allOf into the schema and keeps the alternatives of oneOf and
// anyOf, without those that only say "or null".
func (b *schemaBuilder) combine(out *lr.Schema, n node, depth int) {
	for _, v := range (node{n.object()["allOf"], n.doc}).list() {
		mergeInto(out, b.schema(node{v, n.doc}, depth))
	}
	var alts []*lr.Schema
	for _, word := range []string{"oneOf", "anyOf"} {
		list := (node{n.object()[word], n.doc}).list()
		for i, v := range list {
			if i >= maxAlternative {
				break
			}
			s := b.schema(node{v, n.doc}, depth)
			if s.Type == "null" {
				out.Nullable = true
				continue
			}
			alts = append(alts, s)
		}
	}
	if len(alts) == 1 {
		mergeInto(out, alts[0])
		return
	}
	out.OneOf = append(out.OneOf, alts...)
}

// mergeInto adds what from says and into leaves open.
func mergeInto(into, from *lr.Schema) {
	if into.Type == "" {
		into.Type = from.Type
	}
	if into.Format == "" {
		into.Format = from.Format
	}
	if into.Description == "" {
		into.Description = from.Description
	}
	if into.Pattern == "" {
		into.Pattern = from.Pattern
	}
	if into.Example == nil {
		into.Example = from.Example
	}
	if into.Default == nil {
		into.Default = from.Default
	}
	if into.Const == nil {
		into.Const = from.Const
	}
	if into.Enum == nil {
		into.Enum = from.Enum
	}
	if into.Items == nil {
		into.Items = from.Items
	}
	if into.Minimum == nil {
		into.Minimum = from.Minimum
	}
	if into.Maximum == nil {
		into.Maximum = from.Maximum
	}
	into.MinLength = max(into.MinLength, from.MinLength)
	into.MinItems = max(into.MinItems, from.MinItems)
	if into.MaxLength == 0 {
		into.MaxLength = from.MaxLength
	}
	if into.MaxItems == 0 {
		into.MaxItems = from.MaxItems
	}
	for _, name := range from.Required {
		if !slices.Contains(into.Required, name) {
			into.Required = append(into.Required, name)
		}
	}
	if len(from.Properties) > 0 && into.Properties == nil {
		into.Properties = make(map[string]*lr.Schema, len(from.Properties))
	}
	for name, s := range from.Properties {
		if _, have := into.Properties[name]; !have {
			into.Properties[name] = s
		}
	}
	into.Nullable = into.Nullable || from.Nullable
	into.ReadOnly = into.ReadOnly || from.ReadOnly
	into.WriteOnly = into.WriteOnly || from.WriteOnly
	into.Closed = into.Closed || from.Closed
	into.Open = into.Open || from.Open
	into.Unique = into.Unique || from.Unique
	into.Mixed = into.Mixed || from.Mixed
	if into.MultipleOf == 0 {
		into.MultipleOf = from.MultipleOf
	}
	if len(into.OneOf) == 0 {
		into.OneOf = from.OneOf
	}
}

func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "a string"
	case float64:
		return "a number"
	case bool:
		return "a boolean"
	case []any:
		return "a list"
	}
	return "an object"
}

// shorten keeps descriptions to what an inference may need.
func shorten(s string) string {
	s = strings.TrimSpace(s)
	if len(s) <= 160 {
		return s
	}
	return strings.ToValidUTF8(s[:160], "")
}

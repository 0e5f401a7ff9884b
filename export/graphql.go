package export

import (
	"encoding/json"
	"fmt"
	"regexp"

	lr "github.com/launchready/launchready"
)

// introspected: nobody reads the schema.
func (g *regression) introspected(seen []lr.EvidenceItem) string {
	e := seen[0]
	who, fine := g.caller(e)
	p, ok := g.from(e)
	asker := g.o.A.Name
	if who != "" {
		asker = who
	}
	asker = variableOf(asker)
	if !fine || !ok || p.secret() || !variableName(asker) {
		return unsent
	}
	alive := p
	alive.body = set(p.body, map[string]any{"query": "{ __typename }"})
	if alive.body == "" {
		return unsent
	}
	g.again("GraphQL answers here. Else a refusal tells nothing, and this is red.", asker, alive, nil, []string{"[Asserts]", "status == 200", `body contains "__typename"`})
	g.again(nobody(who)+" asks for the schema.", who, p, nil, []string{"[Asserts]", "status < 500", "status != 429", "body not matches " + hurlText(`"queryType"\s*:\s*\{|"types"\s*:\s*\[\s*\{`)})
	return ""
}

var aliased = regexp.MustCompile(`\blr([0-9]+)\s*:`)

// batched: one request does not ask the same many times over.
func (g *regression) batched(seen []lr.EvidenceItem) string {
	sent := 0
	for _, e := range seen {
		who, fine := g.caller(e)
		p, ok := g.from(e)
		if !fine || !ok || p.secret() {
			return unsent
		}
		var list []json.RawMessage
		var single, form string
		switch names := aliased.FindAllStringSubmatch(p.body, -1); {
		case json.Unmarshal([]byte(p.body), &list) == nil && len(list) > 1:
			single = string(list[0])
			form = fmt.Sprintf(`(?s)("data"\s*:\s*\{.*){%d}`, len(list))
		case len(names) > 1:
			single = set(p.body, map[string]any{"query": "{ __typename }"})
			form = `"lr` + names[len(names)-1][1] + `"\s*:\s*[^n\s]` // and not null
		default:
			continue
		}
		if sent == 0 {
			one := p
			one.body = single
			g.again("One operation is answered. Else a refusal tells nothing, and this is red.", who, one, nil, []string{"[Asserts]", "status == 200", "body matches " + hurlText(`"data"\s*:\s*\{`)})
		}
		g.again("Many are not: "+e.Note, who, p, nil, []string{"[Asserts]", "status < 500", "status != 429", "body not matches " + hurlText(form)})
		sent++
	}
	if sent == 0 {
		return unclear
	}
	return ""
}

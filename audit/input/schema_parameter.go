package input

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"sync"
	"unicode/utf8"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// lengthOf says how large a value is.
func lengthOf(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("%d characters", utf8.RuneCountInString(v))
	case []any:
		return fmt.Sprintf("%d elements", len(v))
	}
	return "JSON"
}

// parameterBreaches puts the breaches of the keywords to the parameters of
// queries. What a reading parameter breaks is refused, or has no effect: nothing
// is kept of it. Only a list that holds more than its bound allows is one. It
// reports whether anything was asked.
func parameterBreaches(ctx context.Context, t *lr.Trial, ks keywords, cover *coverage) (bool, error) {
	doors, err := doorsOf(ctx, t)
	if err != nil {
		return false, err
	}
	var mu sync.Mutex
	asked := false
	err = oracle.Each(ctx, doors, func(ctx context.Context, d *door) error {
		if !d.route.Safe() || len(d.route.Params) == 0 || d.route.Kind == lr.Download { // a signed link refuses whatever was not signed
			return nil
		}
		c := &tally{}
		for _, p := range parameterCases(t, d, ks) {
			r := d.base.Clone()
			if p.absent {
				dropQuery(r, p.name)
			} else {
				setQuery(r, p.name, p.value)
			}
			x, err := c.send(ctx, t, d, r, p.keyword+" of the parameter "+p.name+" broken")
			if err != nil {
				return ended(ctx, err)
			}
			told := true
			switch {
			case refusal(x):
				c.refused++
			case x.OK() && p.most > 0 && longest(x) > p.most:
				c.wrongs = append(c.wrongs, wrong{say: fmt.Sprintf("%s=%s gives %d entries, and the description allows %d", p.name, p.value, longest(x), p.most), xs: []*lr.Exchange{x}})
			case x.OK():
				c.idle++
			default:
				told = false
			}
			cover.count(p.keyword, told)
		}
		if c.n == 0 {
			return nil
		}
		mu.Lock()
		asked = true
		mu.Unlock()
		c.report(t, &maker{door: d}, nil)
		return nil
	})
	return asked, err
}

// parameterCase is one parameter with a value that its schema forbids.
type parameterCase struct {
	keyword, name, value string
	absent               bool
	most                 int // entries that the bound allows; 0 does not tell
}

func parameterCases(t *lr.Trial, d *door, ks keywords) []parameterCase {
	var out []parameterCase
	add := func(c parameterCase) {
		if ks[c.keyword] {
			out = append(out, c)
		}
	}
	for _, p := range d.route.Params {
		s := p.Schema
		if p.In != lr.InQuery || s == nil || credentialName(p.Name) {
			continue
		}
		if p.Required {
			add(parameterCase{keyword: "required", name: p.Name, absent: true})
		}
		switch s.Type {
		case "integer", "number", "boolean":
			add(parameterCase{keyword: "type", name: p.Name, value: word(t)})
		}
		for _, b := range append(bounded(t, s, nil, p.Required), formatted(t, s, nil)...) {
			c := parameterCase{keyword: b.keyword, name: p.Name}
			switch v := b.value.(type) {
			case string:
				c.value = v
			case float64:
				c.value = strconv.FormatFloat(v, 'f', -1, 64)
				if b.keyword == "maximum" && counts(p.Name) {
					c.most = int(v) - 1
				}
			default:
				continue
			}
			if len(c.value) < 4096 {
				add(c)
			}
		}
	}
	return out
}

// counts reports a parameter that says how many entries a list gives.
func counts(name string) bool {
	switch name {
	case "limit", "per_page", "perPage", "page_size", "pageSize", "size", "count", "first", "top", "take":
		return true
	}
	return false
}

func dropQuery(r *lr.Request, name string) {
	u, err := url.Parse(r.Path)
	if err != nil {
		return
	}
	q := u.Query()
	q.Del(name)
	u.RawQuery = q.Encode()
	r.Path = u.RequestURI()
}

// longest is how many elements the longest list of a reply has, near its top.
func longest(x *lr.Exchange) int {
	var v any
	if json.Unmarshal(x.Body, &v) != nil {
		return 0
	}
	return listLength(v, 0)
}

func listLength(v any, depth int) int {
	n := 0
	switch v := v.(type) {
	case []any:
		n = len(v)
	case map[string]any:
		for _, e := range v {
			if depth < 3 {
				n = max(n, listLength(e, depth+1))
			}
		}
	}
	return n
}

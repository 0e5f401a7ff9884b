package ownership

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Import is a list of objects and whose they are, of which a store learns.
type Import struct {
	Store Store
	Fold  map[string]bool // kinds whose ids ignore case
	Move  bool            // what another tenant has goes over; else it stays
}

// Imported is what became of a list.
type Imported struct {
	Objects  int
	Conflict int      // of them another tenant's
	Lines    []string // the places of the first of those
}

const (
	batch     = 1000
	conflicts = 10
)

// CSV reads a table whose first line names its columns: kind, id and tenant, in
// any order and among others.
func (m Import) CSV(ctx context.Context, r io.Reader) (Imported, error) {
	c := csv.NewReader(r)
	c.ReuseRecord = true
	head, err := c.Read()
	if err != nil {
		return Imported{}, fmt.Errorf("line 1: read the names of the columns kind, id and tenant: %w", err)
	}
	if len(head) > 0 {
		head[0] = strings.TrimPrefix(head[0], "\ufeff")
	}
	at := [3]int{slices.Index(head, "kind"), slices.Index(head, "id"), slices.Index(head, "tenant")}
	for i, n := range []string{"kind", "id", "tenant"} {
		if at[i] < 0 {
			return Imported{}, fmt.Errorf("line 1: there is no column %s", n)
		}
	}
	return m.take(ctx, func() (Claim, int, error) {
		row, err := c.Read()
		if err != nil {
			var p *csv.ParseError
			if errors.As(err, &p) {
				return Claim{}, p.Line, p.Err
			}
			return Claim{}, 0, err
		}
		line, _ := c.FieldPos(0)
		// The record is used again: what stays is copied.
		return Claim{Object{strings.Clone(row[at[0]]), strings.Clone(row[at[1]])}, strings.Clone(row[at[2]])}, line, nil
	})
}

// JSONLines reads one object a line: {"kind": …, "id": …, "tenant": …}.
func (m Import) JSONLines(ctx context.Context, r io.Reader) (Imported, error) {
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20)
	line := 0
	return m.take(ctx, func() (Claim, int, error) {
		for s.Scan() {
			line++
			if strings.TrimSpace(s.Text()) == "" {
				continue
			}
			var v struct {
				Kind   string          `json:"kind"`
				ID     json.RawMessage `json:"id"`
				Tenant string          `json:"tenant"`
			}
			if json.Unmarshal(s.Bytes(), &v) != nil {
				return Claim{}, line, errors.New(`it is not {"kind": …, "id": …, "tenant": …}`)
			}
			id := string(v.ID)
			if strings.HasPrefix(id, `"`) {
				_ = json.Unmarshal(v.ID, &id) // it is a string, as has been read
			} else if id == "null" || strings.ContainsAny(id, "{}[]") {
				return Claim{}, line, errors.New("the id is neither a text nor a number")
			}
			return Claim{Object{v.Kind, id}, v.Tenant}, line, nil
		}
		if err := s.Err(); err != nil {
			return Claim{}, line + 1, err
		}
		return Claim{}, line, io.EOF
	})
}

// take records what next gives, many at once. A mistake ends it; what stood before
// it may be recorded already, which a second try does not mind.
func (m Import) take(ctx context.Context, next func() (Claim, int, error)) (out Imported, err error) {
	var claims []Claim
	var lines []int
	flush := func() error {
		if m.Move {
			for i, c := range claims {
				if err := m.Store.Move(ctx, c); err != nil {
					return fmt.Errorf("line %d: %w", lines[i], err)
				}
			}
		} else if len(claims) > 0 {
			is, err := m.Store.Claim(ctx, claims)
			if err != nil {
				return err
			}
			for i, o := range is {
				if o.Tenant == claims[i].Tenant {
					continue
				}
				if out.Conflict++; len(out.Lines) < conflicts {
					out.Lines = append(out.Lines, fmt.Sprintf("line %d: the %s is another tenant's", lines[i], claims[i].Kind))
				}
			}
		}
		out.Objects += len(claims)
		claims, lines = claims[:0], lines[:0]
		return nil
	}
	for {
		c, line, err := next()
		if errors.Is(err, io.EOF) {
			return out, flush()
		}
		if err != nil {
			return out, fmt.Errorf("line %d: %w", line, err)
		}
		if c.Kind == "" || c.ID == "" || c.Tenant == "" || len(c.ID) > Longest {
			return out, fmt.Errorf("line %d: kind, id and tenant must be there, and an id has at most %d bytes", line, Longest)
		}
		c.ID = Canonical(c.ID, m.Fold[c.Kind])
		claims, lines = append(claims, c), append(lines, line)
		if len(claims) == batch {
			if err := flush(); err != nil {
				return out, err
			}
		}
	}
}

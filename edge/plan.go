package edge

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Schema names the contract of a plan's file.
const Schema = "launchready.edge/v1"

// Want is what should stand at a key. Only the values that Own tells are replaced;
// nil owns the whole set.
type Want struct {
	Key    Key
	Own    func(Value) bool
	Values []Value
	Why    string   // one sentence
	Checks []string // the checks of the scorecard that it answers
	Risks  []Risk
}

// Risk is what a reader must know before saying yes.
type Risk struct {
	Irreversible bool   `json:"irreversible,omitempty"` // a roll-back does not undo what others remember
	Text         string `json:"text"`
}

// Item is one change of a plan.
type Item struct {
	Change
	Why    string   `json:"why"`
	Checks []string `json:"checks,omitempty"`
	Risks  []Risk   `json:"risks,omitempty"`
}

// File is a text that the owner publishes elsewhere than in the zone.
type File struct {
	Where string `json:"where"` // its URL
	Text  string `json:"text"`
	Why   string `json:"why"`
}

// Plan is the difference between what a zone holds and what it should.
type Plan struct {
	Schema string    `json:"schema"`
	Zone   string    `json:"zone"`
	Driver string    `json:"driver"` // where it was read, and is applied
	Made   time.Time `json:"made"`
	Items  []Item    `json:"items"`
	Files  []File    `json:"files,omitempty"`
	Notes  []string  `json:"notes,omitempty"` // what is left to a person, and why
}

// Fresh is the time to live of new records: short enough to take back within an hour.
const Fresh = 3600

// NewPlan compares what is wanted with what stands. Wants of one key are put
// together; a value that is right is kept as it stands, with its time to live.
func NewPlan(zone, driver string, made time.Time, s *State, wants []Want) *Plan {
	p := &Plan{Schema: Schema, Zone: zone, Driver: driver, Made: made.UTC().Truncate(time.Second), Items: []Item{}}
	var keys []Key
	by := map[Key]*Item{}
	for _, w := range wants {
		item := by[w.Key]
		if item == nil {
			live := Sort(s.Sets[w.Key])
			item = &Item{Change: Change{Key: w.Key, Before: live, After: live}}
			by[w.Key] = item
			keys = append(keys, w.Key)
		}
		before := item.After
		item.After = w.into(before)
		if Equal(before, item.After) {
			continue
		}
		if item.Why != "" {
			item.Why += " "
		}
		item.Why += w.Why
		item.Checks = append(item.Checks, w.Checks...)
		item.Risks = append(item.Risks, w.Risks...)
	}
	for _, k := range keys {
		if item := by[k]; !Equal(item.Before, item.After) {
			item.After = Sort(item.After)
			p.Items = append(p.Items, *item)
		}
	}
	return p
}

// into puts the wanted values into a set.
func (w Want) into(set []Value) []Value {
	var out, mine []Value
	for _, v := range set {
		if w.Own == nil || w.Own(v) {
			mine = append(mine, v)
		} else {
			out = append(out, v)
		}
	}
	ttl := uint32(0)
	if len(set) > 0 {
		ttl = set[0].TTL // one set has one time to live (RFC 2181 section 5.2)
	}
	for _, v := range w.Values {
		if w.Key.Kind != Records {
			v.Data = JSON(v.Data)
		} else {
			v.Data = Data(w.Key.Type, v.Data)
		}
		if i := slices.IndexFunc(mine, func(m Value) bool { return m.Data == v.Data && m.Proxied == v.Proxied }); i >= 0 {
			out = append(out, mine[i])
			mine = slices.Delete(mine, i, i+1)
			continue
		}
		if w.Key.Kind == Records {
			switch {
			case v.Proxied:
				v.TTL = 1 // automatic, as the provider wants it there
			case ttl != 0:
				v.TTL = ttl
			case v.TTL == 0:
				v.TTL = Fresh
			}
			// A record that is replaced keeps what the owner noted beside it.
			if len(mine) == 1 && len(w.Values) == 1 {
				v.Extra = mine[0].Extra
				if v.Comment == "" {
					v.Comment = mine[0].Comment
				}
			}
		}
		out = append(out, v)
	}
	return out
}

// Changes are those of the plan.
func (p *Plan) Changes() []Change {
	out := make([]Change, len(p.Items))
	for i, item := range p.Items {
		out[i] = item.Change
	}
	return out
}

// Keys are what the plan changes.
func (p *Plan) Keys() []Key {
	out := make([]Key, len(p.Items))
	for i, item := range p.Items {
		out[i] = item.Key
	}
	return out
}

// ID is the fingerprint of what the plan changes.
func (p *Plan) ID() string {
	h := sha256.New()
	fmt.Fprintf(h, "%q\n", p.Zone)
	for _, c := range p.Changes() {
		fmt.Fprintf(h, "%q %s %s\n", c.Key.String(), Hash(c.Before), Hash(c.After))
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}

// Document is what the file of a plan holds: a plan for each zone.
type Document struct {
	Schema string  `json:"schema"`
	Plans  []*Plan `json:"plans"`
}

// ErrPlan is a file that is no plan.
var ErrPlan = errors.New("not a plan of launchready edge")

// Read reads the file of a plan.
func Read(b []byte) (*Document, error) {
	var d Document
	if err := json.Unmarshal(b, &d); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPlan, err)
	}
	if d.Schema != Schema {
		return nil, fmt.Errorf("%w: schema %q, not %q", ErrPlan, d.Schema, Schema)
	}
	for _, p := range d.Plans {
		if p == nil {
			return nil, fmt.Errorf("%w: an empty plan", ErrPlan)
		}
		for _, item := range p.Items {
			if err := item.check(p.Zone); err != nil {
				return nil, fmt.Errorf("%w: %w", ErrPlan, err)
			}
		}
	}
	return &d, nil
}

// check refuses what no plan of ours holds: a file may have been edited.
func (c Change) check(zone string) error {
	if c.Key.Kind != Records {
		if c.Key.Kind != Setting && c.Key.Kind != Rule {
			return fmt.Errorf("%s: kind %q", c.Key, c.Key.Kind)
		}
		return nil
	}
	if !inside(c.Key.Name, zone) {
		return fmt.Errorf("%s is not in the zone %s", c.Key, zone)
	}
	for _, v := range append(slices.Clone(c.Before), c.After...) {
		if _, err := Parse(c.Key.Name, c.Key.Type, v.TTL, v.Data); err != nil {
			return err
		}
	}
	return nil
}

func inside(name, zone string) bool {
	return name == zone || len(name) > len(zone) && name[len(name)-len(zone)-1:] == "."+zone
}

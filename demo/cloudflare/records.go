package cloudflare

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"sort"
	"strings"
)

func (s *Server) records(r *http.Request, z *Zone, part []string) (any, *info, error) {
	switch {
	case len(part) == 0 && r.Method == http.MethodGet:
		most := s.o.Page
		if most == 0 {
			most = 100
		}
		q := r.URL.Query()
		per, page := min(number(q.Get("per_page"), 100), most), number(q.Get("page"), 1)
		all := slices.Clone(z.Records)
		from := min((page-1)*per, len(all))
		some := all[from:min(from+per, len(all))]
		return some, &info{page, per, len(some), len(all), (len(all) + per - 1) / per}, nil
	case len(part) == 1 && part[0] == "batch" && r.Method == http.MethodPost:
		var in struct {
			Deletes []struct {
				ID string `json:"id"`
			} `json:"deletes"`
			Patches []json.RawMessage `json:"patches"`
			Puts    []json.RawMessage `json:"puts"`
			Posts   []json.RawMessage `json:"posts"`
		}
		if err := read(r, &in); err != nil {
			return nil, nil, err
		}
		next := slices.Clone(z.Records) // all or nothing
		for _, d := range in.Deletes {
			i := find(next, d.ID)
			if i < 0 {
				return nil, nil, refuse(http.StatusNotFound, 81044, "Record does not exist.")
			}
			next = slices.Delete(next, i, i+1)
		}
		for _, p := range append(in.Patches, in.Puts...) {
			var which struct {
				ID string `json:"id"`
			}
			_ = json.Unmarshal(p, &which)
			i := find(next, which.ID)
			if i < 0 {
				return nil, nil, refuse(http.StatusNotFound, 81044, "Record does not exist.")
			}
			rec := next[i]
			if err := json.Unmarshal(p, &rec); err != nil {
				return nil, nil, refuse(http.StatusBadRequest, 9207, "Request body is invalid.")
			}
			if err := rec.judge(z, append(slices.Clone(next[:i]), next[i+1:]...)); err != nil {
				return nil, nil, err
			}
			next[i] = rec
		}
		for _, p := range in.Posts {
			rec := Record{TTL: 1, Tags: []string{}}
			if err := json.Unmarshal(p, &rec); err != nil {
				return nil, nil, refuse(http.StatusBadRequest, 9207, "Request body is invalid.")
			}
			if err := rec.judge(z, next); err != nil {
				return nil, nil, err
			}
			rec.ID = id()
			next = append(next, rec)
		}
		z.Records = next
		if s.o.Changed != nil {
			s.o.Changed(z)
		}
		return map[string]any{}, nil, nil
	}
	return nil, nil, refuse(http.StatusMethodNotAllowed, 10405, "Method not allowed")
}

func find(rs []Record, id string) int {
	return slices.IndexFunc(rs, func(r Record) bool { return r.ID == id })
}

// judge refuses what the API refuses, and fills in what it fills in.
func (r *Record) judge(z *Zone, others []Record) error {
	r.Name = strings.ToLower(strings.TrimSuffix(r.Name, "."))
	if r.Name != z.Name && !strings.HasSuffix(r.Name, "."+z.Name) {
		r.Name += "." + z.Name
	}
	if len(r.Data) > 0 && r.Type == "CAA" {
		var d struct {
			Flags int    `json:"flags"`
			Tag   string `json:"tag"`
			Value string `json:"value"`
		}
		if err := json.Unmarshal(r.Data, &d); err != nil || d.Tag == "" {
			return refuse(http.StatusBadRequest, 9101, "tag is a required data field.")
		}
		r.Content = fmt.Sprintf("%d %s %q", d.Flags, d.Tag, d.Value)
	}
	if r.Tags == nil {
		r.Tags = []string{}
	}
	addr, err := netip.ParseAddr(r.Content)
	switch {
	case r.Content == "":
		return refuse(http.StatusBadRequest, 9020, "Invalid DNS record content.")
	case r.Type == "A" && (err != nil || !addr.Is4()):
		return refuse(http.StatusBadRequest, 9005, "Content for A record must be a valid IPv4 address.")
	case r.Type == "AAAA" && (err != nil || !addr.Is6()):
		return refuse(http.StatusBadRequest, 9006, "Content for AAAA record must be a valid IPv6 address.")
	case r.Type == "MX" && r.Priority == nil:
		return refuse(http.StatusBadRequest, 9100, "priority is a required field.")
	case r.Proxied && r.Type != "A" && r.Type != "AAAA" && r.Type != "CNAME":
		return refuse(http.StatusBadRequest, 9004, "This record type cannot be proxied.")
	case r.TTL != 1 && (r.TTL < 60 || r.TTL > 86400):
		return refuse(http.StatusBadRequest, 9021, "TTL must be between 60 and 86400 seconds, or 1 for Automatic.")
	}
	if r.Proxied {
		r.TTL = 1
	}
	for _, o := range others {
		switch {
		case o.Name != r.Name:
		case o.Type == r.Type && o.Content == r.Content && same(o.Priority, r.Priority):
			return refuse(http.StatusBadRequest, 81058, "An identical record already exists.")
		case (o.Type == "CNAME") != (r.Type == "CNAME") && slices.Contains([]string{"A", "AAAA", "CNAME"}, o.Type) && slices.Contains([]string{"A", "AAAA", "CNAME"}, r.Type):
			return refuse(http.StatusBadRequest, 81053, "An A, AAAA, or CNAME record with that host already exists.")
		}
	}
	return nil
}

func same(a, b *uint16) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) }

// Dump is all that a zone holds, in an order of its own and without the ids that
// the API makes, for comparing.
func (s *Server) Dump(zone string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lines []string
	for _, z := range s.o.Zones {
		if z.Name != zone {
			continue
		}
		for _, r := range z.Records {
			priority := ""
			if r.Priority != nil {
				priority = fmt.Sprintf("%d ", *r.Priority)
			}
			lines = append(lines, fmt.Sprintf("%s %d %s %s%s proxied=%t comment=%q tags=%q", r.Name, r.TTL, r.Type, priority, r.Content, r.Proxied, r.Comment, r.Tags))
		}
		for id, v := range z.Settings {
			b, _ := json.Marshal(v)
			lines = append(lines, "setting "+id+" "+string(b))
		}
		for _, set := range z.Rulesets {
			lines = append(lines, "ruleset "+set.Phase+" "+set.Name)
			for i, rule := range set.Rules {
				shown := Rule{}
				for k, v := range rule {
					if k != "id" && (k != "ref" || v != rule["id"]) {
						shown[k] = v
					}
				}
				b, _ := json.Marshal(shown)
				lines = append(lines, fmt.Sprintf("rule %s %d %s", set.Phase, i, b))
			}
		}
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n") + "\n"
}

// Records are those of a zone as they stand.
func (s *Server) Records(zone string) []Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, z := range s.o.Zones {
		if z.Name == zone {
			return slices.Clone(z.Records)
		}
	}
	return nil
}

// Change lets somebody else change a zone.
func (s *Server) Change(zone string, do func(*Zone)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, z := range s.o.Zones {
		if z.Name == zone {
			do(z)
		}
	}
}

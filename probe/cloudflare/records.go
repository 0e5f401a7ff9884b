package cloudflare

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

// Record is one DNS record as the API has it.
type Record struct {
	ID       string          `json:"id,omitempty"`
	Type     string          `json:"type"`
	Name     string          `json:"name"`
	Content  string          `json:"content,omitempty"`
	Priority *uint16         `json:"priority,omitempty"`
	Data     json.RawMessage `json:"data,omitempty"`
	TTL      uint32          `json:"ttl"` // 1 is automatic
	Proxied  bool            `json:"proxied"`
	Comment  string          `json:"comment"`
	Tags     []string        `json:"tags,omitempty"`
	Settings json.RawMessage `json:"settings,omitempty"`
}

// mostPages bounds a listing; the API keeps to a few thousand records a zone.
const (
	mostPages = 200
	perPage   = 500
)

// Records lists all records of a zone.
func (c *Client) Records(ctx context.Context, zone string) ([]Record, error) {
	var out []Record
	for page := 1; page <= mostPages; page++ {
		var some []Record
		env, err := c.do(ctx, http.MethodGet, fmt.Sprintf("/zones/%s/dns_records?per_page=%d&page=%d", url.PathEscape(zone), perPage, page), nil, &some)
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
		if page >= env.Info.TotalPages {
			return out, nil
		}
	}
	return nil, fmt.Errorf("zone %s: more than %d records", zone, mostPages*perPage)
}

// Batch is a set of changes that is made as a whole, in this order.
type Batch struct {
	Deletes []Ref    `json:"deletes,omitempty"`
	Patches []Record `json:"patches,omitempty"`
	Puts    []Record `json:"puts,omitempty"`
	Posts   []Record `json:"posts,omitempty"`
}

// Ref names a record.
type Ref struct {
	ID string `json:"id"`
}

// Batch makes changes, all or none.
func (c *Client) Batch(ctx context.Context, zone string, b Batch) error {
	_, err := c.do(ctx, http.MethodPost, "/zones/"+url.PathEscape(zone)+"/dns_records/batch", b, nil)
	return err
}

// DNSSEC is the state of signing: active, disabled, pending, error.
func (c *Client) DNSSEC(ctx context.Context, zone string) (string, error) {
	var d struct {
		Status string `json:"status"`
	}
	_, err := c.do(ctx, http.MethodGet, "/zones/"+url.PathEscape(zone)+"/dnssec", nil, &d)
	return d.Status, err
}

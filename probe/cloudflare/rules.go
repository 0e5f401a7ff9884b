package cloudflare

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// Settings are all settings of a zone, by id.
func (c *Client) Settings(ctx context.Context, zone string) (map[string]json.RawMessage, error) {
	var list []struct {
		ID    string          `json:"id"`
		Value json.RawMessage `json:"value"`
	}
	if _, err := c.do(ctx, http.MethodGet, "/zones/"+url.PathEscape(zone)+"/settings", nil, &list); err != nil {
		return nil, err
	}
	out := map[string]json.RawMessage{}
	for _, s := range list {
		out[s.ID] = s.Value
	}
	return out, nil
}

// Set changes one setting.
func (c *Client) Set(ctx context.Context, zone, id string, value json.RawMessage) error {
	_, err := c.do(ctx, http.MethodPatch, "/zones/"+url.PathEscape(zone)+"/settings/"+url.PathEscape(id), map[string]json.RawMessage{"value": value}, nil)
	return err
}

// Ruleset are the rules of one phase.
type Ruleset struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Phase string `json:"phase"`
	Rules []Rule `json:"rules"`
}

// Rule is one rule. What the API adds by itself (id, version, time) is not in it.
type Rule struct {
	ID          string          `json:"id,omitempty"`
	Ref         string          `json:"ref,omitempty"`
	Action      string          `json:"action"`
	Expression  string          `json:"expression"`
	Description string          `json:"description,omitempty"`
	Enabled     bool            `json:"enabled"`
	Parameters  json.RawMessage `json:"action_parameters,omitempty"`
	Limit       json.RawMessage `json:"ratelimit,omitempty"`
}

// Rules are those of a phase; nil where there are none.
func (c *Client) Rules(ctx context.Context, zone, phase string) (*Ruleset, error) {
	var r Ruleset
	_, err := c.do(ctx, http.MethodGet, "/zones/"+url.PathEscape(zone)+"/rulesets/phases/"+url.PathEscape(phase)+"/entrypoint", nil, &r)
	if Missing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &r, nil
}

// NewRules makes the rules of a phase that has none.
func (c *Client) NewRules(ctx context.Context, zone, phase, name string, rules ...json.RawMessage) error {
	_, err := c.do(ctx, http.MethodPost, "/zones/"+url.PathEscape(zone)+"/rulesets", map[string]any{"name": name, "kind": "zone", "phase": phase, "rules": rules}, nil)
	return err
}

// AddRule puts a rule behind those of a ruleset.
func (c *Client) AddRule(ctx context.Context, zone, ruleset string, rule json.RawMessage) error {
	_, err := c.do(ctx, http.MethodPost, rulesPath(zone, ruleset), rule, nil)
	return err
}

// SetRule changes one rule in its place.
func (c *Client) SetRule(ctx context.Context, zone, ruleset, id string, rule json.RawMessage) error {
	_, err := c.do(ctx, http.MethodPatch, rulesPath(zone, ruleset)+"/"+url.PathEscape(id), rule, nil)
	return err
}

// DropRule deletes one rule.
func (c *Client) DropRule(ctx context.Context, zone, ruleset, id string) error {
	_, err := c.do(ctx, http.MethodDelete, rulesPath(zone, ruleset)+"/"+url.PathEscape(id), nil, nil)
	return err
}

// DropRules deletes a ruleset.
func (c *Client) DropRules(ctx context.Context, zone, ruleset string) error {
	_, err := c.do(ctx, http.MethodDelete, "/zones/"+url.PathEscape(zone)+"/rulesets/"+url.PathEscape(ruleset), nil, nil)
	return err
}

func rulesPath(zone, ruleset string) string {
	return "/zones/" + url.PathEscape(zone) + "/rulesets/" + url.PathEscape(ruleset) + "/rules"
}

// PageRule is a rule of the old kind, whose actions may cache everything.
type PageRule struct {
	ID      string `json:"id"`
	Status  string `json:"status"`
	Targets []struct {
		Constraint struct {
			Value string `json:"value"`
		} `json:"constraint"`
	} `json:"targets"`
	Actions []struct {
		ID    string          `json:"id"`
		Value json.RawMessage `json:"value"`
	} `json:"actions"`
}

// PageRules lists them.
func (c *Client) PageRules(ctx context.Context, zone string) ([]PageRule, error) {
	var out []PageRule
	_, err := c.do(ctx, http.MethodGet, "/zones/"+url.PathEscape(zone)+"/pagerules?status=active", nil, &out)
	return out, err
}

package cloudflare

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/launchready/launchready/edge"
	api "github.com/launchready/launchready/probe/cloudflare"
)

// Apply looks again at what it is about to change, for the API has no
// preconditions, and sends all records as one transaction. Settings and rules
// follow, each by itself: an apply that ends between them is finished by the next.
func (d *Driver) Apply(ctx context.Context, changes []edge.Change) error {
	zone, err := d.id(ctx)
	if err != nil {
		return err
	}
	if err := d.records(ctx, zone, changes); err != nil {
		return err
	}
	for _, c := range changes {
		switch c.Key.Kind {
		case edge.Setting:
			err = d.setting(ctx, zone, c)
		case edge.Rule:
			err = d.rule(ctx, zone, c)
		case edge.Records:
			err = nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", c.Key, err)
		}
	}
	return nil
}

func (d *Driver) records(ctx context.Context, zone string, changes []edge.Change) error {
	var batch api.Batch
	var live map[edge.Key][]api.Record
	for _, c := range changes {
		if c.Key.Kind != edge.Records {
			continue
		}
		if live == nil {
			all, err := d.Client.Records(ctx, zone)
			if err != nil {
				return err
			}
			live = map[edge.Key][]api.Record{}
			for _, r := range all {
				k := edge.RR(r.Name, r.Type)
				live[k] = append(live[k], r)
			}
		}
		if err := into(&batch, c, live[c.Key]); err != nil {
			return err
		}
	}
	if len(batch.Deletes)+len(batch.Patches)+len(batch.Posts) == 0 {
		return nil
	}
	return d.Client.Batch(ctx, zone, batch)
}

// into puts a change into a batch. A record that is replaced by another keeps its
// id, so that at no time neither or both are there.
func into(batch *api.Batch, c edge.Change, live []api.Record) error {
	var have []edge.Value
	ids := map[edge.Value][]string{}
	for _, r := range live {
		v := value(r)
		have = append(have, v)
		ids[v] = append(ids[v], r.ID)
	}
	if !edge.Equal(have, c.Before) {
		return edge.Concurrent(c.Key)
	}
	added, removed := c.Added(), c.Removed()
	for i, v := range removed {
		id := ids[v][0]
		ids[v] = ids[v][1:]
		if i >= len(added) {
			batch.Deletes = append(batch.Deletes, api.Ref{ID: id})
			continue
		}
		r, err := record(c.Key, added[i])
		if err != nil {
			return err
		}
		r.ID = id
		batch.Patches = append(batch.Patches, r)
	}
	for _, v := range added[min(len(removed), len(added)):] {
		r, err := record(c.Key, v)
		if err != nil {
			return err
		}
		batch.Posts = append(batch.Posts, r)
	}
	return nil
}

func (d *Driver) setting(ctx context.Context, zone string, c edge.Change) error {
	settings, err := d.Client.Settings(ctx, zone)
	if err != nil {
		return err
	}
	if len(c.Before) != 1 || len(c.After) != 1 || edge.JSON(string(settings[c.Key.Name])) != c.Before[0].Data {
		return edge.ErrConcurrent
	}
	return d.Client.Set(ctx, zone, c.Key.Name, json.RawMessage(c.After[0].Data))
}

func (d *Driver) rule(ctx context.Context, zone string, c edge.Change) error {
	set, err := d.Client.Rules(ctx, zone, c.Key.Type)
	if err != nil {
		return err
	}
	var now []edge.Value
	var id string
	others := 0
	if set != nil {
		for _, r := range set.Rules {
			if ref(r) == c.Key.Name {
				now, id = append(now, edge.Value{Data: ruleData(r)}), r.ID
			} else {
				others++
			}
		}
	}
	if !edge.Equal(now, c.Before) {
		return edge.ErrConcurrent
	}
	switch {
	case len(c.After) == 0 && len(now) == 0:
		return nil
	case len(c.After) == 0 && others == 0 && set.Name == rulesetName:
		return d.Client.DropRules(ctx, zone, set.ID)
	case len(c.After) == 0:
		return d.Client.DropRule(ctx, zone, set.ID, id)
	case set == nil:
		return d.Client.NewRules(ctx, zone, c.Key.Type, rulesetName, json.RawMessage(c.After[0].Data))
	case len(now) == 0:
		return d.Client.AddRule(ctx, zone, set.ID, json.RawMessage(c.After[0].Data))
	}
	return d.Client.SetRule(ctx, zone, set.ID, id, json.RawMessage(c.After[0].Data))
}

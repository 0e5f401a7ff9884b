package assembly

import (
	"path/filepath"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/drill"
)

// material is what the configuration names beside the live application.
func material(c *config.Config) lr.Material {
	abs := func(in []string) []string {
		out := make([]string, len(in))
		for i, file := range in {
			out[i] = c.Abs(file)
		}
		return out
	}
	s := c.Source
	cache := ""
	if c.Dir != "" {
		cache = filepath.Join(c.Dir, privateFolder)
	}
	return lr.Material{
		Cache:      cache,
		Repository: c.Abs(s.Repository), Bundles: abs(s.Bundles), Images: abs(s.Images), Logs: abs(s.Logs), Sessions: abs(s.Sessions), Guards: s.Guards,
	}
}

func keptSecrets(c *config.Config) []lr.KeptSecret {
	var out []lr.KeptSecret
	for _, e := range c.Secrets {
		s := e.Value
		out = append(out, lr.KeptSecret{Name: e.Name, Value: s.Value.Secret, Kept: s.Kept, Readers: s.Readers, Rotated: s.Rotated.Time, Pasted: s.Pasted})
	}
	return out
}

func duty(c *config.Config) lr.Duty {
	o := c.Owners
	return lr.Duty{Default: o.Default, Backup: o.Backup, Incidents: o.Incidents, Within: time.Duration(o.Minutes) * time.Minute}
}

// privateFolder is where runs and drills keep what a later one reads.
const privateFolder = ".launchready"

func deployment(c *config.Config) (lr.Deployment, error) {
	d := lr.Deployment{Release: c.Deploy.Release, Rollback: c.Deploy.Rollback}
	var err error
	if c.Dir != "" {
		if d.Rehearsed, err = drill.Read(filepath.Join(c.Dir, privateFolder, drill.File)); err != nil {
			return d, err
		}
	}
	if h := c.Deploy.Health; !h.IsZero() {
		d.Health = &lr.Request{Method: h.Method, Path: h.Path, Note: "health"}
	}
	return d, nil
}

// database is nil where the configuration names none.
func database(c *config.Config) *lr.DatabaseAccess {
	d := c.Database
	if d == nil {
		return nil
	}
	return &lr.DatabaseAccess{URL: d.URL.Secret, Role: d.Role, Tenant: d.Tenant, Unset: d.Unset, Column: d.Column, Shared: d.Shared}
}

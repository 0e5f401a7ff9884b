package finding

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// tenantColumns are names that columns with a tenant's id usually have.
var tenantColumns = [...]string{"tenant_id", "org_id", "organization_id", "organisation_id", "account_id", "workspace_id", "company_id", "customer_id"}

var created = regexp.MustCompile(`(?is)create\s+table\s+(?:if\s+not\s+exists\s+)?["\x60]?(?:\w+["\x60]?\.["\x60]?)?(\w+)["\x60]?\s*\(`)

// Bounds of what is read of migrations.
const (
	mostMigrations = 2000
	mostStatement  = 64 << 10
)

// tenantTables lists the tables that belong to tenants, by the statements that
// create them in files of SQL.
func tenantTables(tree fs.FS, columns []string) []string {
	var out []string
	n := 0
	_ = fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil //nolint:nilerr // what cannot be read tells no table
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git" || d.Name() == "vendor"):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".sql":
			return nil
		}
		if n++; n > mostMigrations {
			return fs.SkipAll
		}
		if info, err := d.Info(); err != nil || info.Size() > 4<<20 {
			return nil //nolint:nilerr // the same
		}
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return nil //nolint:nilerr // the same
		}
		for _, m := range created.FindAllSubmatchIndex(text, -1) {
			body := string(text[m[1]:min(len(text), m[1]+mostStatement)])
			body, _, _ = strings.Cut(body, ";")
			if slices.ContainsFunc(columns, func(c string) bool {
				return regexp.MustCompile(`(?i)\b` + regexp.QuoteMeta(c) + `\b`).MatchString(body)
			}) {
				out = append(out, string(text[m[2]:m[3]]))
			}
		}
		return nil
	})
	slices.Sort(out)
	return slices.Compact(out)
}

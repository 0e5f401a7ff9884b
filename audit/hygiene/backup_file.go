package hygiene

import (
	"bytes"
	"context"
	"path"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/internal/expr"
)

func backupFile() *lr.Check {
	return &lr.Check{
		ID:    "hygiene/backup-file",
		Title: "No dump, archive or left-over copy is served",
		Why: "A dump in the web root is the database of all customers in one download, and a copy that an editor left is the source that the server else would run. " +
			"Scanners ask for a hundred such names.",
		Fix: "Take the file away, look in the access log who fetched it, and treat what was in it as known. Write dumps and archives to a place that is not served, " +
			"and deploy a folder that holds only what was built.",
		Guard:    "block_paths",
		Severity: lr.High,
		Refs:     []lr.Ref{misconfiguration, inventory, {Source: "CWE", ID: "530"}, {Source: "ASVS", ID: "v5.0.0-13.4.7"}},
		Needs:    lr.Routes,
		Run: func(ctx context.Context, t *lr.Trial) error {
			return look(ctx, t, backups(t.Target), func(at string, x *lr.Exchange) proof { return backupProof(at, x) })
		},
	}
}

// backups are the usual names, and those that follow from the product's own.
func backups(t *lr.Target) []string {
	out := []string{
		"/backup.sql", "/dump.sql", "/db.sql", "/database.sql", "/backup.sql.gz", "/dump.sql.gz",
		"/backup.zip", "/www.zip", "/site.zip", "/backup.tar.gz", "/app.tar.gz",
		"/db.sqlite3", "/db.sqlite", "/database.sqlite", "/app.db", "/data.db",
		"/index.php~", "/index.php.bak", "/.index.php.swp", "/config.php.bak", "/wp-config.php.bak", "/settings.py.bak", "/app.py.bak",
		"/server.js.bak", "/config.yml.bak", "/config.json.bak", "/web.config.bak", "/docker-compose.yml",
	}
	name := strings.ToLower(strings.ReplaceAll(t.Product, " ", "-"))
	if name != "" && len(name) < 40 && !strings.ContainsAny(name, "/?#%") {
		out = append(out, "/"+name+".zip", "/"+name+".sql", "/"+name+".tar.gz")
	}
	return out
}

var (
	dumpHead = expr.Lazy(`(?im)^(?:-- (?:PostgreSQL database dump|MySQL dump|MariaDB dump|Dump completed|phpMyAdmin SQL Dump|SQLite dump)|PRAGMA foreign_keys\s?=\s?OFF;|\s{0,8}CREATE TABLE (?:IF NOT EXISTS )?["` + "`" + `\[\w.]+["` + "`" + `\]]? ?\(|\s{0,8}INSERT INTO ["` + "`" + `\[\w.]+["` + "`" + `\]]? (?:VALUES|\()|COPY [\w."]+ \()`)
	sources  = expr.Lazy(`<\?php\s|(?m)^(?:import [\w.]+|from [\w.]+ import |const \w+ = require\(|import .+ from ["'])`)
	settings = expr.Lazy(`(?m)^\s{0,8}"?[\w.-]*(?:password|secret|token|api_?key|database)[\w.-]*"?\s?[:=]\s?\S|<connectionStrings>|^services:\s*$`)
)

// backupProof knows files by their content: a name proves nothing.
func backupProof(at string, x *lr.Exchange) proof {
	head := x.Body[:min(len(x.Body), 32<<10)]
	if isHTML(head) || len(head) < 16 {
		return proof{}
	}
	starts := func(magic string) bool { return bytes.HasPrefix(head, []byte(magic)) }
	switch base := strings.ToLower(path.Base(at)); {
	case starts("SQLite format 3\x00"):
		return proof{what: "a SQLite database", severity: lr.Critical, secret: "SQLite format 3 [withheld]"}
	case starts("PGDMP"):
		return proof{what: "a dump of Postgres", severity: lr.Critical, secret: "PGDMP [withheld]"}
	case starts("PK\x03\x04"):
		return proof{what: "an archive", secret: "PK [withheld: a ZIP archive]"}
	case starts("\x1f\x8b\x08") && strings.HasSuffix(base, "gz"):
		return proof{what: "an archive", secret: "[withheld: a gzip archive]"}
	case starts("b0VIM "):
		return proof{what: "the swap file of an editor, which holds the text that was edited", secret: "b0VIM [withheld]"}
	case strings.Contains(base, ".sql") && dumpHead().Match(head):
		return proof{what: "a dump of the database", severity: lr.Critical, witness: "", secret: string(dumpHead().Find(head)) + " [the rest is withheld: it may hold customers' data]"}
	case leftOver(base) && sources().Match(head):
		return proof{what: "a left-over copy of source code", secret: string(sources().Find(head)) + " [the rest is withheld]"}
	case (leftOver(base) || base == "docker-compose.yml") && settings().Match(head):
		return proof{what: "a left-over copy of settings", secret: "[withheld: settings may hold secrets]"}
	}
	return proof{}
}

func leftOver(base string) bool {
	return strings.HasSuffix(base, "~") || strings.HasSuffix(base, ".bak") || strings.HasSuffix(base, ".old") || strings.HasSuffix(base, ".swp") || strings.HasSuffix(base, ".orig")
}

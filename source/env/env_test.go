package env_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/launchready/launchready/source/env"
	"github.com/launchready/launchready/source/folder"
)

// wanted reads what a fixture says of itself: "want: NAME kind, NAME kind" on the
// line where it is read.
func wanted(t *testing.T, name string) []string {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []string
	s := bufio.NewScanner(f)
	for line := 1; s.Scan(); line++ {
		_, want, ok := strings.Cut(s.Text(), "want:")
		if !ok {
			continue
		}
		for _, w := range strings.Split(want, ",") {
			i := strings.LastIndexByte(strings.TrimRight(w, " "), ' ')
			out = append(out, fmt.Sprintf("%s:%d %s=%s", name, line, strings.TrimSpace(w[:i]), strings.TrimSpace(w[i:])))
		}
	}
	return out
}

func kind(r env.Read) string {
	switch {
	case r.Dynamic:
		return "dynamic"
	case r.Default:
		return "default"
	case r.Required:
		return "required"
	}
	return "soft"
}

// Six languages and the shell, each read at the line, with its kind: at least .99
// of what is there, and at least .99 of what is said.
func TestReads(t *testing.T) {
	inv, err := env.Scan(context.Background(), os.DirFS("testdata"), env.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range inv.Skipped {
		t.Errorf("%s was skipped: %s", s.Path, s.Reason)
	}
	var want, got []string
	for _, name := range []string{
		"script/server.ts", "python/settings.py", "golang/main.go", "ruby/app.rb", "php/config.php", "jvm/App.java", "jvm/app.kt", "jvm/application.yml",
		"shell/run.sh", "shell/Dockerfile", "shell/docker-compose.yml",
	} {
		want = append(want, wanted(t, name)...)
	}
	for _, r := range inv.Reads {
		got = append(got, fmt.Sprintf("%s:%d %s=%s", r.File, r.Line, r.Name, kind(r)))
	}
	missed, wrong := 0, 0
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Logf("missed %s", w)
			missed++
		}
	}
	for _, g := range got {
		if !slices.Contains(want, g) {
			t.Logf("wrong %s", g)
			wrong++
		}
	}
	if len(want) < 80 || float64(missed) > .01*float64(len(want)) || float64(wrong) > .01*float64(len(got)) {
		t.Errorf("%d of %d reads were missed, %d of %d are wrong", missed, len(want), wrong, len(got))
	}
}

func TestSide(t *testing.T) {
	inv, err := env.Scan(context.Background(), fstest.MapFS{
		"a.ts":  {Data: []byte("process.env.NEXT_PUBLIC_URL; process.env.SECRET_KEY; import.meta.env.OTHER")},
		"b.tsx": {Data: []byte("'use client'\nexport const u = process.env.API_URL")},
	}, env.Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]env.Side{}
	for _, r := range inv.Reads {
		got[r.Name] = r.Side
	}
	for name, side := range map[string]env.Side{"NEXT_PUBLIC_URL": env.Client, "SECRET_KEY": env.Server, "OTHER": env.Client, "API_URL": env.Client} {
		if got[name] != side {
			t.Errorf("%s: got side %q, want %q", name, got[name], side)
		}
	}
}

const manifest = `
apiVersion: v1
kind: Secret
metadata: {name: s}
stringData: {SMTP_PASSWORD: hunter2-of-acme}
---
kind: Deployment
spec:
  template:
    spec:
      containers:
        - env:
            - {name: LOG_LEVEL, value: info}
            - name: DATABASE_URL
              valueFrom: {secretKeyRef: {name: db, key: url}}
`

func TestDeclarations(t *testing.T) {
	files := fstest.MapFS{
		".env.example":            {Data: []byte("# a comment\nOPENAI_API_KEY=sk-...\nexport PORT=80\nEMPTY=\nSESSION_SECRET=changeme\n")},
		".env.production":         {Data: []byte("OPENAI_API_KEY=sk-hunter2-of-acme\nSESSION_SECRET=changeme # later\n")},
		"k8s/prod.yaml":           {Data: []byte(manifest)},
		"docker-compose.yml":      {Data: []byte("services:\n  web:\n    environment:\n      - API_KEY=${API_KEY}\n      - PASSED\n      - MODE=live\n")},
		"render.yaml":             {Data: []byte("services:\n- envVars:\n  - key: STRIPE_KEY\n    sync: false\n  - key: DB\n    fromDatabase: {name: d}\n")},
		".github/workflows/a.yml": {Data: []byte("jobs:\n  a:\n    env:\n      NPM_TOKEN: ${{ secrets.NPM_TOKEN }}\n")},
		"fly.toml":                {Data: []byte("[env]\nREGION = 'ams'\n")},
		"wrangler.toml":           {Data: []byte("[vars]\nA_VAR = 'x'\n[env.production.vars]\nB_VAR = 'x'\n")},
		"vercel.json":             {Data: []byte(`{"env":{"VERCEL_KEY":"@key"},"build":{"env":{"B":"1"}}}`)},
		"app.json":                {Data: []byte(`{"env":{"SECRET_KEY_BASE":{"generator":"secret"},"MAILER":{"description":"x"}}}`)},
		"Dockerfile":              {Data: []byte("FROM x\nARG TOKEN\nENV A=1 B2=\"two words\"\n")},
		"web.service":             {Data: []byte("[Service]\nEnvironment=UNIT=1\n")},
		"broken.yml":              {Data: []byte("a: [\n  hunter2-of-acme\nb: }")},
		"vendor/x/.env":           {Data: []byte("NOT_OURS=1\n")},
	}
	inv, err := env.Scan(context.Background(), files, env.Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, d := range inv.Declarations {
		state := string(d.Kind)
		if d.Empty {
			state += " empty"
		}
		if d.Placeholder {
			state += " placeholder"
		}
		got[path.Base(d.Where)+" "+d.Name] = strings.TrimSpace(state + " " + d.Environment)
	}
	want := map[string]string{
		".env.example OPENAI_API_KEY": "literal placeholder example", ".env.example PORT": "literal example", ".env.example EMPTY": "literal empty example",
		".env.example SESSION_SECRET": "literal placeholder example", ".env.production OPENAI_API_KEY": "literal production", ".env.production SESSION_SECRET": "literal placeholder production",
		"prod.yaml SMTP_PASSWORD": "literal production", "prod.yaml LOG_LEVEL": "literal production", "prod.yaml DATABASE_URL": "secretRef production",
		"docker-compose.yml API_KEY": "prompt", "docker-compose.yml PASSED": "prompt", "docker-compose.yml MODE": "literal",
		"render.yaml STRIPE_KEY": "prompt", "render.yaml DB": "secretRef", "a.yml NPM_TOKEN": "secretRef", "fly.toml REGION": "literal",
		"wrangler.toml A_VAR": "literal", "wrangler.toml B_VAR": "literal", "vercel.json VERCEL_KEY": "secretRef", "vercel.json B": "literal",
		"app.json SECRET_KEY_BASE": "secretRef", "app.json MAILER": "prompt", "Dockerfile TOKEN": "prompt", "Dockerfile A": "literal", "Dockerfile B2": "literal", "web.service UNIT": "literal",
	}
	for key, state := range want {
		if got[key] != state {
			t.Errorf("%s: got %q, want %q", key, got[key], state)
		}
		delete(got, key)
	}
	for key, state := range got {
		t.Errorf("%s (%s) is declared nowhere", key, state)
	}
	if text := fmt.Sprintf("%+v", inv); strings.Contains(text, "hunter2") {
		t.Error("a value is in the inventory")
	}
	if !slices.ContainsFunc(inv.Skipped, func(s folder.Skipped) bool {
		return s.Path == "broken.yml"
	}) {
		t.Error("the broken file is not listed")
	}
}

func TestCompare(t *testing.T) {
	reads := []env.Read{
		{Name: "OPENAI_API_KEY", File: "a.ts", Required: true}, {Name: "SERVICE_PORT", File: "a.ts", Default: true}, {Name: "NODE_ENV", File: "a.ts", Required: true},
		{Name: "SESSION_SECRET", File: "a.ts", Required: true}, {Name: "NEXT_PUBLIC_OPENAI_API_KEY", File: "b.ts", Required: true}, {Name: "NEXT_PUBLIC_SUPABASE_ANON_KEY", File: "b.ts"},
		{Name: "MAIL_FROM", File: "a.ts", Required: true},
	}
	decls := []env.Declaration{
		{Name: "SESSION_SECRET", Where: ".env.example", Environment: "example", Kind: env.Literal, Placeholder: true},
		{Name: "MAIL_FROM", Where: ".env.production", Environment: "production", Kind: env.Literal, Placeholder: true},
		{Name: "STALE", Where: ".env.production", Environment: "production", Kind: env.Literal},
		{Name: "SMTP_PASSWORD", Where: "k8s/prod.yaml", Environment: "production", Kind: env.Literal},
		{Name: "DB_PASSWORD", Where: "k8s/prod.yaml", Environment: "production", Kind: env.SecretRef},
		{Name: "MAX_TOKENS", Where: "k8s/prod.yaml", Environment: "production", Kind: env.Literal},
	}
	var got []string
	for _, g := range env.Compare(reads, decls) {
		got = append(got, string(g.Kind)+" "+g.Name)
	}
	want := []string{
		"literal-secret SMTP_PASSWORD", "missing-production SESSION_SECRET", "placeholder MAIL_FROM", "public-secret NEXT_PUBLIC_OPENAI_API_KEY",
		"undeclared NEXT_PUBLIC_OPENAI_API_KEY", "undeclared OPENAI_API_KEY", "undeclared-default NEXT_PUBLIC_SUPABASE_ANON_KEY", "undeclared-default SERVICE_PORT",
		"unused DB_PASSWORD", "unused MAX_TOKENS", "unused SMTP_PASSWORD", "unused STALE",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	dynamic := env.Compare([]env.Read{{Name: "FEATURE_", File: "a.ts", Dynamic: true}}, decls[2:3])
	if len(dynamic) != 1 || dynamic[0].Kind != env.DynamicUnaccounted {
		t.Errorf("a computed name may read anything, so nothing is unused: got %v", dynamic)
	}
}

func FuzzScan(f *testing.F) {
	for _, s := range []string{"ENV['A", "${A:-", "process.env[", "os.environ[", "<?php /*", "=begin", "FROM x\nENV", "a: &a [*a]", "//\xf2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		files := fstest.MapFS{}
		for _, name := range []string{"a.ts", "a.py", "a.rb", "a.php", "A.java", "a.sh", "Dockerfile", "compose.yml", ".env", "a.toml/fly.toml", "vercel.json"} {
			files[name] = &fstest.MapFile{Data: []byte(s)}
		}
		inv, err := env.Scan(context.Background(), files, env.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range inv.Reads {
			if lines := strings.Count(s, "\n") + 1; r.Line < 1 || r.Line > lines {
				t.Errorf("%s:%d of %d lines", r.File, r.Line, lines)
			}
		}
	})
}

func ExampleScan() {
	inv, err := env.Scan(context.Background(), fstest.MapFS{
		"server.ts":    {Data: []byte("connect(process.env.DATABASE_URL); listen(process.env.PORT_OF_METRICS ?? 9090);")},
		".env.example": {Data: []byte("PORT_OF_METRICS=9090\n")},
	}, env.Options{})
	if err != nil {
		panic(err)
	}
	for _, g := range env.Compare(inv.Reads, inv.Declarations) {
		fmt.Println(g.Kind, g.Name, g.Place)
	}
	// Output:
	// undeclared DATABASE_URL server.ts
}

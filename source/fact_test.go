package source_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/launchready/launchready/source"
)

// Each line that says "want:" is a fact of that kind, and no other line is one.
var facts = map[string]string{
	"app.ts": `import express from "express";
import cors from "cors";
const app = express();
app.use(cors({ origin: true, credentials: true })); // want: cors-open
app.use(cors({ origin: "https://app.acme.test", credentials: true }));
app.use(cors({ origin: "*" }));
app.get("/search", async (req, res) => {
  const rows = await db.query("SELECT * FROM chats WHERE title = '" + req.query.q + "'"); // want: raw-sql
  const safe = await db.query("SELECT * FROM chats WHERE tenant_id = $1 AND id = $2", [req.tenant, req.query.q]);
  const tagged = await sql` + "`SELECT * FROM chats WHERE tenant_id = ${req.tenant}`" + `;
  const many = await db.query("SELECT id FROM tags WHERE id IN (" + ids.map(() => "?").join(",") + ")", ids);
  res.json(rows);
});
app.get("/all", async (req, res) => {
  res.json(await db.query("SELECT id FROM chats ORDER BY id")); // want: no-tenant
});
app.post("/webhooks/stripe", (req, res) => { res.json(charge(req.body)); }); // want: webhook-open
app.post("/webhooks/github", (req, res) => {
  if (!crypto.timingSafeEqual(req.get("x-hub-signature"), mac(req.body))) return res.sendStatus(400);
  res.json(1);
});
app.post("/me", (req, res) => { // want: inline-auth
  const token = req.headers.authorization;
  if (!token) return res.status(401).end();
  posthog.capture({ event: "asked", properties: { message: req.body.message } }); // want: analytics-data
  posthog.capture({ event: "asked", properties: { length: req.body.message.length } });
  const prompt = ` + "`You help ${JSON.stringify(req.user)} today`" + `; // want: prompt-data
  const short = ` + "`You help ${req.user.name} today`" + `;
  res.json(1);
});
app.use((err, req, res, next) => { res.status(500).json({ error: err.stack }); }); // want: error-leak
app.use((err, req, res, next) => { console.error(err.stack); res.status(500).json({ error: "internal" }); });
const admin = createClient(url, process.env.SUPABASE_SERVICE_ROLE_KEY); // want: scope-bypass
`,
	"app.py": `from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
app = FastAPI()
app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_credentials=True)  # want: cors-open
app.add_middleware(CORSMiddleware, allow_origins=["*"])


def run(tool_name, args):
    return getattr(tools, tool_name)(**args)  # want: open-tools


def safe(name, args):
    return TOOLS[name](**args)


def query(cur, name):
    cur.execute(f"SELECT * FROM users WHERE name = '{name}'")  # want: raw-sql
    cur.execute("SELECT * FROM users WHERE name = %s", (name,))
    cur.execute("SET LOCAL row_security = off")  # want: scope-bypass
    cur.execute("SELECT * FROM users WHERE name = '%s'" % name)  # want: raw-sql


def fail(e):
    return JSONResponse({"error": traceback.format_exc()})  # want: error-leak
`,
	"app.go": `package main

import "fmt"

func find(name string) {
	db.Query(fmt.Sprintf("SELECT * FROM users WHERE name = '%s'", name)) // want: raw-sql
	db.Query("SELECT * FROM users WHERE name = $1", name)
	db.Unscoped().Find(&users) // want: scope-bypass
	cors.New(cors.Config{AllowAllOrigins: true, AllowCredentials: true}) // want: cors-open
}
`,
}

func TestFacts(t *testing.T) {
	files := fstest.MapFS{}
	want := map[string]bool{}
	for name, src := range facts {
		files[name] = &fstest.MapFile{Data: []byte(src)}
		for i, line := range strings.Split(src, "\n") {
			if _, kind, ok := strings.Cut(line, "want: "); ok {
				want[fmt.Sprintf("%s:%d %s", name, i+1, kind)] = true
			}
		}
	}
	tree, err := source.Read(context.Background(), files, source.Options{TenantColumns: []string{"tenant_id"}, TenantTables: []string{"chats"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range tree.Facts {
		key := fmt.Sprintf("%s:%d %s", f.File, f.Line, f.Kind)
		// The unsafe statement of /search is one without a tenant as well.
		if f.Kind == source.NoTenant && strings.Contains(f.Excerpt, "req.query.q +") {
			continue
		}
		if !want[key] {
			t.Errorf("%s (%s): %q is no such fact", key, f.Detail, f.Excerpt)
		}
		delete(want, key)
		if f.Excerpt == "" || len(f.Excerpt) > 160 || f.Detail == "" {
			t.Errorf("%s: excerpt %q, detail %q", key, f.Excerpt, f.Detail)
		}
	}
	for key := range want {
		t.Errorf("%s was not found", key)
	}
}

// A tree full of what goes wrong: each file is listed, nothing ends the reading.
func TestBadInput(t *testing.T) {
	files := fstest.MapFS{
		"broken.ts":   {Data: []byte("const = ;")},
		"broken.go":   {Data: []byte("package a\nfunc {")},
		"utf.py":      {Data: []byte("x = \"\xff\xfe\"\n@app.get('/a')\n")},
		"huge.js":     {Data: []byte(strings.Repeat("a;\n", 1_000_000))},
		"line.js":     {Data: []byte("var a = [" + strings.Repeat("1,", 500_000) + "]")},
		"circle/a.ts": {Data: []byte("import { b } from './b'; import express from 'express'; export const a = express.Router(); a.use(b); a.get('/a', () => 1);")},
		"circle/b.ts": {Data: []byte("import { a } from './a'; import express from 'express'; export const b = express.Router(); b.use(a); b.get('/b', () => 1);")},
		"self.py":     {Data: []byte("from self import *\nfrom fastapi import FastAPI\napp = FastAPI()\napp.include_router(app)\n@app.get('/ok')\ndef f(): return f()\n")},
		"ok.js":       {Data: []byte("const app = require('express')(); app.get('/fine', (req, res) => res.json(1));")},
		"rec.js":      {Data: []byte("function f(x) { return f(g(x)); } function g(x) { return f(x); } f(require('express')()); const l = [1]; l.forEach(function h(x) { l.forEach(h); });")},
	}
	tree, err := source.Read(context.Background(), files, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	listed := func(name string) bool {
		return slices.ContainsFunc(tree.Skipped, func(s source.Skipped) bool { return s.Path == name && s.Reason != "" })
	}
	for _, name := range []string{"broken.ts", "broken.go", "huge.js", "line.js"} {
		if !listed(name) {
			t.Errorf("%s is not listed as skipped", name)
		}
	}
	if tree.Complete() {
		t.Error("a tree with broken files calls itself complete")
	}
	for _, path := range []string{"/ok", "/fine"} {
		if !slices.ContainsFunc(tree.Routes, func(r source.Route) bool { return r.Path == path && r.State == source.Unguarded }) {
			t.Errorf("%s is lost among the broken files", path)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := source.Read(ctx, files, source.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was cancelled", err)
	}
	if _, err := source.Read(context.Background(), os.DirFS(filepath.Join(t.TempDir(), "none")), source.Options{}); err == nil {
		t.Error("a folder that is not there is no error")
	}
}

func TestConfiguredGuard(t *testing.T) {
	files := fstest.MapFS{"a.js": {Data: []byte(`const app = require("express")(); const { gate } = require("@acme/gate");
app.get("/a", gate, (req, res) => res.json(1));
app.get("/b", gate("x"), (req, res) => res.json(1));
app.get("/c", (req, res) => res.json(1));`)}}
	for _, guards := range [][]string{nil, {"gate"}} {
		tree, err := source.Read(context.Background(), files, source.Options{Guards: guards})
		if err != nil || len(tree.Routes) != 3 {
			t.Fatalf("%d routes, %v", len(tree.Routes), err)
		}
		for _, r := range tree.Routes {
			guarded := guards != nil && r.Path != "/c"
			if (r.State == source.Guarded) != guarded || guarded && !r.Guards[0].Assumed {
				t.Errorf("guards %v: %s is %s %v", guards, r.String(), r.State, r.Guards)
			}
		}
	}
}

// Settings that differ say nothing certain: one of them may be the production's.
func TestDifferingSettings(t *testing.T) {
	files := fstest.MapFS{
		"urls.py":          {Data: []byte("from django.urls import path\nfrom views import V\nurlpatterns = [path('v/', V.as_view())]\n")},
		"views.py":         {Data: []byte("from rest_framework import generics\nclass V(generics.ListAPIView):\n    pass\n")},
		"settings/dev.py":  {Data: []byte("REST_FRAMEWORK = {'DEFAULT_PERMISSION_CLASSES': ['rest_framework.permissions.IsAuthenticated']}\n")},
		"settings/prod.py": {Data: []byte("REST_FRAMEWORK = {'DEFAULT_PERMISSION_CLASSES': ['rest_framework.permissions.AllowAny']}\n")},
	}
	for want, without := range map[source.State]string{source.Unknown: "", source.Guarded: "settings/prod.py", source.Unguarded: "settings/dev.py"} {
		part := fstest.MapFS{}
		for name, f := range files {
			if name != without {
				part[name] = f
			}
		}
		tree, err := source.Read(context.Background(), part, source.Options{})
		if err != nil || len(tree.Routes) != 1 || tree.Routes[0].State != want {
			t.Errorf("without %q: got %+v, %v, want %s", without, tree.Routes, err, want)
		}
	}
}

func TestMechanisms(t *testing.T) {
	tree := source.Tree{Routes: []source.Route{
		{Guards: []source.Guard{{Name: "requireUser", File: "auth.ts"}}}, {Guards: []source.Guard{{Name: "requireUser", File: "auth.ts"}, {Name: "jwt", Assumed: true}}},
		{Guards: []source.Guard{{Name: "in the handler", File: "a.ts", Inline: true}}}, {Guards: []source.Guard{{Name: "currentUser", File: "a.ts", Inline: true}}},
	}}
	var got []string
	for _, g := range tree.Mechanisms() {
		got = append(got, g.Name)
	}
	if want := []string{"in the handler", "jwt", "requireUser"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func ExampleRead() {
	app := fstest.MapFS{"app.py": {Data: []byte(`
from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer

app = FastAPI()

@app.get("/chats/{id}", dependencies=[Depends(HTTPBearer())])
def chat(id: str): ...

@app.get("/status")
def status(): ...
`)}}
	tree, err := source.Read(context.Background(), app, source.Options{})
	if err != nil {
		panic(err)
	}
	for _, r := range tree.Routes {
		fmt.Println(r.String(), r.State)
	}
	// Output:
	// GET /chats/{id} guarded
	// GET /status unguarded
}

func FuzzRead(f *testing.F) {
	fixtures, _ := filepath.Glob("testdata/*.txtar")
	for _, file := range fixtures {
		if b, err := os.ReadFile(file); err == nil {
			f.Add(string(b[:min(len(b), 3000)]))
		}
	}
	f.Add("const app = require('express')(); app.use(app); app.get(`/${app}`, app)")
	f.Fuzz(func(t *testing.T, src string) {
		tree, err := source.Read(context.Background(), fstest.MapFS{
			"a.ts": {Data: []byte(src)}, "b.py": {Data: []byte(src)}, "c.go": {Data: []byte(src)}, "app/api/x/route.ts": {Data: []byte(src)}, "urls.py": {Data: []byte(src)},
		}, source.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range tree.Routes {
			if r.State == source.Guarded && len(r.Guards) == 0 {
				t.Errorf("%s is guarded by nothing", r.String())
			}
		}
	})
}

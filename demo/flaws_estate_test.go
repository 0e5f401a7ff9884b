package demo

import (
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/launchready/launchready/demo/repository"
)

// estateFlaws are those of what lies beside the chatbot.
var estateFlaws = map[string]symptom{
	"auth/source-guard": func(w *world) bool {
		return strings.Contains(w.laid("harbor/server/src/app.ts"), "/office/board") && strings.Contains(w.do(caller{}, "GET", "/office/board", nil).Body, `"tenants"`)
	},
	"auth/source-inventory": func(w *world) bool {
		return strings.Contains(w.laid("harbor/server/src/app.ts"), "/v1/imports/legacy")
	},
	"auth/handler-decides": func(w *world) bool {
		return strings.Contains(w.laid("harbor/server/src/handlers/chats.ts"), "req.headers.authorization")
	},
	"isolation/source-query": func(w *world) bool {
		return strings.Contains(w.laid("harbor/server/src/report.ts"), "FROM chats ORDER")
	},
	"isolation/source-scope": func(w *world) bool {
		return strings.Contains(w.laid("harbor/server/src/report.ts"), "row_security")
	},
	"input/source-sql": func(w *world) bool {
		return strings.Contains(w.laid("harbor/server/src/retrieval.ts"), "${question}")
	},
	"hygiene/source-error": func(w *world) bool { return strings.Contains(w.laid("harbor/server/src/errors.ts"), ".stack") },
	"cors/source-origin": func(w *world) bool {
		return strings.Contains(w.laid("harbor/server/src/app.ts"), "credentials: true")
	},
	"model/source-prompt": func(w *world) bool {
		return strings.Contains(w.laid("harbor/server/src/assistant.ts"), "JSON.stringify(user)")
	},
	"model/source-tools": func(w *world) bool {
		return strings.Contains(w.laid("harbor/server/src/tools.ts"), "globalThis")
	},
	"model/source-analytics": func(w *world) bool {
		return strings.Contains(w.laid("harbor/server/src/assistant.ts"), "analytics.track")
	},
	"secrets/public-variable": func(w *world) bool {
		return strings.Contains(w.laid("harbor/web/src/main.ts"), "VITE_OPENAI_API_KEY")
	},
	"operations/undeclared-variable": func(w *world) bool { return strings.Contains(w.laid("harbor/server/src/env.ts"), "QUEUE_URL") },
	"operations/undeclared-integration": func(w *world) bool {
		return strings.Contains(w.laid("harbor/server/src/invite.ts"), "new Resend()")
	},
	"operations/placeholder-value": func(w *world) bool {
		return strings.Contains(w.laid("harbor/deploy/production.yaml"), "changeme")
	},
	"operations/secrets-map": func(w *world) bool {
		return strings.Contains(w.laid("harbor/server/src/env.ts"), "SENTRY_AUTH_TOKEN")
	},
	"input/source-webhook": func(w *world) bool {
		return !strings.Contains(w.laid("harbor/server/src/routes/webhooks.ts"), "signed, ")
	},
	"secrets/manifest-literal": func(w *world) bool {
		return strings.Contains(w.laid("harbor/deploy/production.yaml"), "CRM_WEBHOOK_SECRET, value: ")
	},
	"operations/production-variable": func(w *world) bool {
		return !strings.Contains(w.laid("harbor/deploy/production.yaml"), "MAIL_URL")
	},
	"secrets/repository": func(w *world) bool {
		return strings.Contains(w.laid("harbor/server/src/billing.ts"), "sk_live_")
	},
	"secrets/history": func(w *world) bool {
		return strings.Contains(w.beside().git("show", "HEAD~1:server/src/mailer.ts"), "SG.")
	},
	"secrets/tracked-file": func(w *world) bool { return strings.Contains(w.beside().git("ls-files"), "\n.env\n") },
	"secrets/bundle": func(w *world) bool {
		return strings.Contains(w.laid("harbor/web/dist/assets/app-3f2a1c9e.js"), "sk_live_")
	},
	"secrets/image": func(w *world) bool { return strings.Contains(w.laid(repository.Image), "STRIPE_SECRET_KEY=") },
	"secrets/browser-storage": func(w *world) bool {
		body := w.do(caller{}, "GET", "/assets/app.js", nil).Body
		return strings.Contains(body, "_evil_ks") && strings.Contains(body, `.reverse().join("")`)
	},
	"secrets/page": func(w *world) bool {
		return strings.Contains(w.do(caller{}, "GET", "/assets/app.js", nil).Body, "sk_live_")
	},
	"secrets/log": func(w *world) bool { return strings.Contains(w.laid(repository.CILog), "ghp_") },
	"secrets/answer": func(w *world) bool {
		return strings.Contains(w.do(w.as("member@acme.test"), "GET", "/v1/usage", nil).Body, "sk_live_")
	},
	"secrets/known-value": func(w *world) bool {
		return strings.Contains(w.laid("harbor/web/dist/assets/app-3f2a1c9e.js"), base64.StdEncoding.EncodeToString([]byte(w.s.environment()["SESSION_SECRET"])))
	},
	"secrets/log-canary": func(w *world) bool {
		b := w.beside()
		b.w.do(caller{}, "GET", "/v1/terms", nil, "Authorization", "Bearer lrlog-0123456789")
		return strings.Contains(b.file(repository.Log), "lrlog-0123456789")
	},
	"operations/incident-owner": func(w *world) bool { return !strings.Contains(w.beside().config(), "abuse:") },
	"operations/rollback-rehearsed": func(w *world) bool {
		return strings.Contains(w.laid(".launchready/rehearsal.json"), `"data_kept": false`)
	},
	"operations/health-endpoint": func(w *world) bool { return strings.Contains(w.beside().config(), "health: GET /v1/health/ready") },
	"operations/security-event": func(w *world) bool {
		b := w.beside()
		b.w.do(caller{}, "POST", "/v1/auth/login", map[string]any{"email": "nobody@acme.test", "password": "wrong"})
		b.w.do(caller{}, "GET", "/v1/terms", nil)
		text := b.file(repository.Log)
		return strings.Contains(text, "/v1/terms") && !strings.Contains(text, "sign-in failed") && !strings.Contains(text, "/v1/auth/login")
	},
	"operations/debug-mode": func(w *world) bool {
		return strings.Contains(w.laid("harbor/deploy/production.yaml"), "value: development")
	},
	"operations/container-user": func(w *world) bool { return !strings.Contains(w.laid("harbor/Dockerfile"), "USER node") },
	"operations/pinned-version": func(w *world) bool {
		return strings.Contains(w.laid("harbor/Dockerfile"), "FROM node AS build")
	},
	"operations/graceful-stop": func(w *world) bool { return strings.Contains(w.laid("harbor/Dockerfile"), "CMD node") },
	"operations/migration-step": func(w *world) bool {
		return !strings.Contains(w.laid("harbor/deploy/production.yaml"), "migrate.js")
	},
	"operations/secret-age": func(w *world) bool {
		return strings.Contains(w.beside().config(), "rotated: "+w.now().AddDate(0, 0, -700).Format("2006-01-02"))
	},
	"operations/secret-pasted": func(w *world) bool { return strings.Contains(w.beside().config(), "pasted: true") },
}

// grounds is a Harbor with a folder.
type grounds struct {
	w   *world
	dir string
}

// beside starts a Harbor with the same flaws and a folder.
func (w *world) beside() grounds {
	w.t.Helper()
	dir := w.t.TempDir()
	var on []string
	for id := range w.s.flaws {
		on = append(on, id)
	}
	slices.Sort(on)
	s, err := New(Options{Flaws: on, Seed: 1, Key: signingKey(w.t), Now: w.now, Folder: dir})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			w.t.Errorf("close: %v", err)
		}
	})
	return grounds{&world{t: w.t, s: s, c: w.c, users: map[string]caller{}}, dir}
}

func (g grounds) config() string { return string(g.w.s.Config()) }

// laid is the text of a file that Harbor's flaws would lay out, without its history.
func (w *world) laid(name string) string {
	w.t.Helper()
	if w.tree == "" {
		dir := w.owner.TempDir()
		err := repository.Write(dir, repository.Options{Flaws: w.s.flaws.Has, Seed: 1, Now: w.now(), Routes: w.s.sourceRoutes(), Secrets: w.s.environment(), Plain: true})
		if err != nil {
			w.t.Fatal(err)
		}
		w.tree = dir
	}
	return grounds{w, w.tree}.file(name)
}

// git is what a command of git says about the repository.
func (g grounds) git(args ...string) string {
	g.w.t.Helper()
	out, err := exec.CommandContext(g.w.t.Context(), "git", append([]string{"-C", filepath.Join(g.dir, repository.Tree)}, args...)...).Output()
	if err != nil {
		return ""
	}
	return "\n" + string(out)
}

// file is the text of a file in the folder, "" where there is none.
func (g grounds) file(name string) string {
	g.w.t.Helper()
	b, err := os.ReadFile(filepath.Join(g.dir, name))
	if err != nil && !os.IsNotExist(err) {
		g.w.t.Fatal(err)
	}
	return string(b)
}

// TestEstate holds what lies beside the chatbot to what its configuration names.
func TestEstate(t *testing.T) {
	g := start(t).beside()
	text := g.config()
	for _, name := range []string{repository.Tree, repository.Bundle, repository.Log, repository.CILog} {
		if !strings.Contains(text, name) {
			t.Errorf("the configuration does not name %s", name)
		}
		if _, err := os.Stat(filepath.Join(g.dir, name)); err != nil {
			t.Errorf("the configuration names what is not there: %v", err)
		}
	}
	log := g.file(repository.Log)
	g.w.as("member@acme.test")
	if g.file(repository.Log) == log {
		t.Error("the log does not grow by a request")
	}
	if strings.Contains(g.file(repository.Log), g.w.s.Password("member@acme.test")) {
		t.Error("the log holds a password")
	}
}

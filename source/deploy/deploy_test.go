package deploy_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/launchready/launchready/source/deploy"
)

func read(t *testing.T, files map[string]string) *deploy.Facts {
	t.Helper()
	tree := fstest.MapFS{}
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	f, err := deploy.Read(t.Context(), tree)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// lines writes facts down, one a line.
func lines(f *deploy.Facts) []string {
	var out []string
	add := func(kind string, at deploy.Place, format string, args ...any) {
		out = append(out, strings.TrimSpace(kind+" "+at.String()+" "+fmt.Sprintf(format, args...)))
	}
	for _, i := range f.Images {
		add("image", i.Place, "%s tag=%s digest=%t local=%t", i.Ref, i.Tag(), i.Digest(), i.Local)
	}
	for _, s := range f.Settings {
		add("setting", s.Place, "%s debug=%t local=%t", s.Name, s.Is("true", "development"), s.Local)
	}
	for _, c := range f.Commands {
		add("command", c.Place, "%q shell=%t local=%t", c.Text, c.Shell, c.Local)
	}
	for _, u := range f.Users {
		add("user", u.Place, "%q of %s", u.Name, u.Base)
	}
	for _, a := range f.Actions {
		add("action", a.Place, "%s", a.Uses)
	}
	for kind, places := range map[string][]deploy.Place{"nonroot": f.NonRoot, "grace": f.Grace, "probe": f.Probes, "migrates": f.Migrates} {
		for _, p := range places {
			add(kind, p, "")
		}
	}
	for _, s := range f.Schemas {
		out = append(out, "schema "+s)
	}
	for _, s := range f.Skipped {
		out = append(out, "skipped "+s)
	}
	slices.Sort(out)
	return out
}

func TestRead(t *testing.T) {
	for _, tc := range []struct {
		name, file, text string
		want             []string
	}{
		{"stages", "Dockerfile", "ARG V=22\nFROM node:${V} AS build\nRUN npm ci\nFROM build AS app\nFROM scratch\nCOPY --from=app / /\nCMD [\"/app\"]\n", []string{
			`command Dockerfile:7 "/app" shell=false local=false`, `image Dockerfile:2 node:22 tag=22 digest=false local=false`, `user Dockerfile:5 "" of scratch`}},
		{"last stage counts", "docker/api.Dockerfile", "FROM python:3.13 AS b\nUSER root\nFROM --platform=linux/amd64 python:3.13@sha256:abc\n# USER app\nUSER 1001:1001\nENTRYPOINT exec gunicorn app\nENV A=1 B=\"two words\" DEBUG=true\nENV OLD form\nHEALTHCHECK NONE\n", []string{
			`command docker/api.Dockerfile:6 "exec gunicorn app" shell=false local=false`, `image docker/api.Dockerfile:1 python:3.13 tag=3.13 digest=false local=false`,
			`image docker/api.Dockerfile:3 python:3.13@sha256:abc tag=3.13 digest=true local=false`, `setting docker/api.Dockerfile:7 A debug=false local=false`,
			`setting docker/api.Dockerfile:7 B debug=false local=false`, `setting docker/api.Dockerfile:7 DEBUG debug=true local=false`, `setting docker/api.Dockerfile:8 OLD debug=false local=false`,
			`user docker/api.Dockerfile:5 "1001:1001" of python:3.13@sha256:abc`}},
		{"shell form over two lines", "Dockerfile", "FROM localhost:5000/base\nHEALTHCHECK CMD curl -f localhost\nCMD npm run migrate && \\\n    npm start\n", []string{
			`command Dockerfile:3 "npm run migrate &&  npm start" shell=true local=false`, `image Dockerfile:1 localhost:5000/base tag= digest=false local=false`,
			`migrates Dockerfile:3`, `probe Dockerfile:2`, `user Dockerfile:1 "" of localhost:5000/base`}},
		{"a developer's file", "Dockerfile.dev", "FROM node\nCMD npm run dev\n", []string{`command Dockerfile.dev:2 "npm run dev" shell=true local=true`, `image Dockerfile.dev:1 node tag= digest=false local=true`}},
		{"Compose", "docker-compose.yml", "services:\n  app:\n    image: acme/app\n    environment:\n      - NODE_ENV=development\n      - EMPTY\n    command: [\"sh\", \"-c\", \"node a.js\"]\n    healthcheck: {test: curl}\n  db:\n    image: postgres:17\n    environment: {POSTGRES_USER: x}\n", []string{
			`command docker-compose.yml:7 "sh -c node a.js" shell=true local=true`, `image docker-compose.yml:10 postgres:17 tag=17 digest=false local=true`,
			`image docker-compose.yml:3 acme/app tag= digest=false local=true`, `probe docker-compose.yml:8`, `setting docker-compose.yml:11 POSTGRES_USER debug=false local=true`, `setting docker-compose.yml:5 NODE_ENV debug=true local=true`}},
		{"Compose in production", "docker-compose.prod.yml", "services:\n  app: {image: acme/app:latest}\n", []string{`image docker-compose.prod.yml:2 acme/app:latest tag=latest digest=false local=false`}},
		{"Kubernetes", "k8s/app.yaml", "apiVersion: v1\nkind: Service\n---\napiVersion: batch/v1\nkind: CronJob\nspec:\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          terminationGracePeriodSeconds: 0\n          containers:\n            - name: a\n              image: a:1\n              securityContext: {runAsNonRoot: true}\n              readinessProbe: {}\n              env:\n                - {name: DEBUG, value: \"true\"}\n                - name: KEY\n                  valueFrom: {}\n", []string{
			`grace k8s/app.yaml:11`, `image k8s/app.yaml:14 a:1 tag=1 digest=false local=false`, `nonroot k8s/app.yaml:15`, `probe k8s/app.yaml:16`, `setting k8s/app.yaml:18 DEBUG debug=true local=false`}},
		{"a chart's template", "chart/templates/app.yaml", "apiVersion: v1\nkind: Pod\nspec: {{ include \"x\" . }}\n", []string{`skipped chart/templates/app.yaml: it is a template, whose values are not known`}},
		{"another YAML file", "mkdocs.yml", "site_name: x\n", nil},
		{"broken YAML", "docker-compose.yml", "services:\n\t- [\n", []string{`skipped docker-compose.yml: it is no YAML`}},
		{"a Procfile", "Procfile", "web: gunicorn app\n# web: no\nrelease: python manage.py migrate\n", []string{
			`command Procfile:1 "gunicorn app" shell=false local=false`, `command Procfile:3 "python manage.py migrate" shell=false local=false`, `migrates Procfile:3`}},
		{"a workflow", ".github/workflows/ci.yml", "jobs:\n  test:\n    steps:\n      - uses: actions/checkout@v4\n      - run: npx prisma migrate deploy\n  call:\n    uses: acme/flows/.github/workflows/x.yml@main\n", []string{
			`action .github/workflows/ci.yml:4 actions/checkout@v4`, `action .github/workflows/ci.yml:7 acme/flows/.github/workflows/x.yml@main`, `migrates .github/workflows/ci.yml:5`}},
		{"migrations", "db/migrations/001.sql", "", []string{"schema db/migrations"}},
		{"what others wrote", "node_modules/x/Dockerfile", "FROM x\n", nil},
		{"too large", "Dockerfile", strings.Repeat("# x\n", 300_000), []string{"skipped Dockerfile: it is larger than a manifest"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := lines(read(t, map[string]string{tc.file: tc.text})); !slices.Equal(got, tc.want) {
				t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
			}
		})
	}
}

func TestUnreadable(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "closed"), 0o000); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir, filepath.Join(dir, "loop")); err != nil {
		t.Fatal(err)
	}
	if _, err := deploy.Read(t.Context(), os.DirFS(dir)); err != nil {
		t.Error(err)
	}
	if _, err := deploy.Read(t.Context(), os.DirFS(filepath.Join(dir, "none"))); err == nil {
		t.Error("a folder that is not there was read")
	}
}

func FuzzRead(f *testing.F) {
	f.Add("FROM a AS b\nCMD [\"x\"]\nENV A=\"b", "services: {a: {image: x}}")
	f.Add("ARG\nFROM\nUSER\n\\\n", "apiVersion: v1\nkind: Pod\nspec: &a [*a]\n")
	f.Fuzz(func(t *testing.T, docker, yaml string) {
		read(t, map[string]string{"Dockerfile": docker, "compose.yaml": yaml, "k.yaml": "apiVersion: v1\nkind: x\n" + yaml, ".github/workflows/a.yml": yaml, "Procfile": docker})
	})
}

func Example() {
	f, err := deploy.Read(context.Background(), fstest.MapFS{"Dockerfile": {Data: []byte("FROM node:latest\nCMD npm start\n")}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range f.Commands {
		fmt.Println(c.Place, c.Text, c.Shell)
	}
	// Output: Dockerfile:2 npm start true
}

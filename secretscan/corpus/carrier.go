package corpus

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// everywhere are the carriers that hold a name and a value.
const everywhere = "env js ts bundle python json yaml kubernetes map notebook har storage log ci dockerfile compose shell terraform go base64 split"

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return strings.NewReplacer(`\u0026`, "&", `\u003c`, "<", `\u003e`, ">").Replace(string(b))
}

func camel(name string) string {
	parts := strings.Split(strings.ToLower(name), "_")
	for i := 1; i < len(parts); i++ {
		if parts[i] != "" {
			parts[i] = strings.ToUpper(parts[i][:1]) + parts[i][1:]
		}
	}
	return strings.Join(parts, "")
}

// carry writes a name and its value as a carrier does, with what stands around it.
func (g *maker) carry(carrier, name, value string) (path, text string) {
	if p, t, ok := g.carrySpecial(carrier, value); ok {
		return p, t
	}
	low := strings.ToLower(name)
	switch carrier {
	case "env":
		v := value
		if g.IntN(2) == 0 && !strings.Contains(v, "\n") || strings.Contains(v, "#") {
			v = `"` + v + `"`
		}
		return g.pick(".env", ".env.production", "config/.env.local"), "NODE_ENV=production\nPORT=8080\n" + name + "=" + v + "\nLOG_LEVEL=info\n"
	case "js":
		return "src/config.js", "import express from 'express'\n\nconst app = express()\nconst " + camel(name) + " = '" + strings.ReplaceAll(value, "'", `\'`) + "'\nexport default { " + camel(name) + " }\n"
	case "ts":
		return "src/client.ts", "export interface Options { timeout: number }\n\nexport const settings = {\n  timeout: 3000,\n  " + camel(name) + ": " + quote(value) + ",\n}\n"
	case "bundle":
		return "dist/assets/index-" + g.of(b62, 8) + ".js", `!function(){var e=function(t){return t*2},n=[1,2,3].map(e);window.__app={retries:3,` + camel(name) + ":" + quote(value) + `,debug:!1};function r(a,b){return a.key===b.key?0:1}n.sort(r)}();`
	case "python":
		return "app/settings.py", "import os\n\nDEBUG = False\nALLOWED_HOSTS = ['app.internal']\n" + name + ` = "` + strings.ReplaceAll(value, `"`, `\"`) + "\"\nTIMEOUT = 30\n"
	case "json":
		return "config/production.json", "{\n  \"port\": 8080,\n  \"service\": {\n    " + quote(camel(name)) + ": " + quote(value) + ",\n    \"retries\": 3\n  }\n}\n"
	case "yaml":
		return "deploy/values.yaml", "replicas: 2\nimage: registry.internal/app:1.4.2\nconfig:\n  " + low + ": " + quote(value) + "\n  logLevel: info\n"
	case "kubernetes":
		return "k8s/secret.yaml", "apiVersion: v1\nkind: Secret\nmetadata:\n  name: app\ntype: Opaque\ndata:\n  " + name + ": " + base64.StdEncoding.EncodeToString([]byte(value)) + "\n"
	case "map":
		source := "const retries = 3\nexport const " + camel(name) + " = " + quote(value) + "\nexport function go() { return retries }\n"
		return "dist/app.js.map", `{"version":3,"sources":["../src/main.ts","../src/keys.ts"],"sourcesContent":["export {}\n",` + quote(source) + `],"names":[],"mappings":"AAAA,SAASA,IAAIC,KAAK;AACd,OAAO"}`
	case "notebook":
		return "analysis.ipynb", `{"cells":[{"cell_type":"code","source":["import os\n",` + quote(name+" = "+quote(value)+"\n") + `,"print(1)"],"outputs":[]}],"nbformat":4}`
	case "har":
		return "session.har", `{"log":{"version":"1.2","entries":[{"request":{"method":"GET","url":"https://api.internal/v1/me","headers":[{"name":"Accept","value":"application/json"},{"name":` + quote("X-"+strings.ReplaceAll(low, "_", "-")) + `,"value":` + quote(value) + `}]},"response":{"status":200,"content":{"mimeType":"application/json","text":"{\"ok\":true}"}}}]}}`
	case "storage":
		return "playwright/.auth/state.json", `{"cookies":[{"name":"theme","value":"dark","domain":"app.internal"}],"origins":[{"origin":"https://app.internal","localStorage":[{"name":` + quote(low) + `,"value":` + quote(value) + `}]}]}`
	case "log":
		return "logs/server.log", "2026-03-01T10:00:00Z INFO listening on 8080\n" + `{"level":"info","ts":"2026-03-01T10:00:01Z","msg":"configuration loaded",` + quote(low) + ":" + quote(value) + ",\"workers\":4}\n2026-03-01T10:00:02Z INFO ready\n"
	case "ci":
		return "ci/build-4711.log", "2026-03-01T10:00:00.0000000Z ##[group]Run npm ci\n2026-03-01T10:00:03.1000000Z   env:\n2026-03-01T10:00:03.1000000Z     " + name + ": " + value + "\n2026-03-01T10:00:09.0000000Z added 512 packages in 6s\n"
	case "dockerfile":
		return "Dockerfile", "FROM node:22-alpine\nWORKDIR /app\nENV " + name + g.pick("=", " ") + value + "\nCMD [\"node\", \"server.js\"]\n"
	case "compose":
		return "docker-compose.yml", "services:\n  web:\n    image: app:1.2.0\n    environment:\n      - NODE_ENV=production\n      - " + name + "=" + value + "\n    ports: [\"8080:8080\"]\n"
	case "shell":
		return "deploy.sh", "#!/bin/sh\nset -e\nexport " + name + "='" + value + "'\n./run --workers 4\n"
	case "terraform":
		return "main.tf", "resource \"app\" \"web\" {\n  size = \"small\"\n  " + low + " = " + quote(value) + "\n}\n"
	case "go":
		return "internal/client.go", "package client\n\nconst timeout = 30\n\nvar " + camel(name) + g.pick("", " string") + " = " + quote(value) + "\n"
	case "base64":
		inner := "user=app\n" + name + "=" + value + "\nretries=3\n"
		return "deploy/bootstrap.yaml", "write_files:\n  - path: /etc/app.env\n    encoding: b64\n    content: " + base64.StdEncoding.EncodeToString([]byte(inner)) + "\n"
	case "split":
		at := len(value)/3 + g.IntN(len(value)/3)
		if g.IntN(2) == 0 {
			return "app/keys.py", "import os\n\n" + name + " = (\"" + value[:at] + "\"\n    \"" + value[at:] + "\")\n"
		}
		return "src/keys.js", "export const " + camel(name) + " = '" + value[:at] + "' + '" + value[at:] + "'\n"
	case "readme":
		return "README.md", "# Service\n\nRun it with the key " + value + " until the vault is ready.\n"
	case "message":
		return "COMMIT_EDITMSG", "fix: use the new key " + value + "\n\nThe old one was revoked.\n"
	case "bearerlog":
		return "logs/access.log", fmt.Sprintf("10.0.0.7 - - [01/Mar/2026:10:00:00 +0000] \"GET /v1/me HTTP/1.1\" 200 512\n"+`{"level":"debug","msg":"upstream request","headers":{"accept":"*/*","authorization":"Bearer %s"}}`+"\n", value)
	case "bearersource":
		return "src/api.ts", "export const get = () => fetch('https://api.internal/v1', {\n  headers: { Authorization: `Bearer " + value + "` },\n})\n"
	case "raw":
		return "id_deploy", value + "\n"
	}
	return carrier, name + "=" + value + "\n"
}

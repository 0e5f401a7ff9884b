package policy_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/launchready/launchready/guard/policy"
)

const virtual = "lrk_of-the-application"

// withModel is a policy with a second listener, a key a line, so that a test can
// take one away.
const withModel = `version: 1
listen: 127.0.0.1:0
upstream: http://127.0.0.1:1
routes: [{path: /healthz, public: true}]
model:
  listen: 127.0.0.1:8081
  providers:
    openai: {url: "%s", key: "${env:OPENAI_API_KEY}"}
  keys:
    - {name: chat, sha256: "%x", tenant: acme, roles: [agent]}
    - {name: app, sha256: "0000000000000000000000000000000000000000000000000000000000000000", signed: true}
  context: {key: "${env:GUARD_CONTEXT_KEY}"}
  models: [small]
  max_tokens: 100
  tools:
    - name: send_mail
      roles: [agent]
      schema: {type: object, required: [to], properties: {to: {type: string, maxLength: 40}, count: {type: integer, maximum: 3}}}
      when: args.to.endsWith("@acme.test")
    - {name: search, provenance: confirm, trusted_result: true}
  provenance: refuse
  trusted_hosts: [acme.test]
  redact: {prompts: [secrets, card], completions: [secrets, email]}
  links: [docs.acme.test, "*.cdn.acme.test"]
  canaries:
    - {name: kb, tenant: other, value: "${env:CANARY_OTHER}"}
    - {name: prompt, value: Foxglove-2H6YD4VJZE}
`

func environment(name string) (string, bool) {
	v, ok := map[string]string{"OPENAI_API_KEY": "provider-key-that-stays", "GUARD_CONTEXT_KEY": strings.Repeat("k", 32), "CANARY_OTHER": "Marigold-5T8WN3RBQC"}[name]
	return v, ok
}

func modelText(url string) string {
	return fmt.Sprintf(withModel, url, sha256.Sum256([]byte(virtual)))
}

func TestModel(t *testing.T) {
	var got string
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got = r.Header.Get("Authorization") + " " + string(b)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"choices":[{"index":0,"message":{"role":"assistant","content":"to jane@acme.test ![x](https://evil.test/p)"},"finish_reason":"stop"}]}`)
	}))
	defer provider.Close()
	front := httptest.NewServer(serveModel(t, &policy.State{}, "%s", modelText(provider.URL)))
	defer front.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, front.URL+"/v1/chat/completions", strings.NewReader(`{"model":"small","messages":[{"role":"user","content":"card 4111 1111 1111 1111 of jane@acme.test"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+virtual)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if want := `Bearer provider-key-that-stays {"max_completion_tokens":100,"model":"small","messages":[{"role":"user","content":"card [card] of jane@acme.test"}]}`; got != want {
		t.Errorf("the provider got %s", got)
	}
	if body := string(b); res.StatusCode != 200 || !strings.Contains(body, "to [email] ![x]([link removed])") || strings.Contains(body, "evil.test") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
}

// TestReadModel: the section alone, as whoever runs the application writes it.
func TestReadModel(t *testing.T) {
	m, err := policy.ReadModel("model.yaml", []byte("model:\n  listen: 127.0.0.1:8081\n  models: [small]\n  breaker: {failures: 2}\n"))
	if err != nil || m.Listen != "127.0.0.1:8081" || m.Breaker.Failures != 2 {
		t.Errorf("%+v %v", m, err)
	}
	for text, want := range map[string]string{"model: {listens: x}": "model.yaml:1:9: ", "listen: x": "model.yaml:1:1: ", "": "model.yaml:1:1: no section model", "model: [": "model.yaml:1:"} {
		if m, err := policy.ReadModel("model.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %+v %v, want %s", text, m, err, want)
		}
	}
}

func TestNoModel(t *testing.T) {
	p, err := policy.Parse("guard.yaml", []byte("version: 1\nlisten: 127.0.0.1:0\nupstream: http://127.0.0.1:1\nroutes: [{path: /healthz, public: true}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	if proxy, err := p.BuildModel(&policy.State{}, environment); proxy != nil || err != nil {
		t.Errorf("%v %v", proxy, err)
	}
}

func TestModelEnvironment(t *testing.T) {
	p, err := policy.Parse("guard.yaml", []byte(modelText("http://127.0.0.1:1")))
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.BuildModel(&policy.State{}, func(name string) (string, bool) {
		if name == "GUARD_CONTEXT_KEY" {
			return "short", true
		}
		return "", false
	})
	for _, want := range []string{"guard.yaml:8:46: model.providers.openai.key: the variable OPENAI_API_KEY is not set", "model.canaries[0].value: the variable CANARY_OTHER is not set", ": model.context.key: the key has under 32 bytes"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %s", err, want)
		}
	}
	if strings.Contains(fmt.Sprint(err), "short") {
		t.Error("a value is in the error")
	}
	_, err = p.BuildModel(&policy.State{}, func(name string) (string, bool) {
		if name == "CANARY_OTHER" {
			return "fox", true
		}
		return environment(name)
	})
	if err == nil || !strings.Contains(err.Error(), ": model.canaries[0].value: ") || !strings.HasPrefix(err.Error(), "guard.yaml:") || strings.Contains(err.Error(), "fox") {
		t.Errorf("a canary that is too short: %v", err)
	}
}

func TestModelMistakes(t *testing.T) {
	base := modelText("http://127.0.0.1:1")
	for name, c := range map[string]struct{ from, to, want string }{
		"unknown member":        {"max_tokens: 100", "max_token: 100", ":14:3: "},
		"no listener":           {"listen: 127.0.0.1:8081", "listen: here", ":6:11: model.listen"},
		"the same listener":     {"listen: 127.0.0.1:8081", "listen: 127.0.0.1:0", ":6:11: model needs a listener"},
		"an open listener":      {"listen: 127.0.0.1:8081", "listen: 0.0.0.0:8081", `unsafe: ["open model 0.0.0.0:8081"]`},
		"a tool that is killed": {"model:\n", "kill: {tools: [send-mail]}\nmodel:\n", `kill: "send-mail" is no tool of model.tools`},
		"a provider's protocol": {"    openai: {", "    mistral: {", `:8:14: provider "mistral"`},
		"an address with v1":    {"http://127.0.0.1:1\",", "http://127.0.0.1:1/v1\",", ":8:19: "},
		"in the clear":          {"http://127.0.0.1:1\",", "http://api.test\",", `unsafe: ["cleartext model openai"]`},
		"a key in the file":     {"${env:OPENAI_API_KEY}", "sk-in-the-file", ":8:46: "},
		"a hash":                {"sha256: \"0000", "sha256: \"00", `:11:27: key "app"`},
		"a key twice":           {"name: app", "name: chat", ":11:"},
		"whose key":             {"tenant: acme, roles: [agent]}", "roles: [agent]}", `:10:7: key "chat" belongs to no tenant`},
		"two sayings":           {"signed: true", "tenant: x, signed: true", `:11:7: key "app" has a tenant`},
		"nothing verifies":      {"  context: {key: \"${env:GUARD_CONTEXT_KEY}\"}\n", "", `key "app" is signed and model has no context`},
		"no model":              {"models: [small]", "models: []", "model needs models"},
		"any model":             {"models: [small]", `models: ["*"]`, `unsafe: ["any model *"]`},
		"no bound":              {"  max_tokens: 100\n", "", `unsafe: ["unbounded completions 127.0.0.1:8081"]`},
		"a bound below 0":       {"max_tokens: 100", "max_tokens: -1", "below 0"},
		"a tool twice":          {"{name: search,", "{name: send_mail,", ":20:7: "},
		"a schema":              {"type: object,", "type: objekt,", ":16:7: tool send_mail: compile the schema"},
		"a schema elsewhere":    {"{type: object,", `{$ref: "https://evil.test/s.json", type: object,`, "compile the schema"},
		"an expression":         {`args.to.endsWith("@acme.test")`, `args.to.endsWith(`, ":16:7: tool send_mail: compile the expression"},
		"no condition":          {`args.to.endsWith("@acme.test")`, `'"x"'`, "it is not true or false"},
		"a provenance":          {"provenance: refuse", "provenance: maybe", ":21:15: "},
		"what to redact":        {"[secrets, card]", "[secrets, names]", ":23:31: redact \"names\""},
		"addresses alone":       {"[secrets, email]", "[email]", "goes with secrets"},
		"a host":                {"[docs.acme.test,", "[\"https://docs.acme.test\",", ":24:11: "},
		"a breaker":             {"max_tokens: 100", "max_tokens: 100\n  breaker: {failures: 0}", ":15:12: model.breaker: failures is 1 to 1000"},
		"a long pause":          {"max_tokens: 100", "max_tokens: 100\n  breaker: {failures: 3, pause: 1m}", "model.breaker: failures"},
		"a pause that is none":  {"max_tokens: 100", "max_tokens: 100\n  breaker: {failures: 3, pause: soon}", "model.breaker: failures"},
		"a short canary":        {"value: Foxglove-2H6YD4VJZE", "value: fox", ":27:"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(base, c.from, c.to, 1)
			if text == base {
				t.Fatal("nothing is changed")
			}
			_, err := policy.Parse("guard.yaml", []byte(text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
			if strings.Contains(fmt.Sprint(err), "sk-in-the-file") {
				t.Error("the key is in the error")
			}
		})
	}
	meant := strings.Replace(base, `models: [small]`, `models: ["*"]`, 1) + "unsafe: [\"any model *\"]\n"
	if _, err := policy.Parse("guard.yaml", []byte(meant)); err != nil {
		t.Errorf("said twice: %v", err)
	}
}

package env_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/launchready/launchready/source/env"
)

// declared lists what a file declares: "NAME kind:line".
func declared(t *testing.T, name, text string) (out, skipped []string) {
	t.Helper()
	inv, err := env.Scan(context.Background(), fstest.MapFS{name: {Data: []byte(text)}}, env.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range inv.Declarations {
		line := d.Name + " " + string(d.Kind)
		if d.Placeholder {
			line += " placeholder"
		}
		out = append(out, line)
	}
	for _, s := range inv.Skipped {
		skipped = append(skipped, s.Path)
	}
	return out, skipped
}

// TestTerraform reads the idioms of the providers' own documentation.
func TestTerraform(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       string
	}{
		{"AWS Lambda", `resource "aws_lambda_function" "api" {
  function_name = "api" # a comment with A_NAME = "x"
  environment {
    variables = {
      LOG_LEVEL   = "info"
      API_KEY     = var.api_key
      DB_PASSWORD = "changeme"
      TABLE       = aws_dynamodb_table.chats.name
    }
  }
  tags = { OWNER = "team" }
}`, "API_KEY prompt, DB_PASSWORD literal placeholder, LOG_LEVEL literal, TABLE secretRef"},
		{"ECS by jsonencode", `resource "aws_ecs_task_definition" "web" {
  container_definitions = jsonencode([{
    name  = "web"
    image = "web:${var.tag}"
    environment = [{ name = "NODE_ENV", value = "production" }, { name = "REGION", value = var.region }]
    secrets     = [{ name = "STRIPE_SECRET_KEY", valueFrom = aws_ssm_parameter.stripe.arn }]
  }])
}`, "NODE_ENV literal, REGION prompt, STRIPE_SECRET_KEY secretRef"},
		{"ECS by a text", "resource \"aws_ecs_task_definition\" \"web\" {\n  container_definitions = <<-DEFINITION\n  [{\"name\": \"web\", \"environment\": [{\"name\": \"PORT\", \"value\": \"80\"}, {\"name\": \"URL\", \"value\": \"${var.url}\"}]}]\n  DEFINITION\n}\n", "PORT literal, URL prompt"},
		{"Cloud Run", `resource "google_cloud_run_v2_service" "api" {
  template {
    containers {
      env {
        name  = "MODE"
        value = "live"
      }
      env {
        name = "OPENAI_API_KEY"
        value_source {
          secret_key_ref {
            secret  = google_secret_manager_secret.openai.secret_id
            version = "latest"
          }
        }
      }
    }
  }
}`, "MODE literal, OPENAI_API_KEY secretRef"},
		{"App Service", `resource "azurerm_linux_web_app" "app" {
  app_settings = merge(local.common, {
    "SENTRY_DSN"    = "https://x"
    "SESSION_SECRET" = "@Microsoft.KeyVault(SecretUri=${azurerm_key_vault_secret.s.id})"
  })
}`, "SENTRY_DSN literal, SESSION_SECRET secretRef"},
		{"Cloud Functions", `resource "google_cloudfunctions2_function" "f" {
  service_config {
    environment_variables = { BUCKET = google_storage_bucket.b.name }
    secret_environment_variables {
      key        = "TOKEN"
      secret     = google_secret_manager_secret.t.secret_id
    }
  }
}`, "BUCKET secretRef"},
		{"Kubernetes", `resource "kubernetes_deployment" "d" {
  spec { template { spec { container {
    env {
      name = "REDIS_URL"
      value_from { secret_key_ref { name = "redis", key = "url" } }
    }
  } } } }
}`, "REDIS_URL secretRef"},
		{"a chart", `resource "helm_release" "web" {
  set {
    name  = "web.env.LOG_LEVEL"
    value = "debug"
  }
  set_sensitive {
    name  = "env.SMTP_PASSWORD"
    value = var.smtp
  }
}`, "LOG_LEVEL literal, SMTP_PASSWORD prompt"},
		{"no variables", `locals { env = "production" }
variable "environment" { default = "dev" }
module "x" { environment = var.environment }`, ""},
		{"what is not closed", "resource \"a\" \"b\" {\n  environment {\n    variables = {\n      A_B = \"x\n", "A_B literal"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, skipped := declared(t, "infra/main.tf", tc.text)
			if s := strings.Join(got, ", "); s != tc.want || len(skipped) > 0 {
				t.Errorf("got  %s\nwant %s\nskipped %v", s, tc.want, skipped)
			}
		})
	}
}

func TestTerraformTellsTheEnvironmentAndTheLine(t *testing.T) {
	inv, err := env.Scan(context.Background(), fstest.MapFS{
		"infra/production/main.tf": {Data: []byte("/* two\nlines */\nx {\n  env_vars = {\n    SECRET_KEY = \"hunter2-of-acme\"\n  }\n}\n")},
		"infra/staging.tfvars":     {Data: []byte("env_vars = { LEVEL_OF_LOG = \"x\" }\n")},
	}, env.Options{})
	if err != nil || len(inv.Declarations) != 2 {
		t.Fatalf("%v %+v", err, inv.Declarations)
	}
	if d := inv.Declarations[1]; d.Name != "SECRET_KEY" || d.Line != 5 || d.Environment != "production" {
		t.Errorf("got %+v", d)
	}
	if d := inv.Declarations[0]; d.Environment != "staging" || d.Line != 1 {
		t.Errorf("got %+v", d)
	}
	gaps := env.Compare(nil, inv.Declarations)
	if !slices.ContainsFunc(gaps, func(g env.Gap) bool { return g.Kind == env.LiteralSecret && g.Name == "SECRET_KEY" }) {
		t.Errorf("the literal is no gap: %+v", gaps)
	}
}

const chart = `{{- if .Values.enabled -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "web.fullname" . }}
  labels:
    {{- include "web.labels" . | nindent 4 }}
spec:
  template:
    spec:
      containers:
        - name: {{ .Chart.Name }}
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
          env:
            - name: LOG_LEVEL
              value: {{ .Values.logLevel | quote }}
            - name: MODE
              value: "live"
            - name: DATABASE_URL
              valueFrom:
                secretKeyRef:
                  name: {{ template "web.fullname" . }}
                  key: url
            {{- range $k, $v := .Values.extraEnv }}
            - name: {{ $k }}
              value: {{ $v | quote }}
            {{- end }}
          {{- with .Values.resources }}
          resources:
            {{- toYaml . | nindent 12 }}
          {{- end }}
---
apiVersion: v1
kind: Secret
data:
  SMTP_PASSWORD: {{ .Values.smtp.password | b64enc | quote }}
  {{- /* a comment
  over lines */}}
  ADMIN_TOKEN: {{ randAlphaNum 32 | b64enc }}
{{- end }}
`

func TestHelm(t *testing.T) {
	got, skipped := declared(t, "charts/web/templates/deployment.yaml", chart)
	if s, want := strings.Join(got, ", "), "ADMIN_TOKEN prompt, DATABASE_URL secretRef, LOG_LEVEL prompt, MODE literal, SMTP_PASSWORD prompt"; s != want || len(skipped) > 0 {
		t.Errorf("got  %s\nwant %s\nskipped %v", s, want, skipped)
	}
	got, skipped = declared(t, "charts/web/values-production.yaml", "logLevel: info\nextraEnv: {}\nenv:\n  REGION: ams\n  API_KEY: changeme\n")
	if s, want := strings.Join(got, ", "), "API_KEY literal placeholder, REGION literal"; s != want || len(skipped) > 0 {
		t.Errorf("values: got %s, skipped %v", s, skipped)
	}
	// A template of a chart that no rule understands is told; one of something else is none of ours.
	if _, skipped = declared(t, "charts/web/templates/x.yaml", "a: [{{ .x }}\nb: }\n"); !slices.Equal(skipped, []string{"charts/web/templates/x.yaml"}) {
		t.Errorf("skipped %v", skipped)
	}
	if _, skipped = declared(t, "cookiecutter/x.yaml", "a: [{{ .x }}\nb: }\n"); len(skipped) > 0 {
		t.Errorf("skipped %v", skipped)
	}
	// Ansible's templates have the same braces, and lines of control of their own.
	if got, _ = declared(t, "roles/web/compose.yml", "services:\n  web:\n    environment:\n{% if x %}\n      A_KEY: \"{{ vault_key }}\"\n{% endif %}\n"); strings.Join(got, ", ") != "A_KEY prompt" {
		t.Errorf("got %v", got)
	}
}

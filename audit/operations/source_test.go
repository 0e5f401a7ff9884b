package operations

import (
	"os"
	"path/filepath"
	"testing"

	lr "github.com/launchready/launchready"
)

// repository writes files and returns a target whose source they are.
func repository(t *testing.T, files map[string]string) lr.Target {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return lr.Target{Material: lr.Material{Repository: dir}}
}

func TestUndeclaredIntegration(t *testing.T) {
	const bare = "import { Resend } from 'resend'\nexport const mail = new Resend()\n"
	for _, tc := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"none", map[string]string{"a.ts": "export const a = 1\n"}, []string{"skipped : the code imports no library of a known service"}},
		{"declared", map[string]string{"a.ts": bare, ".env.example": "RESEND_API_KEY=\n"}, []string{"passed Resend: RESEND_API_KEY has its key"}},
		{"read by the library alone", map[string]string{"a.ts": bare}, []string{"failed Resend: the code calls Resend, and no declared variable has its key: the client is given no key, so the library reads RESEND_API_KEY by itself"}},
		{"declared in Terraform alone", map[string]string{"a.ts": bare, "infra/main.tf": "x {\n  env_vars = { RESEND_API_KEY = var.resend }\n}\n"}, []string{"passed Resend"}},
		{"declared in a chart alone", map[string]string{"a.ts": bare, "chart/templates/d.yaml": "env:\n  - name: RESEND_API_KEY\n    value: {{ .Values.resend | quote }}\n"}, []string{"passed Resend"}},
		{"read", map[string]string{"a.ts": "import Stripe from 'stripe'\nnew Stripe(process.env.STRIPE_KEY)\n"}, []string{"passed Stripe: the code reads STRIPE_KEY; whether it is declared is told by operations/undeclared-variable"}},
		{"unknown", map[string]string{"a.ts": "import Stripe from 'stripe'\nimport { key } from './vault'\nnew Stripe(key())\n"}, []string{"unknown Stripe: Stripe is imported in a.ts:1; its key comes from where it was not seen"}},
		{"a file that was not read", map[string]string{"a.ts": "const = (\n"}, []string{"unknown a.ts: it was not read"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			holds(t, asked(t, undeclaredIntegration, repository(t, tc.files)), tc.want)
		})
	}
}

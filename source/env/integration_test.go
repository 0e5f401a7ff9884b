package env_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/launchready/launchready/source/env"
)

func TestIntegrations(t *testing.T) {
	const declared = ".env.example"
	for _, tc := range []struct {
		name string
		file string
		text string
		env  string
		want string
	}{
		{"declared", "a.ts", "import OpenAI from 'openai'\nexport const c = new OpenAI()", "OPENAI_API_KEY=", "OpenAI declared OPENAI_API_KEY"},
		{"declared under another name of its own", "a.ts", "import Stripe from 'stripe'\nexport const c = new Stripe(cfg.key)", "STRIPE_RESTRICTED=", "Stripe declared STRIPE_RESTRICTED"},
		{"read and not declared", "a.ts", "import Stripe from 'stripe'\nexport const c = new Stripe(process.env.STRIPE_KEY)", "", "Stripe read STRIPE_KEY"},
		{"by the key of all", "a.ts", "import Stripe from 'stripe'\nexport const c = new Stripe(process.env.PAY_KEY!)", "PAY_KEY=", "Stripe declared PAY_KEY"},
		{"read by the library", "a.ts", "import { OpenAI } from 'openai'\nexport const c = new OpenAI({ timeout: 3 })", "", "OpenAI missing OPENAI_API_KEY"},
		{"read by the library, namespace", "a.ts", "import * as ai from '@anthropic-ai/sdk'\nexport const c = new ai.Anthropic()", "", "Anthropic missing ANTHROPIC_API_KEY"},
		{"required", "a.js", "const { Resend } = require('resend')\nmodule.exports = new Resend()", "", "Resend missing RESEND_API_KEY"},
		{"a text", "a.ts", "import { Resend } from 'resend'\nexport const c = new Resend('re_123')", "", "Resend missing "},
		{"a server that talks alike", "a.ts", "import OpenAI from 'openai'\nexport const c = new OpenAI({ baseURL: 'http://localhost:11434/v1', apiKey: 'ollama' })", "", "OpenAI  "},
		{"from a configuration", "a.ts", "import Stripe from 'stripe'\nimport { cfg } from './cfg'\nexport const c = new Stripe(cfg.key)", "", "Stripe  "},
		{"spread", "a.ts", "import OpenAI from 'openai'\nexport const make = (o) => new OpenAI({ ...o })", "", "OpenAI  "},
		{"the import alone", "a.ts", "import { WebClient } from '@slack/web-api'\nexport const x = (c) => c instanceof WebClient", "", "Slack  "},
		{"below a module", "a.ts", "import { x } from 'openai/resources'\nx()", "", "OpenAI  "},
		{"a name that begins alike", "a.ts", "import x from 'openai-mock'\nimport y from 'stripe-event-types'\nx(y)", "", ""},
		{"a test", "a.test.ts", "import OpenAI from 'openai'\nnew OpenAI()", "", ""},
		{"Python", "a.py", "from openai import OpenAI\nclient = OpenAI()\n", "", "OpenAI missing OPENAI_API_KEY"},
		{"Python, a keyword", "a.py", "import os\nimport anthropic\nc = anthropic.Anthropic(api_key=os.environ['LLM_KEY'])\n", "LLM_KEY=", "Anthropic declared LLM_KEY"},
		{"Python, below", "a.py", "from twilio.rest import Client\nc = Client()\n", "", "Twilio missing TWILIO_AUTH_TOKEN"},
		{"Go", "a.go", "package a\nimport \"github.com/openai/openai-go\"\nvar c = openai.NewClient()\n", "", "OpenAI missing OPENAI_API_KEY"},
		{"Go, with options", "a.go", "package a\nimport (\n\"github.com/openai/openai-go\"\n\"github.com/openai/openai-go/option\"\n)\nvar c = openai.NewClient(option.WithAPIKey(k))\n", "", "OpenAI  "},
		{"Go, a version", "a.go", "package a\nimport \"github.com/stripe/stripe-go/v82\"\nvar c = stripe.NewClient(\"sk\")\n", "", "Stripe missing "},
		{"Ruby", "Gemfile", "source 'https://rubygems.org'\ngem 'stripe', '~> 12'\n# gem 'twilio-ruby'\n", "", "Stripe  "},
		{"Ruby, declared", "app.rb", "require \"openai\"\n", "OPENAI_ACCESS_TOKEN=", "OpenAI declared OPENAI_ACCESS_TOKEN"},
		{"PHP", "a.php", "<?php\nuse Stripe\\StripeClient;\n", "", "Stripe  "},
		{"PHP, read", "a.php", "<?php\n\\Stripe\\Stripe::setApiKey(getenv('STRIPE_SECRET'));\n", "", "Stripe read STRIPE_SECRET"},
		{"Java", "A.java", "import com.twilio.Twilio;\nimport com.twiliox.Y;\nclass A {}\n", "", "Twilio  "},
		{"Kotlin", "a.kt", "import com.slack.api.Slack\n", "SLACK_TOKEN=", "Slack declared SLACK_TOKEN"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inv, err := env.Scan(context.Background(), fstest.MapFS{tc.file: {Data: []byte(tc.text)}, declared: {Data: []byte(tc.env + "\n")}}, env.Options{})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, i := range inv.Integrations {
				got = append(got, fmt.Sprintf("%s %s %s", i.Service, i.State, i.Variable))
				if i.File != tc.file || i.Line < 1 || i.Line > strings.Count(tc.text, "\n")+1 {
					t.Errorf("at %s:%d", i.File, i.Line)
				}
			}
			if s := strings.Join(got, "; "); s != tc.want {
				t.Errorf("got %q, want %q", s, tc.want)
			}
		})
	}
}

// TestIntegrationsOfSeveralFiles: one client without a key decides, wherever it is made.
func TestIntegrationsOfSeveralFiles(t *testing.T) {
	inv, err := env.Scan(context.Background(), fstest.MapFS{
		"a.ts": {Data: []byte("import OpenAI from 'openai'\nexport const a = (k) => new OpenAI({ apiKey: k })")},
		"b.ts": {Data: []byte("import OpenAI from 'openai'\n\nexport const b = new OpenAI()")},
	}, env.Options{})
	if err != nil || len(inv.Integrations) != 1 {
		t.Fatalf("%v %+v", err, inv.Integrations)
	}
	if i := inv.Integrations[0]; i.State != env.KeyMissing || i.File != "b.ts" || i.Line != 3 {
		t.Errorf("got %+v", i)
	}
}

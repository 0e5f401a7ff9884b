package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// harbor are operations of the demo that the samples name.
var harbor = []string{
	"GET /v1/chats/{chat_id}", "GET /v1/chats/count", "POST /v1/chats/{chat_id}/archive", "POST /v1/chats/{chat_id}/messages",
	"GET /v1/chats/{chat_id}/messages", "GET /v1/chats/{chat_id}/messages/{message_id}", "GET /v1/files/{file_id}", "GET /v1/admin/users",
	"GET /v1/billing/invoices", "GET /v1/billing/invoices/{invoice_id}", "DELETE /v1/invitations/{invitation_id}", "GET /v1/reports/{report_id}",
	"GET /v1/exports/{export_id}", "GET /app/chats/{chat_id}",
}

// TestReaders reads cuts of what each tool wrote about the flawed demo; what
// fails no gate of the tool, or is of another row, must not be claimed.
func TestReaders(t *testing.T) {
	for name, want := range map[string][]string{
		"authorization/launchready": {
			"alg-none *", "anonymous GET /v1/billing/invoices", "graphql POST /graphql batching", "key-header *",
			"object DELETE /v1/files/{file_id}", "object POST /graphql",
		},
		"authorization/overstep":   {"anonymous POST /v1/chats/{chat_id}/archive", "function GET /v1/admin/users", "object POST /v1/chats/{chat_id}/messages"},
		"authorization/granttrace": {"object GET /api/users/{user_id}/profile", "property PATCH /api/users/{user_id}/settings"},
		"authorization/authztrace": {
			"anonymous POST /v1/chats/{chat_id}/archive", "function DELETE /v1/invitations/{invitation_id}", "function GET /v1/admin/users",
			"function POST /v1/chats/{chat_id}/archive", "object GET /v1/chats/{chat_id}",
		},
		"authorization/schemathesis": {
			"anonymous GET /v1/billing/invoices", "anonymous GET /v1/billing/invoices/{invoice_id}",
			"malformed-token GET /app/chats/{chat_id}", "malformed-token GET /v1/admin/audit-log", "object GET /v1/chats/{chat_id}",
		},
		"authorization/phaseaccess": {"function GET /v1/files/{file_id}", "object GET /v1/chats/{chat_id}/messages", "object GET /v1/chats/{chat_id}/messages/{message_id}"},
		"authorization/cerberus":    {"object DELETE /v1/exports/{export_id}", "object GET /v1/chats/{chat_id}", "object GET /v1/chats/{chat_id}/stream"},
		"authorization/vamp-api-probe": {
			"anonymous GET /", "anonymous GET /v1/billing/invoices/{invoice_id}", "expired-token GET /", "function DELETE /v1/exports/{export_id}",
			"malformed-token GET /", "property PATCH /v1/me",
		},
		"authorization/offat": {"object GET /v1/billing/invoices", "object GET /v1/billing/invoices/{invoice_id}"},
		"hygiene/owaspscan":   {"left-over GET /.env", "left-over GET /.git/HEAD", "left-over GET /backup.sql", "version *"},
		"hygiene/nikto":       {"left-over GET /.git/HEAD", "listing GET /assets/", "version *"},
		"hygiene/wapiti":      {"left-over GET /backup.sql", "reflected-input GET /app/chats/{chat_id}", "server-error GET /v1/files"},
		"hygiene/schemathesis": {
			"error-shape PATCH /v1/me", "media-type GET /v1/avatars/{user_id}", "media-type GET /v1/shared/{share_token}", "server-error POST /v1/auth/signup",
		},
		"hygiene/launchready": {"server-error GET /v1/chats", "version *"},
		"input/launchready":   {"header-size *", "out-of-bounds POST /v1/tickets"},
		"input/schemathesis": {
			"error-shape GET /v1/chats/{chat_id}/messages/{message_id}/stream", "error-shape GET /v1/chats/{chat_id}/stream", "error-shape PATCH /v1/me", "error-shape POST /v1/chats/{chat_id}/stream",
			"server-error POST /v1/files", "wrong-body PATCH /v1/me", "wrong-body POST /v1/tickets", "wrong-body POST /v1/webhooks/crm",
		},
		"cors/launchready": {"any-origin GET /v1/exports/{export_id}", "websocket-origin GET /v1/ws"},
		"cors/cors": {
			"any-origin GET /v1/exports/{export_id}", "null-origin GET /v1/reports", "prefix-origin GET /v1/search", "scheme-origin GET /v1/members", "subdomain-origin GET /v1/collections",
		},
		"cors/corsy":       {"any-origin GET /v1/exports/{export_id}", "null-origin GET /v1/reports", "wildcard GET /v1/usage"},
		"cors/corsair":     {"subdomain-origin GET /v1/collections", "wildcard GET /v1/usage"},
		"cors/overreacher": {"any-origin GET /v1/exports/{export_id}", "null-origin GET /v1/exports/{export_id}", "prefix-origin GET /v1/search", "wildcard GET /v1/usage"},
		"cors/owaspscan":   nil,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := toolOf(t, name).read(filepath.Join("testdata", "peers", filepath.FromSlash(name)), harbor)
			if err != nil {
				t.Fatal(err)
			}
			if s := texts(got); !slices.Equal(s, want) {
				t.Errorf("claims\n%s\nwant\n%s", strings.Join(s, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// TestReadersOfNothing: a report that is not there or broken is an error, not
// a tool without findings.
func TestReadersOfNothing(t *testing.T) {
	for _, p := range everyPeer() {
		t.Run(p.contest+"/"+p.name, func(t *testing.T) {
			dir := t.TempDir()
			if _, err := p.read(dir, harbor); err == nil {
				t.Error("no report, and no error")
			}
			for _, name := range []string{"out.json", "out/findings.json", "rapport_audit.json"} {
				file := filepath.Join(dir, filepath.FromSlash(name))
				if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(`{"findings": [`), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := p.read(dir, harbor); err == nil {
				t.Error("half a report, and no error")
			}
		})
	}
}

// everyPeer lists the tools of all comparisons.
func everyPeer() []peer {
	var out []peer
	for _, c := range contests() {
		out = append(out, c.peers...)
	}
	return out
}

func toolOf(t *testing.T, name string) peer {
	t.Helper()
	for _, p := range everyPeer() {
		if p.contest+"/"+p.name == name {
			return p
		}
	}
	t.Fatalf("no tool %s", name)
	return peer{}
}

// texts are the claims, each once, in order.
func texts(claims []claim) []string {
	var out []string
	for _, c := range claims {
		out = append(out, string(c.kind)+" "+c.route)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestClaimsByHand(t *testing.T) {
	got := claimsIn("object GET /v1/chats/1003\n\nalg-none *\ngraphql POST /graphql batching\nnonsense\n", harbor)
	want := []claim{{otherTenant, "GET /v1/chats/{chat_id}"}, {algNone, "*"}, {graphQL, "POST /graphql batching"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

package export_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/export"
)

// sent is an exchange as a report shows it. reply is the body, with its status.
func sent(as, note, request string, status int, reply string, witness ...string) lr.EvidenceItem {
	head, body, _ := strings.Cut(request, "\n")
	text := head + " HTTP/1.1\nHost: notes.test\nAccept: application/json\n"
	if as != "anonymous" {
		text += "Authorization: Bearer [secret]\n"
	}
	if body != "" {
		text += "Content-Type: application/json\n\n" + body
	}
	return lr.EvidenceItem{Kind: "exchange", As: as, Note: note, Request: text, Status: status, Witness: witness,
		Response: fmt.Sprintf("HTTP/1.1 %d X\nContent-Type: application/json\n\n%s", status, reply)}
}

const canary = "lr1-9f8e7d6c-acme-1-c1ecc38d683ff7b9fb555982"

// reported is a report with a finding of each form.
func reported() *lr.Report {
	rep := &lr.Report{Run: "9f8e7d6c", Product: "Notes"}
	add := func(id, subject string, confidence lr.Confidence, evidence ...lr.EvidenceItem) {
		row := &rep.Rows
		*row = append(*row, lr.RowReport{ID: strings.Split(id, "/")[0], Checks: []lr.CheckReport{{ID: id, Title: "What must hold",
			Findings: []lr.Finding{{ID: lr.Fingerprint(id, subject), Confidence: confidence, Subject: subject, Message: "what was seen", Evidence: evidence}}}}})
	}
	note := `{"id":"n1","title":"` + canary + `","archived":false}`
	own := sent("acme_member", "owner control", "GET /api/notes/n1", 200, note)
	add("isolation/foreign-read", "GET /notes/{note_id}", lr.Confirmed, own, sent("globex_member", "another tenant's member", "GET /api/notes/n1", 200, note, canary))
	add("auth/alg-none", "application", lr.Confirmed, own, sent("anonymous", "alg nOnE", "GET /api/notes/n1", 200, note, canary))
	add("isolation/foreign-update", "POST /notes/{note_id}/archive", lr.Confirmed,
		sent("acme_member", "owner's read-back", "GET /api/notes/n1", 200, note), sent("globex_member", "another tenant's member", "PATCH /api/notes/n1\n"+`{"archived":true}`, 403, `{}`),
		sent("acme_member", "owner's read-back", "GET /api/notes/n1", 200, strings.Replace(note, "false", "true", 1)))
	me := `{"email":"a@acme.test"}`
	add("auth/token-after-logout", "POST /logout", lr.Confirmed,
		sent("acme_member", "before signing out", "GET /api/me", 200, me), sent("acme_member", "signing out", "POST /api/logout", 204, ""),
		sent("acme_member", "after signing out", "GET /api/me", 200, me),
		sent("acme_member", "refresh acme_member", "POST /api/refresh\n"+`{"refresh_token":"[secret]"}`, 200, `{"token":"[secret]"}`))
	add("auth/no-credential", "GET /receipts/{receipt_id}", lr.Confirmed, sent("acme_member", "owner control", "GET /api/receipts/r1", 200, `{"number":"AC-1001-x"}`),
		sent("anonymous", "without a credential", "GET /api/receipts/r1", 200, `{"number":"AC-1001-x"}`, "AC-1001-x"))
	add("hygiene/verbose-validation", "POST /login", lr.Confirmed, sent("anonymous", "fields of the wrong type", "POST /api/login\n"+`{"user":{"lr":[1]},"pass":"[secret]"}`, 422,
		"json: cannot unmarshal", "json: cannot unmarshal"))
	add("auth/weak-token-secret", "application", lr.Confirmed, own, sent("anonymous", "signed with the guessed secret", "GET /api/notes/n1\n", 200, note, canary))
	rep.Rows[len(rep.Rows)-1].Checks[0].Findings[0].Evidence[1].Request += "Authorization: Bearer [secret]\n"
	add("isolation/websocket-leak", "GET /ws", lr.Confirmed, sent("acme_member", "owner control", "GET /api/ws", 101, note), sent("globex_member", "another tenant", "GET /api/ws", 101, note, canary))
	add("isolation/list-leak", "GET /notes", lr.Suspected, own)
	return rep
}

func peopled(o *export.Options) {
	o.SignIn = signIn(nil)
	for _, p := range []export.Party{o.A, o.B} {
		p.Role = "member"
		o.People = append(o.People, p)
	}
	o.Replay = func(check string) string {
		if check == "isolation/websocket-leak" {
			return "--mutate"
		}
		return ""
	}
}

func TestRegressionGolden(t *testing.T) {
	o := options(t, notes)
	peopled(&o)
	suite := export.Regression(reported(), o)
	var b bytes.Buffer
	for _, test := range suite.Tests {
		fmt.Fprintf(&b, "==== %s\n%s\n", test.File, test.Text)
		if test.Why == "" {
			parses(t, string(test.Text))
		}
	}
	fmt.Fprintf(&b, "==== variables.env\n%s\n==== README.md\n%s", suite.Variables, suite.Readme)
	golden(t, "notes.regression.txt", b.Bytes())
	if len(suite.Tests) != 8 || len(suite.Replayed) != 2 || len(suite.Left) != 1 {
		t.Errorf("got %d tests, replayed %q, left %q", len(suite.Tests), suite.Replayed, suite.Left)
	}
}

// TestRegressionWithout: what a file would need and nobody gives makes it a line
// of shell, and no test that cannot fail.
func TestRegressionWithout(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*export.Options, *lr.Report)
		check  string
		why    string
	}{
		"no sign-in":   {func(o *export.Options, _ *lr.Report) { o.SignIn = nil }, "auth/token-after-logout", "the configuration has no sign-in request"},
		"nobody known": {func(o *export.Options, _ *lr.Report) { o.People = nil }, "auth/token-after-logout", "its evidence does not tell who asked"},
		"no recipe":    {func(o *export.Options, _ *lr.Report) { o.Routes = nil }, "isolation/foreign-read", "went with the run's objects"},
		"a user of the run": {func(_ *export.Options, rep *lr.Report) {
			rep.Rows[0].Checks[0].Findings[0].Evidence[1].As = "lr-2-abc"
		}, "isolation/foreign-read", "a user of the run asked, who is gone"},
		"no control": {func(_ *export.Options, rep *lr.Report) {
			rep.Rows[0].Checks[0].Findings[0].Evidence[0].Note = "something else"
		}, "isolation/foreign-read", "a reply without it would prove nothing"},
		"a cut request": {func(_ *export.Options, rep *lr.Report) {
			rep.Rows[0].Checks[0].Findings[0].Evidence[1].Request += "\n\nabc … 12 bytes cut …"
		}, "isolation/foreign-read", "cannot be repeated from a report"},
		"a stream without an end": {func(_ *export.Options, rep *lr.Report) {
			rep.Rows[0].Checks[0].Findings[0].Evidence[0].Response += "\n… the rest was not read …"
		}, "isolation/foreign-read", "a stream without an end"},
		"a key that is masked": {func(_ *export.Options, rep *lr.Report) {
			e := &rep.Rows[1].Checks[0].Findings[0].Evidence[1]
			e.Note, e.Request = "with a key", e.Request+"X-Api-Key: [secret]\n"
		}, "auth/alg-none", "is masked in the report"},
	} {
		t.Run(name, func(t *testing.T) {
			o, rep := options(t, notes), reported()
			peopled(&o)
			c.change(&o, rep)
			suite := export.Regression(rep, o)
			for _, test := range suite.Tests {
				if test.Check != c.check {
					continue
				}
				if !strings.Contains(test.Why, c.why) || !strings.HasSuffix(test.File, ".sh") || !strings.Contains(string(test.Text), "exec launchready audit replay '"+c.check+"'") {
					t.Errorf("got %s, because %q:\n%s", test.File, test.Why, test.Text)
				}
				if !strings.Contains(string(suite.Readme), test.File) {
					t.Errorf("the README does not name %s", test.File)
				}
				return
			}
			t.Error("the finding has no test")
		})
	}
}

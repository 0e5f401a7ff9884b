package estimate_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/plan"
	"github.com/launchready/launchready/report/estimate"
)

func abuse(t *testing.T, product string) *plan.Abuse {
	t.Helper()
	r := &lr.Report{Run: "r1", Product: product, Target: "https://staging.acme.test", Rows: []lr.RowReport{{ID: "limits"}}}
	for _, a := range []*lr.Allowance{
		{Of: lr.AllowanceUser, Sent: 40, Taken: 20, Refused: 20, Seconds: 0.5, Wait: 60, PromptTokens: 500, ReplyTokens: 100, Told: true},
		{Of: lr.AllowanceOrganisation, Sent: 100, Taken: 100, Seconds: 5, PromptTokens: 500, ReplyTokens: 100, Told: true},
		{Of: lr.AllowancePrompt, Sent: 8, Taken: 5, Refused: 3, Seconds: 2, PromptTokens: 3000},
		{Of: lr.AllowanceAnswer, Sent: 1, Taken: 1, ReplyTokens: 1000},
	} {
		r.Rows[0].Checks = append(r.Rows[0].Checks, lr.CheckReport{ID: "limits/" + a.Of, Allowance: a})
	}
	a, err := plan.PriceAbuse(r, plan.TokenPrice{In: 2, Out: 10, Model: "acme|large"})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAbuseGolden(t *testing.T) {
	a := abuse(t, "Acme Assist")
	var md, js bytes.Buffer
	if err := errors.Join(estimate.AbuseMarkdown(&md, a), estimate.AbuseJSON(&js, a)); err != nil {
		t.Fatal(err)
	}
	for file, got := range map[string]string{"abuse.md": md.String(), "abuse.json": js.String()} {
		golden(t, file, got)
	}
	var back plan.Abuse
	if err := json.Unmarshal(js.Bytes(), &back); err != nil || len(back.Cases) != len(a.Cases) {
		t.Errorf("the JSON does not come back: %v", err)
	}
}

// What a report says of itself does not act in Markdown.
func TestAbuseIsInert(t *testing.T) {
	a := abuse(t, "<script>alert(1)</script> [x](https://evil.test) | \x1b[31m")
	var md bytes.Buffer
	if err := estimate.AbuseMarkdown(&md, a); err != nil {
		t.Fatal(err)
	}
	for _, no := range []string{"<script", "[x](", "\x1b"} {
		if strings.Contains(md.String(), no) {
			t.Errorf("the Markdown holds %q", no)
		}
	}
	for _, line := range strings.Split(md.String(), "\n") {
		if rest, table := strings.CutPrefix(line, "| "); table && strings.Count(rest, " | ") != 4 {
			t.Errorf("a cell broke its table: %s", line)
		}
	}
	if err := estimate.AbuseMarkdown(broken{}, a); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Markdown: got %v", err)
	}
	if err := estimate.AbuseJSON(broken{}, a); !errors.Is(err, os.ErrClosed) {
		t.Errorf("JSON: got %v", err)
	}
}

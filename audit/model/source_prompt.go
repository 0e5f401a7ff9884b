package model

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/source"
	"github.com/launchready/launchready/source/finding"
)

var sourcePrompt = &lr.Check{
	ID:       "model/source-prompt",
	Title:    "Prompts get fields and no whole records",
	Why:      "A record that goes into a prompt as a whole takes its internal fields along: notes, prices, other people's addresses. The model repeats them to whoever asks, and its provider stores them.",
	Fix:      "Name the fields that a prompt needs, and filter what people wrote.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{{Source: "OWASP LLM", ID: "LLM02:2025"}, {Source: "CWE", ID: "201"}},
	Needs:    lr.Repository,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return finding.Facts(ctx, t, source.PromptData, "a record goes into a prompt as a whole")
	},
}

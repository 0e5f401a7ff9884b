package model

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/source"
	"github.com/launchready/launchready/source/finding"
)

var sourceTools = &lr.Check{
	ID:       "model/source-tools",
	Title:    "Tools that the model names are looked up in a list",
	Why:      "A tool that is called by whatever name the model says lets a sentence in a document call any function that is in reach.",
	Fix:      "Look the name up in a list of tools that this user may call, and refuse every other.",
	Severity: lr.High,
	Refs:     []lr.Ref{{Source: "OWASP LLM", ID: "LLM06:2025"}, {Source: "CWE", ID: "470"}},
	Needs:    lr.Repository,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return finding.Facts(ctx, t, source.OpenTools, "a tool is called by a name that nothing checks")
	},
}

package audit

import (
	"slices"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit/auth"
	"github.com/launchready/launchready/audit/cors"
	"github.com/launchready/launchready/audit/email"
	"github.com/launchready/launchready/audit/https"
	"github.com/launchready/launchready/audit/hygiene"
	"github.com/launchready/launchready/audit/input"
	"github.com/launchready/launchready/audit/isolation"
	"github.com/launchready/launchready/audit/latency"
	"github.com/launchready/launchready/audit/limits"
	"github.com/launchready/launchready/audit/model"
	"github.com/launchready/launchready/audit/operations"
	"github.com/launchready/launchready/audit/secrets"
)

// Scorecard lists the rows that can be asked, in the checklist's order.
func Scorecard() []lr.Row {
	return slices.DeleteFunc([]lr.Row{
		auth.Row(),
		isolation.Row(),
		secrets.Row(),
		input.Row(),
		limits.Row(),
		hygiene.Row(),
		cors.Row(),
		email.Row(),
		https.Row(),
		model.Row(),
		latency.Row(),
		operations.Row(),
	}, func(r lr.Row) bool { return len(r.Checks) == 0 })
}

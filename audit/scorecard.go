package audit

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit/auth"
	"github.com/launchready/launchready/audit/cors"
	"github.com/launchready/launchready/audit/hygiene"
	"github.com/launchready/launchready/audit/isolation"
)

// Scorecard lists the rows that can be asked, in the checklist's order.
func Scorecard() []lr.Row {
	return []lr.Row{
		auth.Row(),
		isolation.Row(),
		hygiene.Row(),
		cors.Row(),
	}
}

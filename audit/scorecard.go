package audit

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit/auth"
	"github.com/launchready/launchready/audit/isolation"
)

// RowOrder names the scorecard's rows in the checklist's order. A run of fewer
// is partial and never ready.
var RowOrder = [...]string{
	"auth", "isolation", "secrets", "input", "limits", "hygiene", "cors", "email", "https", "monitoring", "model", "latency", "operations",
}

// Scorecard lists the rows that can be asked, in the checklist's order.
func Scorecard() []lr.Row {
	return []lr.Row{
		auth.Row(),
		isolation.Row(),
	}
}

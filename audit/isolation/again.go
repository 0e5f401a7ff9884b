package isolation

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	lr "github.com/launchready/launchready"
)

// AskDatabase puts the row's checks of the database to one that is known by its
// address alone, for two tenants that it has rows of: to a copy, before a
// migration is believed. Outcomes come by the id of the check; a check that could
// not be asked has one that says why.
func AskDatabase(ctx context.Context, access lr.DatabaseAccess, tenants [2]string, log *slog.Logger, now func() time.Time) map[string][]lr.Outcome {
	var accounts []*lr.Account
	for i, id := range tenants {
		name := string(rune('a' + i))
		accounts = append(accounts, &lr.Account{Identity: lr.Identity{Name: "user_" + name, Tenant: "tenant " + name, Role: "member"}, TenantID: id})
	}
	target := &lr.Target{Accounts: accounts, Database: &access, Mutate: true}
	memo := &lr.Memo{}
	out := map[string][]lr.Outcome{}
	for _, c := range Row().Checks {
		if c.Needs&lr.Database == 0 {
			continue
		}
		t := &lr.Trial{Check: c, Target: target, Log: log, Now: now, Memo: memo, Report: func(o lr.Outcome) { out[c.ID] = append(out[c.ID], o) }}
		if err := c.Run(ctx, t); err != nil {
			out[c.ID] = append(out[c.ID], lr.Outcome{Subject: "application", Message: fmt.Sprintf("it could not be asked: %v", err)})
		}
	}
	return out
}

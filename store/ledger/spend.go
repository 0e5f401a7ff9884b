package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/launchready/launchready/guard/state"
)

const (
	keepAccounts = 35 * 24 * time.Hour // for who wants to see the month
	keepHolds    = 48 * time.Hour      // of processes that died: what they held stays charged
)

// Reserve charges all accounts or none. Rows are locked in the order of their
// names, so that two requests never wait for each other.
func (s *Store) Reserve(ctx context.Context, hold string, amount state.Money, caps []state.Cap) (int, error) {
	if err := s.ready(ctx); err != nil {
		return -1, err
	}
	order := make([]int, len(caps))
	accounts := make([]string, len(caps))
	for i := range caps {
		order[i], accounts[i] = i, caps[i].Account
		if state.Over(0, amount, caps[i].Most) {
			return i, nil
		}
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(caps[a].Account, caps[b].Account) })
	slices.Sort(accounts)
	names, err := json.Marshal(accounts)
	if err != nil {
		return -1, err
	}
	refused := -1
	err = s.within(ctx, func(tx *sql.Tx) error {
		for _, i := range order {
			c := caps[i]
			res, err := tx.ExecContext(ctx, `INSERT INTO guard_accounts AS a (account, used, until) VALUES ($1, $2, $3)
				ON CONFLICT (account) DO UPDATE SET used = a.used + excluded.used WHERE a.used <= $4`,
				c.Account, int64(amount), c.Until.UnixMicro(), int64(c.Most-amount))
			if err != nil {
				return err
			}
			if n, err := res.RowsAffected(); err != nil {
				return err
			} else if n == 0 {
				refused = i
				return errRefused
			}
		}
		_, err := tx.ExecContext(ctx, s.timed(`INSERT INTO guard_holds (hold, amount, accounts, made) VALUES ($1, $2, $3, {now})`), hold, int64(amount), string(names))
		return err
	})
	switch {
	case errors.Is(err, errRefused):
		return refused, nil
	case err != nil:
		return -1, fmt.Errorf("reserve: %w", err)
	}
	if s.due("accounts", time.Hour) {
		_, _ = s.db.ExecContext(ctx, s.timed(`DELETE FROM guard_accounts WHERE until < {now} - $1`), keepAccounts.Microseconds()) // the next hour tries again
		_, _ = s.db.ExecContext(ctx, s.timed(`DELETE FROM guard_holds WHERE made < {now} - $1`), keepHolds.Microseconds())
	}
	return -1, nil
}

// Settle replaces what was reserved by what it cost.
func (s *Store) Settle(ctx context.Context, hold string, cost state.Money) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	err := s.within(ctx, func(tx *sql.Tx) error {
		var amount int64
		var text string
		err := tx.QueryRowContext(ctx, `DELETE FROM guard_holds WHERE hold = $1 RETURNING amount, accounts`, hold).Scan(&amount, &text)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // settled before, or never made
		}
		if err != nil {
			return err
		}
		var accounts []string
		if err := json.Unmarshal([]byte(text), &accounts); err != nil {
			return err
		}
		for _, a := range accounts {
			if _, err := tx.ExecContext(ctx, `UPDATE guard_accounts SET used = used + $1 WHERE account = $2`, int64(max(cost, 0))-amount, a); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	return nil
}

// Used is what the account has come to.
func (s *Store) Used(ctx context.Context, account string) (state.Money, error) {
	if err := s.ready(ctx); err != nil {
		return 0, err
	}
	var used int64
	err := s.db.QueryRowContext(ctx, `SELECT used FROM guard_accounts WHERE account = $1`, account).Scan(&used)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("read an account: %w", err)
	}
	return state.Money(used), nil
}

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

// drawn begins the name of a hold that another was drawn on.
const drawn = "drawn/"

// Reserve charges all accounts or none.
func (s *Store) Reserve(ctx context.Context, hold string, amount state.Money, caps []state.Cap) (int, error) {
	return s.Draw(ctx, "", hold, amount, caps)
}

// Draw charges all accounts or none, on what the other hold has left. A hold is locked
// before accounts, and these in the order of their names, so that two requests never
// wait for each other.
func (s *Store) Draw(ctx context.Context, from, hold string, amount state.Money, caps []state.Cap) (int, error) {
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
		taken, of, err := take(ctx, tx, from, amount, caps)
		if err != nil {
			return err
		}
		for _, i := range order {
			c, more := caps[i], amount
			if slices.Contains(of, c.Account) {
				more -= taken
			}
			res, err := tx.ExecContext(ctx, `INSERT INTO guard_accounts AS a (account, used, until) VALUES ($1, $2, $3)
				ON CONFLICT (account) DO UPDATE SET used = a.used + $4 WHERE a.used <= $5`,
				c.Account, int64(amount), c.Until.UnixMicro(), int64(more), int64(c.Most-more))
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
		_, err = tx.ExecContext(ctx, s.timed(`INSERT INTO guard_holds (hold, amount, accounts, made) VALUES ($1, $2, $3, {now})`), hold, int64(amount), string(names))
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

// take takes of a hold what it has of the amount, and gives the accounts that are
// charged with that already. Its new name tells Settle of it.
func take(ctx context.Context, tx *sql.Tx, from string, amount state.Money, caps []state.Cap) (taken state.Money, of []string, err error) {
	if from == "" {
		return 0, nil, nil
	}
	var left int64
	var text string
	// What changes nothing locks the row, in SQLite too.
	err = tx.QueryRowContext(ctx, `UPDATE guard_holds SET made = made WHERE hold IN ($1, $2) RETURNING amount, accounts`, from, drawn+from).Scan(&left, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil, nil // settled, or never made
	}
	if err != nil {
		return 0, nil, err
	}
	if err := json.Unmarshal([]byte(text), &of); err != nil {
		return 0, nil, err
	}
	if !state.Within(of, caps) {
		return 0, nil, nil
	}
	taken = min(state.Money(left), amount)
	_, err = tx.ExecContext(ctx, `UPDATE guard_holds SET hold = $1, amount = amount - $2 WHERE hold IN ($1, $3)`, drawn+from, int64(taken), from)
	return taken, of, err
}

// Settle replaces what was reserved by what it cost.
func (s *Store) Settle(ctx context.Context, hold string, cost state.Money) (state.Money, error) {
	if err := s.ready(ctx); err != nil {
		return 0, err
	}
	charged := state.Money(0)
	err := s.within(ctx, func(tx *sql.Tx) error {
		var amount int64
		var name, text string
		err := tx.QueryRowContext(ctx, `DELETE FROM guard_holds WHERE hold IN ($1, $2) RETURNING hold, amount, accounts`, hold, drawn+hold).Scan(&name, &amount, &text)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // settled before, or never made
		}
		if err != nil {
			return err
		}
		if name == hold {
			charged = max(cost, 0)
		}
		var accounts []string
		if err := json.Unmarshal([]byte(text), &accounts); err != nil {
			return err
		}
		for _, a := range accounts {
			if _, err := tx.ExecContext(ctx, `UPDATE guard_accounts SET used = used + $1 WHERE account = $2`, int64(charged)-amount, a); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("settle: %w", err)
	}
	return charged, nil
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

package policy

import (
	"context"
	"errors"

	"github.com/launchready/launchready/guard/ownership"
	"github.com/launchready/launchready/store/owners"
)

// estate holds the stores of owners, by where they are. They outlive a pipeline.
type estate struct{ at map[string]ownership.Store }

// ownersAt says where the owners are: as ownership.store says, or else in the
// Postgres that holds the ledger. "" is nowhere.
func (p *Policy) ownersAt() string {
	if p.Ownership.Store == "" && p.Stores != nil && reference(p.Stores.Ledger) {
		return p.Stores.Ledger
	}
	return p.Ownership.Store
}

// owners is the store that the policy names, with what was asked for last in front.
func (p *Policy) owners(s *State) (ownership.Store, error) {
	at, o := p.ownersAt(), p.Ownership
	if s.owners.at == nil {
		s.owners.at = map[string]ownership.Store{}
	}
	if at == memory {
		if s.owners.at[memory] == nil {
			s.owners.at[memory] = &ownership.Memory{Max: o.Remember}
		}
		return s.owners.at[memory], nil
	}
	file, key, err := p.ownersFile(s, at)
	if err != nil {
		return nil, err
	}
	name := key
	if file == "" && p.Stores != nil {
		name += " " + p.Stores.Patience
	}
	if had := s.owners.at[name]; had != nil {
		return had, nil
	}
	var store ownership.Store = &owners.File{Path: file}
	if file == "" {
		if store, err = p.ownersPostgres(key); err != nil {
			return nil, err
		}
	}
	s.owners.at[name] = &ownership.Recent{Store: store, Max: o.Remember}
	return s.owners.at[name], nil
}

// ownersFile gives the file of the owners, or "" and the address of their Postgres
// as key.
func (p *Policy) ownersFile(s *State, at string) (file, key string, err error) {
	if !reference(at) {
		at = s.path(at)
		return at, at, nil
	}
	where := "ownership.store"
	if p.Ownership.Store == "" {
		where = "state.ledger"
	}
	key, err = p.postgres(s, where, at)
	return "", key, err
}

func (p *Policy) ownersPostgres(address string) (*owners.Postgres, error) {
	store, err := owners.NewPostgres(address)
	if err != nil {
		return nil, p.wrong("ownership.store", err)
	}
	if p.Stores != nil {
		if store.Patience, err = span(p.Stores.Patience); err != nil {
			return nil, err
		}
	}
	return store, nil
}

// close closes the stores of owners.
func (e *estate) close() error {
	var errs []error
	for _, o := range e.at {
		errs = append(errs, o.Close())
	}
	return errors.Join(errs...)
}

// OpenOwners opens the store of owners now, which else is opened by the first
// request, for who cannot do without it; nil where the policy has none that lasts.
func (p *Policy) OpenOwners(ctx context.Context, s *State) (ownership.Store, error) {
	if p.Ownership == nil || p.Ownership.Store == memory {
		return nil, nil
	}
	file, key, err := p.ownersFile(s, p.ownersAt())
	if err != nil {
		return nil, err
	}
	if file != "" {
		f := &owners.File{Path: file}
		return f, f.Open(ctx)
	}
	store, err := p.ownersPostgres(key)
	if err != nil {
		return nil, err
	}
	if err := store.Open(ctx); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return store, nil
}

// TryOwners finds a file of owners that cannot be opened when guard starts. A
// Postgres may be down then: requests ask it again.
func (p *Policy) TryOwners(ctx context.Context, s *State) error {
	if p.Ownership == nil || reference(p.ownersAt()) {
		return nil
	}
	store, err := p.OpenOwners(ctx, s)
	if err != nil || store == nil {
		return err
	}
	return store.Close() // the pipeline opens it by itself
}

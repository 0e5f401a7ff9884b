package ownership

import (
	"context"
	"sync"
)

// Memory is a store that is forgotten at the end. The zero value is empty.
type Memory struct {
	Max int // objects; 0: a million. A full one takes no more and forgets none.

	mu    sync.RWMutex
	of    map[Object]Owner
	count map[Object]int // by kind and tenant
}

// Owner of an object.
func (m *Memory) Owner(_ context.Context, o Object) (Owner, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.of[o], nil
}

// Claim inserts what is nobody's.
func (m *Memory) Claim(_ context.Context, claims []Claim) ([]Owner, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.of == nil {
		m.of, m.count = map[Object]Owner{}, map[Object]int{}
	}
	most := m.Max
	if most == 0 {
		most = 1_000_000
	}
	fresh := 0
	for _, c := range claims {
		if m.of[c.Object].Tenant == "" {
			fresh++
		}
	}
	if len(m.of)+fresh > most {
		return nil, ErrFull
	}
	out := make([]Owner, len(claims))
	for i, c := range claims {
		has := m.of[c.Object]
		if has.Tenant == "" || has.Gone && has.Tenant == c.Tenant {
			has = Owner{Tenant: c.Tenant}
			m.of[c.Object] = has
			m.count[Object{c.Kind, c.Tenant}]++
		}
		out[i] = has
	}
	return out, nil
}

// Bury marks the tenant's object as deleted.
func (m *Memory) Bury(_ context.Context, o Object, tenant string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if has := m.of[o]; has.Tenant == tenant && !has.Gone && tenant != "" {
		m.of[o] = Owner{tenant, true}
		m.count[Object{o.Kind, tenant}]--
	}
	return nil
}

// Move gives an object to a tenant.
func (m *Memory) Move(ctx context.Context, c Claim) error {
	m.mu.Lock()
	if has, ok := m.of[c.Object]; ok {
		if !has.Gone {
			m.count[Object{c.Kind, has.Tenant}]--
		}
		delete(m.of, c.Object)
	}
	m.mu.Unlock()
	_, err := m.Claim(ctx, []Claim{c})
	return err
}

// Count of a tenant's objects.
func (m *Memory) Count(_ context.Context, kind, tenant string) (int, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.count[Object{kind, tenant}], nil
}

// Close does nothing.
func (*Memory) Close() error { return nil }

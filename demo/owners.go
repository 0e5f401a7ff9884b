package demo

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
)

// owners is what Harbor's makers would ask their database before a gateway that
// asks whose an object is: each object, by the kind that its address names.
const owners = `select 'chat', id, tenant_id from chats union all select 'message', id, tenant_id from messages
	union all select 'file', id, tenant_id from files union all select 'document', id, tenant_id from documents
	union all select 'member', id, tenant_id from users union all select 'export', id, tenant_id from exports
	union all select 'report', id, tenant_id from reports union all select 'invoice', id, tenant_id from invoices
	union all select 'ticket', id, tenant_id from tickets union all select 'note', id, tenant_id from crm_notes`

// Owners lists the objects that there are and whose they are, as CSV with the
// columns kind, id and tenant.
func (s *Server) Owners(ctx context.Context) ([]byte, error) {
	rows, err := s.db.query(ctx, owners)
	if err != nil {
		return nil, fmt.Errorf("list the owners: %w", err)
	}
	defer rows.Close()
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	line := []string{"kind", "id", "tenant"}
	for more := true; more; {
		if err := w.Write(line); err != nil {
			return nil, fmt.Errorf("write the owners: %w", err)
		}
		if more = rows.Next(); more {
			if err := rows.Scan(&line[0], &line[1], &line[2]); err != nil {
				return nil, fmt.Errorf("read the owners: %w", err)
			}
		}
	}
	w.Flush()
	return b.Bytes(), rows.Err()
}

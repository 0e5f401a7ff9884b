package input

import (
	"bytes"
	"context"
	"fmt"

	lr "github.com/launchready/launchready"
)

func uploadSize() *lr.Check {
	return &lr.Check{
		ID:       "input/upload-size",
		Title:    "Files have a limit of size, and it holds",
		Why:      "Without a limit one user fills the disk, the memory or the bill. A limit that only the description knows is none.",
		Fix:      "Bound the body while it is read (`http.MaxBytesReader`, `client_max_body_size`, `limits`), before it is parsed or stored, and answer 413.",
		Guard:    "limits",
		Severity: lr.Medium,
		Refs:     []lr.Ref{{Source: "CWE", ID: "770"}, {Source: "ASVS", ID: "v5.0.0-5.2.1"}, {Source: "OWASP API", ID: "API4:2023"}},
		Needs:    lr.Routes | lr.Credentials,
		Run: func(ctx context.Context, t *lr.Trial) error {
			return eachDrop(ctx, t, func(ctx context.Context, d *drop, n *tries) (*hit, string, error) { return overflows(ctx, t, d, n) })
		},
	}
}

const (
	mega    = 1 << 20
	largest = 33 * mega // the most that is sent where no limit is told
)

// overflows sends more than the description allows, or rising sizes where it says
// nothing. A limit that was not met may stand higher: that is a suspicion.
func overflows(ctx context.Context, t *lr.Trial, d *drop, n *tries) (*hit, string, error) {
	limit := declaredLimit(d)
	sizes := []int{9 * mega, largest}
	if limit > 0 && limit < largest {
		sizes = []int{limit + 4096}
	}
	for _, size := range sizes {
		w := word(t)
		data := append(bytes.Repeat([]byte("lr "), size/3+1)[:size-len(w)], w...)
		x, err := d.put(ctx, t, n, lr.File{Name: "large-" + w[:10] + ".txt", Type: "text/plain", Data: data}, fmt.Sprintf("a file of %d bytes", size))
		if err != nil {
			if over := ended(ctx, err); over != nil {
				return nil, "", over
			}
			return nil, fmt.Sprintf("a file of %d bytes is cut off", size), nil // the server closed before it had read all
		}
		if busy(x) {
			return nil, "", errBusy
		}
		if !x.OK() {
			return nil, fmt.Sprintf("a file of %d bytes is answered %d", size, x.Status), nil
		}
		y := *x
		y.Sent = nil
		if limit > 0 {
			return &hit{xs: []*lr.Exchange{&y}, say: fmt.Sprintf("a file of %d bytes is taken, and the description allows %d", size, limit)}, "", nil
		}
		if size == largest {
			return &hit{xs: []*lr.Exchange{&y}, shape: true, say: fmt.Sprintf("a file of %d MB is taken: no limit was met, and the description names none", size/mega)}, "", nil
		}
	}
	return nil, "the limit holds", nil
}

// declaredLimit is the size that the description allows, 0 when it says nothing.
func declaredLimit(d *drop) int {
	if d.route.Body == nil || d.route.Body.Schema == nil {
		return 0
	}
	if s := d.route.Body.Schema.Properties[d.field]; s != nil {
		return s.MaxLength
	}
	return 0
}

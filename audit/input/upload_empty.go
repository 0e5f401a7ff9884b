package input

import (
	"context"
	"fmt"

	lr "github.com/launchready/launchready"
)

func uploadEmpty() *lr.Check {
	return &lr.Check{
		ID:       "input/upload-empty",
		Title:    "An empty file is taken or refused, and breaks nothing",
		Why:      "A file without content is what a broken connection or a wrong click sends. Code that looks at the first byte of it fails, and whoever finds that can repeat it.",
		Fix:      "Look at the length before the content, and answer 422 where an empty file has no use.",
		Severity: lr.Low,
		Refs:     []lr.Ref{{Source: "CWE", ID: "754"}, {Source: "ASVS", ID: "v5.0.0-16.5.3"}},
		Needs:    lr.Routes | lr.Credentials,
		Run: func(ctx context.Context, t *lr.Trial) error {
			return eachDrop(ctx, t, func(ctx context.Context, d *drop, n *tries) (*hit, string, error) {
				xs := []*lr.Exchange{}
				for range 2 {
					x, err := d.put(ctx, t, n, lr.File{Name: "empty-" + word(t)[:10] + ".txt", Type: "text/plain", Data: []byte{}}, "an empty file")
					if err != nil {
						return nil, "", err
					}
					if xs = append(xs, x); x.Status < 500 || busy(x) {
						return nil, fmt.Sprintf("an empty file is answered %d", x.Status), nil
					}
				}
				one, err := d.put(ctx, t, n, lr.File{Name: "one-" + word(t)[:10] + ".txt", Type: "text/plain", Data: []byte("x")}, "a file of one byte")
				if err != nil {
					return nil, "", err
				}
				if !one.OK() {
					return nil, "", fmt.Errorf("a file of one byte is answered %d, so the empty one proves nothing", one.Status)
				}
				return &hit{xs: append([]*lr.Exchange{one}, xs...), say: fmt.Sprintf("an empty file breaks the upload: answered %d twice, where a file of one byte is taken", xs[0].Status)}, "", nil
			})
		},
	}
}

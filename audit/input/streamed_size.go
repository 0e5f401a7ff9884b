package input

import (
	"context"
	"errors"
	"fmt"

	lr "github.com/launchready/launchready"
)

func streamedSize() *lr.Check {
	return &lr.Check{
		ID:       "input/streamed-size",
		Title:    "The limit of a body holds where the length is not told",
		Why:      "A limit that looks at `Content-Length` alone is no limit: a client that sends in pieces does not say how much will come.",
		Fix:      "Count while reading (`http.MaxBytesReader`), whatever the header says, and let a proxy in front do the same.",
		Guard:    "limits",
		Severity: lr.Medium,
		Refs:     []lr.Ref{{Source: "CWE", ID: "770"}, {Source: "CWE", ID: "130"}, {Source: "RFC", ID: "9112"}, {Source: "OWASP API", ID: "API4:2023"}},
		Needs:    lr.Routes | lr.Credentials,
		Beside:   true,
		Run: func(ctx context.Context, t *lr.Trial) error {
			return eachLarge(ctx, t, func(ctx context.Context, t *lr.Trial, m *maker, c *tally) error {
				control, err := withLength(ctx, t, m, c)
				if err != nil {
					return err
				}
				if control.made {
					return errNoLimit
				}
				got, err := sendLarge(ctx, t, m, c, true)
				if err != nil {
					return err
				}
				c.weigh(got, fmt.Sprintf("a body of %d MB is refused, and read where it comes in pieces and does not say its length: an object is made of it", oversize/mega))
				return nil
			})
		},
	}
}

var errNoLimit = errors.New("a body of this size is taken with its length told, so there is no limit that could be walked around; input/body-size tells it")

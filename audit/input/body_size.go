package input

import (
	"context"
	"fmt"

	lr "github.com/launchready/launchready"
)

func bodySize() *lr.Check {
	return &lr.Check{
		ID:       "input/body-size",
		Title:    "A body has a limit of size",
		Why:      "What reads a body of any length into memory before it judges it is stopped by a handful of requests, from an account that costs nothing.",
		Fix:      "Bound the body before it is parsed: `http.MaxBytesReader`, `client_max_body_size`, `express.json({limit})`, `LimitUploadSize`; 1 MB is plenty for JSON. Answer 413.",
		Guard:    "limits",
		Severity: lr.Medium,
		Refs:     []lr.Ref{{Source: "CWE", ID: "770"}, {Source: "OWASP API", ID: "API4:2023"}, {Source: "ASVS", ID: "v5.0.0-4.3.1"}},
		Needs:    lr.Routes | lr.Credentials,
		Beside:   true,
		Run: func(ctx context.Context, t *lr.Trial) error {
			return eachLarge(ctx, t, func(ctx context.Context, t *lr.Trial, m *maker, c *tally) error {
				got, err := withLength(ctx, t, m, c)
				if err != nil {
					return err
				}
				c.weigh(got, fmt.Sprintf("a body of %d MB is read, and an object is made of it", oversize/mega))
				return nil
			})
		},
	}
}

// weigh files what came of a large body.
func (c *tally) weigh(got weight, say string) {
	c.n = max(c.n, 1)
	switch {
	case got.made:
		c.wrongs = append(c.wrongs, wrong{say: say, xs: []*lr.Exchange{got.x, got.read}})
	case got.x == nil, refusal(got.x):
		c.refused++
	case got.x.OK() && got.read != nil:
		c.idle++ // what nobody could look at is no answer
	}
	if c.last = got.x; c.last == nil {
		c.last = &lr.Exchange{Note: "the connection was cut before the body had been read"}
	}
}

package cors

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// each asks the classes that choose takes, side by side.
func each(ctx context.Context, t *lr.Trial, choose func([]*class) []*class, ask func(context.Context, *lr.Trial, *class) error) error {
	all, err := classes(ctx, t)
	if err != nil {
		return err
	}
	if all = choose(all); len(all) == 0 {
		t.Unknown(application, "no route can be asked by a script: the description names none that reads, and no object was made")
		return nil
	}
	return oracle.Each(ctx, all, func(ctx context.Context, c *class) error { return ask(ctx, t, c) })
}

// welcome is the page that preflights are asked as: an origin that is allowed,
// or an unknown one where none is.
func welcome(ctx context.Context, t *lr.Trial) (page string, known bool, err error) {
	k, err := learn(ctx, t)
	if err != nil {
		return "", false, err
	}
	if len(k.allows) == 0 {
		return foreign, false, nil
	}
	return k.allows[0].origin.String(), true, nil
}

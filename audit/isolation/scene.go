package isolation

import (
	"context"
	"strings"
	"sync/atomic"

	lr "github.com/launchready/launchready"
)

// scene is what most checks of the assistant play in: a victim whose facts it
// answers from, and an attacker of another tenant whom it answers as well.
type scene struct {
	pair
	facts []*fact // one for each channel that took it
	own   *fact   // the attacker's
}

// set plants fresh facts of the victim, and once a run one of the attacker. It
// reports itself why there is no scene, and returns nil then.
func set(ctx context.Context, t *lr.Trial) (*scene, error) {
	ps := pairs(t)
	if len(ps) == 0 {
		return nil, nil
	}
	s := &scene{pair: ps[0]}
	facts, why, err := plantAll(ctx, t, s.victim)
	if err != nil {
		return nil, err
	}
	if len(facts) == 0 {
		t.Unknown(subjectOf(t.Assistant), "there is nothing of %s's that another tenant could be shown: %s", s.victim.Tenant, why)
		return nil, nil
	}
	s.facts = facts
	own, err := lr.Recall(ctx, t.Memo, "isolation/own/"+s.attacker.Name, func(ctx context.Context) (*fact, error) {
		facts, _, err := plantAll(ctx, t, s.attacker)
		if err != nil || len(facts) == 0 {
			return nil, err
		}
		return facts[0], nil
	})
	if err != nil {
		return nil, err
	}
	if own == nil {
		t.Unknown(subjectOf(t.Assistant), "%s can give the assistant nothing of its own, so a refusal would prove nothing", s.attacker.Name)
		return nil, nil
	}
	s.own = own
	return s, nil
}

// plantAll plants a fact by each channel and tells why those that failed did.
func plantAll(ctx context.Context, t *lr.Trial, owner *lr.Account) (facts []*fact, why string, err error) {
	var whys []string
	for _, c := range channels(t, owner) {
		f := newFact(t, owner)
		w, err := c.plant(ctx, t, f)
		if err != nil {
			return nil, "", err
		}
		if w != "" {
			whys = append(whys, c.name+": "+w)
			continue
		}
		facts = append(facts, f)
	}
	if len(whys) == 0 {
		whys = []string{"the assistant takes no file, and no knowledge base is known"}
	}
	return facts, strings.Join(whys, "; "), nil
}

// control is a fact that its owner got back at a way, with the answer.
type control struct {
	*fact
	got said
}

// ready asks both sides at a way for what is theirs. It returns the victim's facts
// that came back, or why none did.
func (s *scene) ready(ctx context.Context, t *lr.Trial, way lr.Assistant, question func(*fact) string) ([]control, string, error) {
	stuck, err := lr.Recall(ctx, t.Memo, "isolation/stuck/"+subjectOf(way), func(context.Context) (*atomic.Bool, error) { return &atomic.Bool{}, nil })
	if err != nil {
		return nil, "", err
	}
	if stuck.Load() {
		return nil, endless, nil
	}
	var out []control
	why := ""
	for _, f := range s.facts {
		got, open, err := answeredBack(ctx, t, way, f, lr.Message{Text: question(f), Note: "owner control"})
		if err != nil {
			return nil, "", err
		}
		if open == endless {
			// Each such question takes as long as the client waits.
			stuck.Store(true)
			return nil, open, nil
		}
		if open != "" {
			why = open
			continue
		}
		out = append(out, control{f, got})
	}
	if len(out) == 0 {
		return nil, why, nil
	}
	open, err := lr.Recall(ctx, t.Memo, "isolation/own/"+s.attacker.Name+"/"+subjectOf(way), func(ctx context.Context) (string, error) {
		_, open, err := answeredBack(ctx, t, way, s.own, lr.Message{Text: s.own.asOwner(), Note: "attacker's own"})
		return open, err
	})
	if err != nil {
		return nil, "", err
	}
	if open != "" {
		return nil, s.attacker.Name + " gets nothing of its own there, so a refusal would prove nothing: " + open, nil
	}
	return out, "", nil
}

// atEachWay runs f at each way where both sides are answered. Where none is, the
// check is open; a way that answers from nobody's documents raises no question.
func (s *scene) atEachWay(ctx context.Context, t *lr.Trial, question func(*fact) string, f func(ctx context.Context, n int, way lr.Assistant, cs []control) error) error {
	var whys []string
	asked := false
	for n, way := range waysIn(t) {
		cs, why, err := s.ready(ctx, t, way, question)
		if err != nil {
			return err
		}
		if why != "" {
			whys = append(whys, subjectOf(way)+": "+why)
			continue
		}
		asked = true
		if err := f(ctx, n, way, cs); err != nil {
			return err
		}
	}
	if !asked {
		t.Unknown(subjectOf(t.Assistant), "%s", strings.Join(whys, "; "))
	}
	return nil
}

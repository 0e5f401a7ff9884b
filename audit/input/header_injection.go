package input

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	lr "github.com/launchready/launchready"
)

func headerInjection() *lr.Check {
	return &lr.Check{
		ID:       "input/header-injection",
		Title:    "No input adds a header field, to replies or to mail",
		Why:      "A line break that reaches a header begins the next one: a cookie set for whoever follows a link, a copy of a mail to an attacker, a mail of the attacker's from your domain.",
		Fix:      "Refuse control characters in whatever becomes a header. Build replies and mails with a library that does, and never by joining lines.",
		Severity: lr.High,
		Refs:     []lr.Ref{{Source: "CWE", ID: "93"}, {Source: "CWE", ID: "113"}, {Source: "ASVS", ID: "v5.0.0-1.2.10"}},
		Needs:    lr.Routes,
		Run: func(ctx context.Context, t *lr.Trial) error {
			if err := eachDoor(ctx, t, func(ctx context.Context, d *door, n *tries) (*hit, error) {
				return splits(ctx, t, d, n)
			}); err != nil {
				return err
			}
			return mailHeaders(ctx, t)
		},
	}
}

const fieldName = "X-Lr-Injected"

// splits sends a line break and a field of our own, and looks for it among the
// reply's fields.
func splits(ctx context.Context, t *lr.Trial, d *door, n *tries) (*hit, error) {
	for _, ps := range groups(d) {
		w := word(t)
		x, err := n.send(ctx, t, d, d.with(same(ps, "lr\r\n"+fieldName+": "+w), ps...), "a line break and a header field")
		if err != nil {
			return nil, err
		}
		if strings.Contains(x.Header.Get(fieldName), w) {
			return &hit{xs: []*lr.Exchange{x}, witness: []string{w}, say: fmt.Sprintf("%s adds header fields to the reply", names(ps))}, nil
		}
	}
	return nil, nil
}

// mailHeaders has mail sent to addresses of the run's own, with a line break and
// a copy to another of them in every text that may stand in the mail's header. It
// needs a mailbox that can be read.
func mailHeaders(ctx context.Context, t *lr.Trial) error {
	if t.Target.Mailbox == nil || !t.Target.Mutate {
		return nil
	}
	for _, rt := range t.Target.Routes {
		if rt.Kind != lr.Invite || rt.Method != "POST" || rt.Body == nil || rt.Body.Schema == nil || len(rt.PathParams()) > 0 {
			continue
		}
		as := administrator(t)
		r, err := t.Stage.Request(ctx, rt, nil, as)
		if err != nil {
			continue
		}
		d := &door{route: rt, as: as, base: r}
		if d.places = d.members(); len(d.places) == 0 || mailField(rt) == "" {
			continue
		}
		h, open, err := copied(ctx, t, d)
		switch {
		case ended(ctx, err) != nil:
			return err
		case h != nil:
			h.report(t, d.String())
		case open || err != nil:
			t.Unknown(d.String(), "no mail of its could be read, so whether a header was added is not known")
		default:
			t.Pass(lr.Seen(), d.String(), "a line break in a text added no receiver to the mail")
		}
	}
	return nil
}

// copied reports whether a mail of the door's went to an address that a text
// named after a line break. open says that no mail was seen at all.
func copied(ctx context.Context, t *lr.Trial, d *door) (_ *hit, open bool, err error) {
	direct, second, third := address(t), address(t), address(t)
	if got, err := mailTo(ctx, t, address(t)); err != nil || got != nil {
		return nil, true, err // it repeats what it is asked for
	}
	n := &tries{}
	plain := d.base.Clone()
	d.setMember(plain, mailField(d.route), direct)
	if _, err := n.send(ctx, t, d, plain, "a mail as it should be"); err != nil {
		return nil, false, err
	}
	if got, err := mailTo(ctx, t, direct); err != nil || got == nil {
		return nil, true, err
	}
	r := d.with(same(d.places, "lr\r\nBcc: "+second+"\r\nX-Lr: lr"), d.places...)
	d.setMember(r, mailField(d.route), third)
	x, err := n.send(ctx, t, d, r, "a line break and a receiver")
	if err != nil {
		return nil, false, err
	}
	got, err := mailTo(ctx, t, second)
	if err != nil || got == nil {
		return nil, false, err
	}
	return &hit{xs: []*lr.Exchange{x, got}, witness: []string{second}, say: fmt.Sprintf("%s adds header fields to the mail: a copy went to an address that stood behind a line break", names(d.places))}, false, nil
}

// mailTo returns the mailbox's answer when there is a mail to the address in it.
func mailTo(ctx context.Context, t *lr.Trial, to string) (*lr.Exchange, error) {
	r := t.Target.Mailbox.Clone()
	r.Path = strings.ReplaceAll(r.Path, "{user}", url.QueryEscape(to))
	r.Credential = &lr.Credential{}
	x, err := t.HTTP.Do(ctx, nil, r)
	if err != nil || !x.OK() || !strings.Contains(string(x.Body), to) {
		return nil, err
	}
	return x, nil
}

// address is a fresh one, in a domain that no mail leaves for (RFC 2606).
func address(t *lr.Trial) string { return word(t) + "@mail.test" }

// mailField names the member that holds the receiver.
func mailField(rt *lr.Route) string {
	for name, s := range rt.Body.Schema.Properties {
		if s.Format == "email" || strings.Contains(strings.ToLower(name), "mail") {
			return name
		}
	}
	return ""
}

// administrator is a privileged account, or any.
func administrator(t *lr.Trial) *lr.Account {
	var any *lr.Account
	for _, a := range t.Target.Accounts {
		if a.Spare {
			continue
		}
		if a.Privileged() {
			return a
		}
		if any == nil {
			any = a
		}
	}
	return any
}

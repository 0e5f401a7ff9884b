package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
)

// deliver sends a message as a mail server does.
func deliver(t *testing.T, addr string, secure bool, from, text string) error {
	t.Helper()
	var c *smtp.Client
	var err error
	if secure {
		c, err = smtp.DialStartTLS(addr, &tls.Config{InsecureSkipVerify: true})
	} else {
		c, err = smtp.Dial(addr)
	}
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Hello("mail.harbor.test"); err != nil && !secure {
		return err
	}
	if err := c.SendMail(from, []string{"anybody@check.test"}, strings.NewReader(text)); err != nil {
		return err
	}
	return c.Quit()
}

func TestReceive(t *testing.T) {
	for _, tc := range []struct {
		name, from, with string
		secure           bool
	}{
		{"in clear text", "bounce@harbor.test", "with ESMTP;", false},
		{"under TLS", "bounce@harbor.test", "with ESMTPS;", true},
		{"a bounce", "", "with ESMTP;", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := listen(t)
			sent := make(chan error, 1)
			go func() {
				sent <- deliver(t, l.Addr().String(), tc.secure, tc.from, "From: a@harbor.test\r\nSubject: x\r\n\r\nHello.\r\n")
			}()
			got, err := Receive(t.Context(), l, "check.test")
			if err != nil {
				t.Fatal(err)
			}
			if err := <-sent; err != nil {
				t.Errorf("the sender was told %v", err)
			}
			text := string(got)
			if !strings.HasPrefix(text, "Return-Path: <"+tc.from+">\r\nReceived: from ") || !strings.Contains(text, "([127.0.0.1])\r\n\tby launchready (check.test) "+tc.with) ||
				!strings.HasSuffix(text, "Subject: x\r\n\r\nHello.\r\n") {
				t.Errorf("got %q", text)
			}
		})
	}
}

func TestReceiveNothing(t *testing.T) {
	l := listen(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Receive(ctx, l, "check.test"); !errors.Is(err, ErrNoMessage) || !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	if c, err := smtp.Dial(l.Addr().String()); err == nil {
		_ = c.Close()
		t.Error("the listener is still open")
	}
}

func TestWord(t *testing.T) {
	for in, want := range map[string]string{"a@b.test": "a@b.test", "x\r\nReceived: by": "xReceived:by", "<a>": "a", "": ""} {
		if got := word(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	client "github.com/emersion/go-smtp"

	"github.com/launchready/launchready/probe/smtp"
)

func TestReceive(t *testing.T) {
	file := filepath.Join(t.TempDir(), sampleFile)
	sent := make(chan error, 1)
	err := receive(t.Context(), "127.0.0.1:0", file, func(at string) {
		go func() {
			c, err := client.Dial(at)
			if err == nil {
				err = c.SendMail("bounces@harbor.test", []string{"any@here.test"}, strings.NewReader("From: a@harbor.test\r\n\r\nHello.\r\n"))
				_ = c.Close()
			}
			sent <- err
		}()
	})
	if err := errors.Join(err, <-sent); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(b), "Return-Path: <bounces@harbor.test>") {
		t.Errorf("got %q, %v", b, err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the message is readable by others: %v", info.Mode())
	}
}

func TestReceiveFails(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	err := receive(ctx, "127.0.0.1:0", filepath.Join(t.TempDir(), sampleFile), func(string) { cancel() })
	if !errors.Is(err, smtp.ErrNoMessage) {
		t.Errorf("the error is %v", err)
	}
	if err := receive(t.Context(), "192.0.2.1:0", "", func(string) {}); err == nil {
		t.Error("it listens at an address that the machine has not")
	}
}

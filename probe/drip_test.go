package probe

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
)

// A server gets the head and the first byte while the rest is still to come.
func TestSlowBody(t *testing.T) {
	t.Parallel()
	got := make(chan string, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b := make([]byte, 1)
		if _, err := io.ReadFull(r.Body, b); err != nil {
			t.Errorf("read the first byte: %v", err)
		}
		got <- string(b)
		rest, err := io.ReadAll(r.Body)
		if err == nil {
			t.Errorf("the whole body came: %q", rest)
		}
	}))
	defer srv.Close()
	base, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(Options{Base: base, Run: "t"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := c.Do(ctx, nil, &lr.Request{Method: "POST", Path: "/", Body: []byte("slow"), Slowly: time.Hour, Once: true})
		done <- err
	}()
	if b := <-got; b != "s" {
		t.Errorf("got %q first, want s", b)
	}
	cancel()
	if err := <-done; err == nil {
		t.Error("a request that was given up must be an error")
	}
}

func TestDrip(t *testing.T) {
	t.Parallel()
	var waits []time.Duration
	sleep := func(ctx context.Context, d time.Duration) error {
		waits = append(waits, d)
		return ctx.Err()
	}
	a := &attempt{c: &Client{o: Options{Sleep: sleep}}, r: &lr.Request{Slowly: 4 * time.Second}}
	got, err := io.ReadAll(a.reader(t.Context(), []byte("drop")))
	if err != nil || string(got) != "drop" {
		t.Errorf("got %q, %v", got, err)
	}
	if len(waits) != 3 || waits[0] != time.Second {
		t.Errorf("waited %v, want a second before each byte but the first", waits)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := io.ReadAll(a.reader(ctx, []byte("drop"))); !errors.Is(err, context.Canceled) || string(got) != "d" {
		t.Errorf("after the end of its context: got %q, %v", got, err)
	}
	a.r.Slowly, waits = 0, nil
	if got, err := io.ReadAll(a.reader(ctx, []byte("drop"))); err != nil || string(got) != "drop" || waits != nil {
		t.Errorf("at once: got %q, %v, waits %v", got, err, waits)
	}
}

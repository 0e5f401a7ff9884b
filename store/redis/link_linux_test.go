package redis_test

import (
	"crypto/tls"
	"io"
	"net"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/launchready/launchready/guard/state"
	"github.com/launchready/launchready/store/faults"
	"github.com/launchready/launchready/store/redis"
	"github.com/launchready/launchready/store/redis/redistest"
)

// abreast counts that many requests at one time, and gives what they failed of.
func abreast(t *testing.T, c *redis.Counters, requests int, asks []state.Ask) []error {
	t.Helper()
	var wg sync.WaitGroup
	errs := make([]error, requests)
	for i := range requests {
		wg.Go(func() {
			v, err := c.Take(t.Context(), "abreast", asks)
			if err == nil && !v.OK {
				t.Errorf("refused: %+v", v)
			}
			errs[i] = err
		})
	}
	wg.Wait()
	return errs
}

// howMany tells how many requests a server has counted; the question is one of them.
func howMany(t *testing.T, at string) int {
	t.Helper()
	v, err := open(t, redis.Options{URL: at, Patience: 20 * time.Second}).Take(t.Context(), "how many", counted)
	if err != nil {
		t.Fatal(err)
	}
	return counted[0].Burst - v.Left
}

// sealed is the address of a server behind TLS, which says farewell when it cuts
// everything.
func sealed(t *testing.T, server string) (at string, cut func()) {
	t.Helper()
	own := httptest.NewTLSServer(nil) // for its certificate
	config := own.TLS
	own.Close()
	ln, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: config.Certificates, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	to, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var all []net.Conn
	cut = func() {
		mu.Lock()
		defer mu.Unlock()
		for _, c := range all {
			_ = c.Close() // that is the fault
		}
		all = nil
	}
	t.Cleanup(func() {
		_ = ln.Close()
		cut()
	})
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			s, err := net.Dial("tcp", to.Host) //nolint:noctx // loopback, which answers at once
			if err != nil {
				_ = c.Close() // the client sees it
				continue
			}
			mu.Lock()
			all = append(all, c, s)
			mu.Unlock()
			go func() { _, _ = io.Copy(s, c) }()
			go func() { _, _ = io.Copy(c, s) }()
		}
	}()
	return "rediss://" + ln.Addr().String() + "/0?skip_verify=true", cut
}

// TestCutWhileIdle: connections that are cut while nobody uses them fail no request, be
// there one at a time or many, and each request is counted once.
func TestCutWhileIdle(t *testing.T) {
	s := redistest.Start(t)
	at, wire := faults.Before(t, s.URL)
	behindTLS, farewell := sealed(t, s.URL)
	for _, way := range []struct {
		name, url string
		cut       func()
	}{
		{"by what is between", at, func() { wire.Cut(); wire.Mend() }},
		{"by a server that starts anew", at, func() { s.Down(); s.Up() }}, // and forgets its scripts
		{"by TLS", behindTLS, farewell},
	} {
		for name, requests := range map[string]int{"one": 1, "many": 32} {
			t.Run(way.name+", "+name, func(t *testing.T) {
				c := open(t, redis.Options{URL: way.url, Patience: 20 * time.Second})
				abreast(t, c, requests, counted)
				for round := range 12 {
					way.cut()
					before := howMany(t, s.URL)
					for range 6 { // every connection is met
						for _, err := range abreast(t, c, requests, counted) {
							if err != nil {
								t.Fatalf("round %d: %v", round, err)
							}
						}
					}
					if n := howMany(t, s.URL) - before - 1; n != 6*requests {
						t.Fatalf("round %d: %d requests were counted as %d", round, 6*requests, n)
					}
				}
			})
		}
	}
}

// TestNeverTwice: what the server may have counted is not said to it again.
func TestNeverTwice(t *testing.T) {
	for name, requests := range map[string]int{"one": 1, "many": 32} {
		t.Run(name, func(t *testing.T) {
			s := redistest.Start(t)
			at, wire := faults.Before(t, s.URL)
			c := open(t, redis.Options{URL: at, Patience: 20 * time.Second})
			for range 100 { // so that every connection is there
				abreast(t, c, 1, counted)
			}
			before := howMany(t, s.URL)
			wire.Mute()
			for _, err := range abreast(t, c, requests, counted) {
				if err == nil {
					t.Error("counted without an answer")
				}
			}
			if n := howMany(t, s.URL) - before - 1; n < 1 || n > requests {
				t.Errorf("%d requests that got no answer were counted as %d", requests, n)
			}
		})
	}
}

// TestGivenBackOnce: a request that is taken back after a cut is so once.
func TestGivenBackOnce(t *testing.T) {
	s := redistest.Start(t)
	at, wire := faults.Before(t, s.URL)
	c := open(t, redis.Options{URL: at, Patience: 20 * time.Second})
	for range 100 { // so that every connection is there
		abreast(t, c, 1, counted)
	}
	before := howMany(t, s.URL)
	for range 10 {
		wire.Cut()
		wire.Mend()
		if err := c.Give(t.Context(), "abreast", counted, true); err != nil {
			t.Fatal(err)
		}
	}
	if n := before + 1 - howMany(t, s.URL); n != 10 {
		t.Errorf("10 were given back as %d", n)
	}
}

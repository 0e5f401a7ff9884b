package auth

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/launchready/launchready/guard"
)

// WhoAmI is an address of the application that says who is signed in, to whoever
// comes with a credential of its own, and where its answer says so.
type WhoAmI struct {
	URL                    string
	Method                 string        // "": GET
	Subject, Tenant, Roles string        // members of the answer, "user.id"
	Cache                  time.Duration // 0: every request is asked about
	Headers                http.Header   // of the question, as the id of the application at its backend
	Client                 *http.Client

	mu   sync.Mutex
	busy int
}

// mostCallers is how many callers are asked about at one time.
const mostCallers = 256

// ask shows the credential to the application as the caller showed it. Where the
// application judges it otherwise here than elsewhere, guard errs with it.
func (w *WhoAmI) ask(ctx context.Context, header, value string) (*guard.Principal, error) {
	w.mu.Lock()
	if w.busy >= mostCallers {
		w.mu.Unlock()
		return nil, &Down{errors.New("too many callers are asked about")}
	}
	w.busy++
	w.mu.Unlock()
	defer func() { w.mu.Lock(); w.busy--; w.mu.Unlock() }()
	ctx, cancel := outside(ctx)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, cmp.Or(w.Method, http.MethodGet), w.URL, http.NoBody)
	if err != nil {
		return nil, &Down{errors.New("the address cannot be asked")}
	}
	for name, values := range w.Headers {
		req.Header[name] = values
	}
	req.Header.Set("Accept", "application/json")
	req.Header[header] = []string{value}
	req.Header["Idempotency-Key"] = nil // a question changes nothing, also as a POST: net/http asks again where a kept connection ends, and sends no such field
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if w.Client != nil {
		c.Transport = w.Client.Transport
	}
	b, err := do(c, req, http.StatusCreated) // which some frameworks answer to every POST
	var st *status
	switch {
	case errors.As(err, &st) && st.refusal():
		return nil, errors.New("the application does not know the credential")
	case err != nil:
		return nil, &Down{err}
	}
	v, err := whole(b)
	if err != nil {
		return nil, errors.New("the credential is nobody's: whoami is answered with no JSON")
	}
	return w.read(v)
}

// refusal reports an answer that is about the credential: a redirect leads to the
// page for signing in, and some applications call a bad token a bad request. A busy
// application says nothing of it.
func (s *status) refusal() bool {
	return s.code/100 == 3 || s.code/100 == 4 && s.code != http.StatusRequestTimeout && s.code != http.StatusTooManyRequests
}

// read finds the names in what the application, or its token, says.
func (w *WhoAmI) read(v any) (*guard.Principal, error) {
	subject := word(member(v, w.Subject))
	if subject == "" {
		return nil, errors.New("the credential is nobody's: " + w.Subject + " is no text and no whole number there")
	}
	return &guard.Principal{Subject: subject, Tenant: word(member(v, w.Tenant)), Roles: roles(member(v, w.Roles), w.Roles)}, nil
}

// whole reads one JSON value. Numbers stay as they are written: ids may be longer
// than a float64 can tell apart.
func whole(b []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one value")
	}
	return v, nil
}

func member(v any, path string) any {
	if path == "" {
		return nil
	}
	for name := range strings.SplitSeq(path, ".") {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

// word is a text, or a whole number as it is written.
func word(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		if !strings.ContainsAny(string(v), ".eE") {
			return string(v)
		}
	}
	return ""
}

// roles reads a list, one text with blanks, a number, or a flag, which gives the role
// of its own name: user.is_admin is is_admin.
func roles(v any, path string) []string {
	switch v := v.(type) {
	case bool:
		if v {
			return []string{path[strings.LastIndexByte(path, '.')+1:]}
		}
		return nil
	case json.Number:
		return []string{word(v)}
	}
	return listed(v)
}

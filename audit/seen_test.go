package audit

import (
	"context"
	"slices"
	"testing"

	lr "github.com/launchready/launchready"
)

// parrot answers with the request's body.
type parrot struct{ lr.Client }

func (parrot) Do(_ context.Context, _ *lr.Account, r *lr.Request) (*lr.Exchange, error) {
	return &lr.Exchange{Status: 200, Body: r.Body}, nil
}

func (parrot) Dial(_ context.Context, _ *lr.Account, r *lr.Request, _ ...string) (*lr.Exchange, error) {
	return &lr.Exchange{Status: 101, Body: r.Body}, nil
}

func TestSeen(t *testing.T) {
	s := newSeen(parrot{})
	ask := func(bodies ...string) (got []string, whole bool) {
		for _, b := range bodies {
			if _, err := s.Do(t.Context(), nil, &lr.Request{Body: []byte(b)}); err != nil {
				t.Fatal(err)
			}
		}
		all, whole := s.Seen()
		for x := range all {
			got = append(got, string(x.Body))
		}
		return got, whole
	}
	if got, whole := ask("a", "b", "a", ""); !slices.Equal(got, []string{"a", "b"}) || !whole {
		t.Errorf("got %q, %t", got, whole)
	}
	if _, err := s.Dial(t.Context(), nil, &lr.Request{Body: []byte("socket")}); err != nil {
		t.Fatal(err)
	}
	if got, _ := ask(); !slices.Contains(got, "socket") {
		t.Errorf("a WebSocket's messages are not kept: %q", got)
	}
	large := make([]byte, mostSeenBody+1)
	if got, whole := ask(string(large)); len(got) != 3 || whole {
		t.Errorf("a body past the bound: %d kept, whole %t", len(got), whole)
	}
	for i := range 60 {
		large := make([]byte, mostSeenBody)
		large[0] = byte(i)
		ask(string(large))
	}
	size := 0
	all, _ := s.Seen()
	for x := range all {
		size += len(x.Body)
	}
	if size > mostSeen {
		t.Errorf("%d bytes are kept, more than %d", size, mostSeen)
	}
}

package stage_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestStandingIsLeftAlone: beside the collection that the run seeds stand routes
// that change or delete what was there before. Neither seeding nor the teardown
// asks one of them, whatever its name resembles.
func TestStandingIsLeftAlone(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	notes(s)
	standing := []string{
		"DELETE /notes/delete/all", "DELETE /notes/all", "DELETE /notes/delete", "DELETE /notes", "POST /notes/archive/all", "POST /notes/read",
		"POST /configs/suggestions", "POST /users/default/permissions", "POST /auths/update/profile", "POST /notes/list/reset",
	}
	for _, line := range standing {
		s.on(line, nil, func(w http.ResponseWriter, _ *http.Request, _ string) { answer(w, 200, []item{}) })
	}
	s.on("GET /configs/suggestions", nil, func(w http.ResponseWriter, _ *http.Request, _ string) { answer(w, 200, []item{}) })
	w := s.seeded(t)
	if o := w.Object("/notes", w.acme); o == nil || !o.Made {
		t.Fatalf("no note is made: %s", w.Why("/notes", "acme"))
	}
	if orphans, err := w.Teardown(t.Context(), "r1"); err != nil || len(orphans) != 0 {
		t.Errorf("left %q: %v", orphans, err)
	}
	for _, line := range standing {
		for _, got := range s.asked(strings.Fields(line)[0] + " ") {
			if got == line || strings.HasPrefix(got, line+" ") || strings.HasPrefix(got, line+"?") {
				t.Errorf("asked %s", got)
			}
		}
	}
	if len(s.asked("DELETE /notes/it_")) == 0 {
		t.Errorf("nothing was taken away: %q", s.asked(""))
	}
}

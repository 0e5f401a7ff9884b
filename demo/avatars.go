package demo

import (
	"fmt"
	"html"
	"net/http"
	"strings"
	"unicode/utf8"
)

func (s *Server) avatarRoutes() []route {
	return []route{{method: "GET", pattern: "/v1/avatars/{user_id}", id: "getAvatar", tag: "me", summary: "A user's initials as a picture, for anyone; the id may end in .svg",
		outType: []string{"image/svg+xml"}, refusals: []int{404}, handle: s.getAvatar}}
}

// getAvatar tells two letters of a name, and so needs no credential: mails show it.
func (s *Server) getAvatar(w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	h.Set("Content-Type", "image/svg+xml")
	id := strings.TrimSuffix(r.PathValue("user_id"), ".svg")
	name, err := one(r.Context(), s.db, scalar[string], `select name from users where id = ?`, id)
	if err != nil {
		return absent(err, "avatar")
	}
	initials := ""
	for _, word := range strings.Fields(name) {
		if r, _ := utf8.DecodeRuneInString(word); len(initials) < 8 && r != utf8.RuneError {
			initials += strings.ToUpper(string(r))
		}
	}
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cache-Control", "public, max-age=300")
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64" role="img" aria-label="%[1]s"><rect width="64" height="64" fill="#0b5a7d"/><text x="32" y="40" font-size="24" text-anchor="middle" fill="#fff">%[1]s</text></svg>`,
		html.EscapeString(initials))
	return nil
}

package demo

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

const linkLife = 15 * time.Minute

// fileLink is a capability: who holds it may read the file until it expires.
type fileLink struct {
	URL     string `json:"url" api:"example=/v1/download/file_2v8r0m1x7c9t3b5n6j2h8wd4kq?exp=1767603600&sig=9f2c"`
	Expires string `json:"expires_at" api:"format=date-time"`
}

func (s *Server) linkFile(w http.ResponseWriter, r *http.Request) error {
	id, err := one(r.Context(), s.db, scalar[string], `select id from files where id = ? and tenant_id = ?`, r.PathValue("file_id"), who(r).TenantID)
	if err != nil {
		return absent(err, "file")
	}
	till := s.now().Add(linkLife)
	return reply(w, http.StatusOK, fileLink{
		URL:     fmt.Sprintf("/v1/download/%s?exp=%d&sig=%s", id, till.Unix(), s.signLink(id, till.Unix())),
		Expires: stamp(till),
	})
}

// signLink signs a file's id with the time until which the link opens it.
func (s *Server) signLink(id string, till int64) string {
	signed := fmt.Sprintf("%s.%d", id, till)
	if s.flaws.Has("isolation/file-download") {
		signed = strconv.FormatInt(till, 10)
	}
	m := hmac.New(sha256.New, []byte(s.derived("download links")))
	m.Write([]byte(signed))
	return hex.EncodeToString(m.Sum(nil))
}

func (s *Server) download(w http.ResponseWriter, r *http.Request) error {
	q, id := r.URL.Query(), r.PathValue("file_id")
	till, err := strconv.ParseInt(q.Get("exp"), 10, 64)
	if err != nil || !hmac.Equal([]byte(q.Get("sig")), []byte(s.signLink(id, till))) {
		return forbidden("the link is not valid")
	}
	if s.now().Unix() > till {
		return forbidden("the link has expired")
	}
	// The signature stands for the tenant: only its users can have a link made.
	return s.sendFile(w, r, `select name, media_type, content from files where id = ?`, id)
}

package demo

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// maxUnpacked is what an archive may unpack to.
const maxUnpacked = 8 << 20

// programs are the extensions of what runs when it is opened.
var programs = []string{".exe", ".dll", ".com", ".scr", ".msi", ".bat", ".cmd", ".ps1", ".vbs", ".php", ".jsp"}

// judgeFile refuses programs, and archives that unpack to too much.
func (s *Server) judgeFile(f file, content []byte) error {
	if slices.Contains(programs, s.extension(f.Name)) {
		return invalid(fieldError{"file", "programs are not taken"})
	}
	if s.flaws.Has("input/upload-empty") && content[0] == 0xef {
		return invalid(fieldError{"file", "must not begin with a byte order mark"})
	}
	mark := []string{"MZ", "\x7fELF", "\xca\xfe\xba\xbe", "\xcf\xfa\xed\xfe"}
	if s.flaws.Has("input/upload-type") {
		mark = nil
		if strings.HasPrefix(f.MediaType, "application/x-") {
			return invalid(fieldError{"file", "programs are not taken"})
		}
	}
	for _, m := range mark {
		if bytes.HasPrefix(content, []byte(m)) {
			return invalid(fieldError{"file", "programs are not taken"})
		}
	}
	if bytes.HasPrefix(content, []byte("PK\x03\x04")) {
		return s.judgeArchive(content)
	}
	return nil
}

// extension is what a system goes by when it opens the file.
func (s *Server) extension(name string) string {
	if s.flaws.Has("input/upload-extension") {
		if parts := strings.Split(name, "."); len(parts) > 1 {
			return "." + parts[1]
		}
		return ""
	}
	return strings.ToLower(path.Ext(strings.TrimRight(name, ". ")))
}

// judgeArchive reads an archive as it would be indexed, to a bound. One that
// cannot be read is kept as it is.
func (s *Server) judgeArchive(content []byte) error {
	z, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return nil
	}
	left := int64(maxUnpacked)
	for _, e := range z.File {
		rd, err := e.Open()
		if err != nil {
			continue
		}
		var source io.Reader = rd
		if !s.flaws.Has("input/upload-bomb") {
			source = io.LimitReader(rd, left+1)
		}
		text, err := io.ReadAll(source)
		if err = errors.Join(err, rd.Close()); err != nil {
			continue
		}
		if left -= int64(len(text)); left < 0 && !s.flaws.Has("input/upload-bomb") {
			return newProblem(http.StatusRequestEntityTooLarge, "an archive unpacks to at most 8 MiB")
		}
	}
	return nil
}

// fileLimit is how long a file may be.
func (s *Server) fileLimit() int64 {
	if s.flaws.Has("input/upload-size") {
		return 1 << 30
	}
	return maxFile
}

// bodyLimit is how long a body may be; 0 is no limit.
func (s *Server) bodyLimit(r *http.Request) int64 {
	switch form := strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/"); {
	case form && s.flaws.Has("input/upload-size"):
		return 1 << 30
	case form:
		return maxBody
	case r.URL.Path == "/v1/tickets" && s.flaws.Has("input/body-size"):
		return 0 // the help desk sends whole logs
	case r.ContentLength < 0 && s.flaws.Has("input/streamed-size"):
		return 0 // what says its length is compared with it
	}
	return maxJSON
}

// spool keeps uploads on disk too, where the old indexer finds them: in a folder
// of the tenant, beside the folder of what the page loads.
type spool struct{ root *os.Root }

const (
	spooled = "srv/harbor/uploads"
	brand   = "srv/harbor/assets"
)

func (s *Server) openSpool() error {
	if !s.flaws.Has("input/upload-path") {
		return nil
	}
	dir, err := os.MkdirTemp("", "harbor-spool-")
	if err != nil {
		return err
	}
	s.closers = append(s.closers, func() error { return os.RemoveAll(dir) })
	for _, sub := range []string{spooled, brand} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return err
		}
	}
	if s.spool.root, err = os.OpenRoot(dir); err == nil {
		s.closers = append(s.closers, s.spool.root.Close)
	}
	return err
}

// keep writes the file where its name says, below the tenant's folder.
func (sp spool) keep(tenant string, part *multipart.Part, content []byte) {
	if sp.root == nil {
		return
	}
	_, params, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	if err != nil || params["filename"] == "" {
		return
	}
	name := path.Join(spooled, tenant, params["filename"]) // a browser sends a folder's files with their paths
	if sp.root.MkdirAll(path.Join(spooled, tenant), 0o700) == nil {
		sp.root.WriteFile(name, content, 0o600) //nolint:errcheck // the database has it
	}
}

// spoolRoutes serve what a deployment put beside the page's files.
func (s *Server) spoolRoutes() []route {
	if s.spool.root == nil {
		return nil
	}
	return []route{{method: "GET", pattern: "/assets/{name}", unlisted: true, handle: func(w http.ResponseWriter, r *http.Request) error {
		b, err := s.spool.root.ReadFile(path.Join(brand, path.Base(r.PathValue("name"))))
		if err != nil {
			return notFound("file")
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, err = w.Write(b)
		return err
	}}}
}

// previewRoutes show files.
func (s *Server) previewRoutes() []route {
	return []route{{method: "GET", pattern: "/v1/files/{file_id}/preview", id: "previewFile", tag: "files", summary: "A picture or the text of a file, to be shown", access: viewer, scope: "files:read", outType: []string{"image/png", "image/jpeg", "image/gif", "image/webp", "text/plain"}, refusals: []int{415}, handle: s.previewFile}}
}

// previewFile shows what is a picture by its content, and every text as a plain
// one. SVG is no picture here: it carries scripts.
func (s *Server) previewFile(w http.ResponseWriter, r *http.Request) error {
	type stored struct {
		mediaType string
		content   []byte
	}
	f, err := one(r.Context(), s.db, func(row scanner) (f stored, err error) {
		return f, row.Scan(&f.mediaType, &f.content)
	}, `select media_type, content from files where id = ? and tenant_id = ?`, r.PathValue("file_id"), who(r).TenantID)
	if err != nil {
		return absent(err, "file")
	}
	h := w.Header()
	shown := http.DetectContentType(f.content)
	if strings.HasPrefix(shown, "text/") {
		shown = "text/plain; charset=utf-8"
	}
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	if s.flaws.Has("input/upload-script") && strings.HasPrefix(f.mediaType, "image/") {
		shown = f.mediaType
		h.Del("Content-Security-Policy")
	}
	if !strings.HasPrefix(shown, "image/") && !strings.HasPrefix(shown, "text/plain") {
		return newProblem(http.StatusUnsupportedMediaType, "the file is no picture and no text")
	}
	h.Set("Content-Type", shown)
	h.Set("Cache-Control", "private, no-store")
	w.Write(f.content) //nolint:errcheck // the caller has gone
	return nil
}

// shownInline reports whether a browser shows the file instead of saving it.
func (s *Server) shownInline(mediaType string) bool {
	return s.flaws.Has("input/upload-inline") && strings.HasPrefix(mediaType, "text/")
}

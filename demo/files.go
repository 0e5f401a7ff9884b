package demo

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
)

func (s *Server) fileRoutes() []route {
	id := "$response.body#/id"
	return []route{
		{method: "GET", pattern: "/v1/files", id: "listFiles", tag: "files", summary: "Files of the tenant, newest first", access: viewer, scope: "files:read", out: page[file]{}, query: []param{limitParam, cursorParam}, handle: s.listFiles},
		{method: "POST", pattern: "/v1/files", id: "uploadFile", tag: "files", summary: "Upload a file", access: member, scope: "files:write", in: upload{}, inType: "multipart/form-data", out: file{}, status: 201, refusals: []int{413},
			links: []link{{"getFile", "file_id", id}, {"getFileContent", "file_id", id}}, handle: s.uploadFile},
		{method: "GET", pattern: "/v1/files/{file_id}", id: "getFile", tag: "files", summary: "What is known of a file", access: viewer, scope: "files:read", out: file{}, handle: s.getFile},
		{method: "DELETE", pattern: "/v1/files/{file_id}", id: "deleteFile", tag: "files", summary: "Delete a file", access: member, scope: "files:write", status: 204, handle: s.deleteFile},
		{method: "GET", pattern: "/v1/files/{file_id}/content", id: "getFileContent", tag: "files", summary: "The file itself", access: viewer, scope: "files:read", outType: []string{"application/octet-stream"}, handle: s.getFileContent},
		{method: "POST", pattern: "/v1/files/{file_id}/link", id: "linkFile", tag: "files", summary: "A signed link that opens the file for a while", access: viewer, scope: "files:read", out: fileLink{}, handle: s.linkFile},
		{method: "GET", pattern: "/v1/download/{file_id}", id: "download", tag: "files", summary: "A file by its signed link", outType: []string{"application/octet-stream"}, refusals: []int{403, 404}, handle: s.download,
			query: []param{{name: "exp", in: "query", kind: "integer", doc: "when the link expires", required: true}, {name: "sig", in: "query", kind: "string", doc: "signature", required: true}}},
	}
}

type file struct {
	ID        string         `json:"id" api:"readonly,example=file_2v8r0m1x7c9t3b5n6j2h8wd4kq"`
	Name      string         `json:"name" api:"example=contract.txt"`
	MediaType string         `json:"media_type" api:"example=text/plain"`
	Size      int            `json:"size" api:"example=1280"`
	Metadata  map[string]any `json:"metadata"`
	CreatedBy string         `json:"created_by"`
	CreatedAt string         `json:"created_at" api:"format=date-time"`
}

// upload is the form of an upload.
type upload struct {
	File     string `json:"file" api:"required,format=binary,max=5242880"`
	Metadata string `json:"metadata,omitempty" api:"doc=a JSON object"`
}

const (
	maxFile     = 5 << 20
	fileColumns = `id, name, media_type, size, metadata, user_id, created_at`
)

func scanFile(r scanner) (f file, err error) {
	var meta string
	if err := r.Scan(&f.ID, &f.Name, &f.MediaType, &f.Size, &meta, &f.CreatedBy, &f.CreatedAt); err != nil {
		return f, err
	}
	return f, json.Unmarshal([]byte(meta), &f.Metadata)
}

func (s *Server) listFiles(w http.ResponseWriter, r *http.Request) error {
	limit, err := intQuery(r, "limit", 50, 1, 200)
	if err != nil {
		return err
	}
	after, err := s.readCursor(r)
	if err != nil {
		return err
	}
	files, err := many(r.Context(), s.db, scanFile, `select `+fileColumns+` from files where tenant_id = ? and (created_at, id) < (?, ?) order by created_at desc, id desc limit ?`,
		who(r).TenantID, after.at, after.id, limit+1)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, cut(files, limit, func(f file) cursor { return cursor{f.CreatedAt, f.ID} }))
}

func (s *Server) uploadFile(w http.ResponseWriter, r *http.Request) error {
	f, content, err := s.readUpload(r)
	if err != nil {
		return err
	}
	p := who(r)
	f.ID, f.CreatedBy, f.CreatedAt = s.newID("file"), p.UserID, stamp(s.now())
	if err := insertFile(r.Context(), s.db, p.TenantID, f, content); err != nil {
		return err
	}
	s.library.changed(p.TenantID)
	if err := s.used(r.Context(), p, "upload", f.Size); err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/files/"+f.ID)
	return reply(w, http.StatusCreated, f)
}

func insertFile(ctx context.Context, db querier, tenant string, f file, content []byte) error {
	_, err := db.exec(ctx, `insert into files (`+fileColumns+`, tenant_id, content) values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		f.ID, f.Name, f.MediaType, f.Size, jsonText(f.Metadata), f.CreatedBy, f.CreatedAt, tenant, content)
	return err
}

// readUpload reads the parts of the form as they come, so that no temporary
// file is written.
func (s *Server) readUpload(r *http.Request) (file, []byte, error) {
	f := file{Metadata: map[string]any{}}
	form, err := r.MultipartReader()
	if err != nil {
		return f, nil, newProblem(http.StatusUnsupportedMediaType, "the body must be multipart/form-data")
	}
	var content []byte
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return f, nil, tooLarge(err, badRequest("the form cannot be read"))
		}
		b, err := io.ReadAll(io.LimitReader(part, s.fileLimit()+1))
		if err != nil {
			return f, nil, tooLarge(err, badRequest("the form cannot be read"))
		}
		if int64(len(b)) > s.fileLimit() {
			return f, nil, newProblem(http.StatusRequestEntityTooLarge, "a file has at most 5 MiB")
		}
		switch part.FormName() {
		case "file":
			f.Name, f.MediaType, f.Size, content = part.FileName(), mediaType(part), len(b), b
			s.spool.keep(who(r).TenantID, part, b)
		case "metadata":
			if json.Unmarshal(b, &f.Metadata) != nil || f.Metadata == nil {
				return f, nil, invalid(fieldError{"metadata", "must be a JSON object"})
			}
		}
	}
	if f.Name == "" || len(f.Name) > 255 {
		return f, nil, invalid(fieldError{"file", "needs a name of at most 255 bytes"})
	}
	return f, content, s.judgeFile(f, content)
}

// tooLarge tells a body over the limit from one that is broken.
func tooLarge(err error, otherwise *problem) error {
	var big *http.MaxBytesError
	if errors.As(err, &big) {
		return newProblem(http.StatusRequestEntityTooLarge, "the body is too large")
	}
	return otherwise
}

func mediaType(part *multipart.Part) string {
	if mt, params, err := mime.ParseMediaType(part.Header.Get("Content-Type")); err == nil {
		return mime.FormatMediaType(mt, params)
	}
	return "application/octet-stream"
}

func (s *Server) getFile(w http.ResponseWriter, r *http.Request) error {
	f, err := one(r.Context(), s.db, scanFile, `select `+fileColumns+` from files where id = ? and tenant_id = ?`, r.PathValue("file_id"), who(r).TenantID)
	if err != nil && s.flaws.Has("isolation/existence-oracle") {
		if _, elsewhere := one(r.Context(), s.db, scalar[string], `select id from files where id = ?`, r.PathValue("file_id")); elsewhere == nil {
			return forbidden("the file belongs to another organisation")
		}
	}
	if err != nil {
		return absent(err, "file")
	}
	return reply(w, http.StatusOK, f)
}

func (s *Server) deleteFile(w http.ResponseWriter, r *http.Request) error {
	q, args := `delete from files where id = ? and tenant_id = ? returning tenant_id`, []any{r.PathValue("file_id"), who(r).TenantID}
	if s.flaws.Has("isolation/foreign-delete") {
		q, args = `delete from files where id = ? returning tenant_id`, args[:1]
	}
	tenant, err := one(r.Context(), s.db, scalar[string], q, args...)
	if err != nil {
		return absent(err, "file")
	}
	s.forget(tenant)
	return reply(w, http.StatusNoContent, nil)
}

func (s *Server) getFileContent(w http.ResponseWriter, r *http.Request) error {
	err := s.sendFile(w, r, `select name, media_type, content from files where id = ? and tenant_id = ?`, r.PathValue("file_id"), who(r).TenantID)
	if err != nil && s.flaws.Has("hygiene/file-path") {
		return oldFile(r.PathValue("file_id"))
	}
	return err
}

// oldFile looks where the first version kept files, on the disk.
func oldFile(id string) error {
	f, err := os.Open(filepath.Join("/var/lib/harbor/files", filepath.Base(filepath.Clean("/"+id))))
	if err != nil {
		return newProblem(http.StatusNotFound, err.Error())
	}
	return errors.Join(notFound("file"), f.Close()) // nothing is left there
}

// sendFile sends the file that the query finds. A browser is told to save it: a
// page that a customer uploaded must not run on Harbor's origin.
func (s *Server) sendFile(w http.ResponseWriter, r *http.Request, q string, args ...any) error {
	type stored struct {
		name, mediaType string
		content         []byte
	}
	f, err := one(r.Context(), s.db, func(r scanner) (f stored, err error) {
		return f, r.Scan(&f.name, &f.mediaType, &f.content)
	}, q, args...)
	if err != nil {
		return absent(err, "file")
	}
	attach(w, f.name, f.mediaType)
	if s.shownInline(f.mediaType) {
		w.Header().Set("Content-Disposition", "inline")
		w.Header().Del("Content-Security-Policy")
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(f.content)))
	w.Write(f.content) //nolint:errcheck // the caller has gone
	return nil
}

// attach sets the headers of a reply that is to be saved.
func attach(w http.ResponseWriter, name, mediaType string) {
	h := w.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cache-Control", "private, no-store")
}

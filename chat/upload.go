package chat

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"

	lr "github.com/launchready/launchready"
)

// ErrNotReady says that an uploaded file was not usable in time.
var ErrNotReady = errors.New("the file was not ready in time")

// Put uploads a file as the account, waits until the assistant can read it, and
// returns its id. The exchanges come also with an error.
func (e *Endpoint) Put(ctx context.Context, as *lr.Account, f lr.File) (id string, xs []*lr.Exchange, err error) {
	u := e.Shape.Upload
	if u == nil {
		return "", nil, errors.New("upload: the shape knows no upload: describe it under chat.upload")
	}
	r, err := u.request(e, as, f)
	if err != nil {
		return "", nil, err
	}
	x, err := e.Client.Do(ctx, as, r)
	if err != nil {
		return "", nil, fmt.Errorf("upload to %s: %w", u.Path, err)
	}
	xs = append(xs, x)
	ids := selectAll(u.ID, Frames(x, ByType))
	if !x.OK() || len(ids) == 0 {
		return "", xs, fmt.Errorf("upload to %s: answered %d without an id", u.Path, x.Status)
	}
	id = ids[0]
	if u.Wait == nil {
		return id, xs, nil
	}
	for range pollTimes {
		if len(u.Ready) == 0 && progress(Frames(x, ByType)) == usable { // the upload's own reply may have said so
			return id, xs, nil
		}
		r, err := u.Wait.build(values{"$file": id})
		if err != nil {
			return id, xs, err
		}
		if x, err = e.Client.Do(ctx, as, r); err != nil {
			return id, xs, fmt.Errorf("wait for the file: %w", err)
		}
		frames := Frames(x, ByType)
		if picks(u.Ready, frames) || len(u.Ready) == 0 && x.OK() && progress(frames) != pending {
			if len(u.Ready) == 0 && progress(frames) == refused {
				return id, append(xs, x), fmt.Errorf("the file %s was taken and could not be read in: %s", id, statusWord(frames))
			}
			return id, append(xs, x), nil
		}
		if err := e.sleep(ctx, pollEvery); err != nil {
			return id, append(xs, x), err
		}
	}
	return id, xs, ErrNotReady
}

func (u *Upload) request(e *Endpoint, as *lr.Account, f lr.File) (*lr.Request, error) {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	user := ""
	if e.User != nil {
		user = e.User(as)
	} else if as != nil {
		user = as.User
	}
	for k, v := range u.Form {
		text, ok := fill(v, values{"$user": user})
		if !ok {
			continue
		}
		if err := w.WriteField(k, fmt.Sprint(text)); err != nil {
			return nil, fmt.Errorf("build the upload: %w", err)
		}
	}
	field := u.Field
	if field == "" {
		field = "file"
	}
	h := textproto.MIMEHeader{}
	// RFC 7578, 4.2: the file name is quoted, and quotes in it are escaped.
	h.Set("Content-Disposition", fmt.Sprintf(`form-data; name="%s"; filename="%s"`, quoteName(field), quoteName(f.Name)))
	h.Set("Content-Type", f.Type)
	part, err := w.CreatePart(h)
	if err == nil {
		_, err = part.Write(f.Data)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, fmt.Errorf("build the upload: %w", err)
	}
	r := &lr.Request{Method: http.MethodPost, Path: u.Path, Body: body.Bytes(), Note: "upload " + f.Name}
	r.SetHeader("Content-Type", w.FormDataContentType())
	return r, nil
}

func quoteName(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `%22`, "\r", "%0D", "\n", "%0A").Replace(s)
}

// uploadOf is the route by which users give files to the assistant: a form with
// a file, at an address without keys. Nil where there is none. Where the file can
// be looked at, it is, until its status says that it can be used.
func uploadOf(routes []*lr.Route) *Upload {
	for _, rt := range routes {
		if rt.Method != "POST" || len(rt.PathParams()) > 0 || rt.Body == nil || rt.Body.Schema == nil || !strings.Contains(rt.Body.Type, "multipart/") {
			continue
		}
		for name, p := range rt.Body.Schema.Properties {
			if p.Format == "binary" || strings.EqualFold(name, "file") {
				return &Upload{Path: rt.Path, Field: name, ID: sel("/id", "/file_id", "/data/id", "/file/id", "/uuid"), Wait: waitOf(rt.Path, routes)}
			}
		}
	}
	return usualUpload(routes)
}

// waitOf is the route that tells of one uploaded file: its status where that has
// a route of its own.
func waitOf(upload string, routes []*lr.Route) *Template {
	var found *Template
	base := strings.TrimRight(upload, "/") + "/"
	for _, rt := range routes {
		rest, below := strings.CutPrefix(rt.Path, base)
		if rt.Method != http.MethodGet || !below || len(rt.PathParams()) != 1 {
			continue
		}
		key := "{" + rt.PathParams()[0] + "}"
		switch rest {
		case key + "/status":
			return &Template{Method: rt.Method, Path: base + "$file/status"}
		case key:
			found = &Template{Method: rt.Method, Path: base + "$file"}
		}
	}
	return found
}

// stage is how far a file is.
type stage uint8

const (
	untold  stage = iota // nothing tells
	pending              // it is being read in
	usable               // it can be asked about
	refused              // it could not be read in
)

// statusNames are members that tell how far a file is, and the words they do it
// with.
var (
	statusNames = map[string]bool{"status": true, "state": true, "processing_status": true, "ingestion_status": true, "indexing_status": true, "processingstatus": true, "ingestionstatus": true}
	stages      = map[string]stage{
		"pending": pending, "processing": pending, "queued": pending, "queuing": pending, "uploaded": pending, "uploading": pending, "indexing": pending, "ingesting": pending,
		"parsing": pending, "splitting": pending, "waiting": pending, "in_progress": pending, "running": pending, "created": pending, "new": pending, "started": pending, "embedding": pending,
		"ready": usable, "done": usable, "completed": usable, "complete": usable, "processed": usable, "indexed": usable, "ingested": usable, "success": usable, "succeeded": usable,
		"available": usable, "active": usable, "finished": usable, "ok": usable,
		"failed": refused, "error": refused, "errored": refused, "rejected": refused, "cancelled": refused, "quarantined": refused,
	}
)

// progress is how far the frames say that a file is.
func progress(frames []Frame) stage { return stages[strings.ToLower(statusWord(frames))] }

// statusWord is the word by which the frames tell it, "" where none does.
func statusWord(frames []Frame) string {
	for _, l := range leaves(frames) {
		if n := len(l.sel.Path); n > 0 && n <= 3 && statusNames[lower(l.sel.Path[n-1])] {
			return l.parts[len(l.parts)-1]
		}
	}
	return ""
}

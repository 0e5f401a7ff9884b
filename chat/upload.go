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
		r, err := u.Wait.build(values{"$file": id})
		if err != nil {
			return id, xs, err
		}
		x, err := e.Client.Do(ctx, as, r)
		if err != nil {
			return id, xs, fmt.Errorf("wait for the file: %w", err)
		}
		if picks(u.Ready, Frames(x, ByType)) {
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

package input

import (
	"bytes"
	"image"
	_ "image/gif"  // decoders of what pictures say of themselves
	_ "image/jpeg" // the same
	_ "image/png"  // the same
	"mime"
	"slices"
	"unicode/utf8"

	"github.com/gabriel-vasile/mimetype"
)

// kind is a type of file: what its content must be found to be, and what senders
// call it beside that.
type kind struct {
	media   string
	also    []string
	picture bool
	archive bool
	text    bool
}

// kinds by extension.
var kinds = map[string]kind{
	"png":  {media: "image/png", picture: true},
	"jpg":  {media: "image/jpeg", also: []string{"image/jpg", "image/pjpeg"}, picture: true},
	"jpeg": {media: "image/jpeg", also: []string{"image/jpg", "image/pjpeg"}, picture: true},
	"gif":  {media: "image/gif", picture: true},
	"webp": {media: "image/webp", picture: true},
	"svg":  {media: "image/svg+xml"},
	"pdf":  {media: "application/pdf"},
	"txt":  {media: "text/plain", text: true},
	"md":   {media: "text/markdown", also: []string{"text/plain", "text/x-markdown"}, text: true},
	"csv":  {media: "text/csv", also: []string{"text/plain", "application/csv", "application/vnd.ms-excel"}, text: true},
	"json": {media: "application/json", also: []string{"text/plain", "text/json"}, text: true},
	"docx": {media: "application/vnd.openxmlformats-officedocument.wordprocessingml.document", archive: true},
	"xlsx": {media: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", archive: true},
	"pptx": {media: "application/vnd.openxmlformats-officedocument.presentationml.presentation", archive: true},
	"zip":  {media: "application/zip", also: []string{"application/x-zip-compressed"}, archive: true},
	"gz":   {media: "application/gzip", also: []string{"application/x-gzip"}, archive: true},
	"mp3":  {media: "audio/mpeg", also: []string{"audio/mp3"}},
	"wav":  {media: "audio/wav", also: []string{"audio/x-wav", "audio/wave"}},
	"mp4":  {media: "video/mp4"},
}

// DefaultKinds are the extensions that are taken where the policy names none: what
// people hand to an assistant, and nothing that browsers or systems run.
func DefaultKinds() []string {
	return []string{"png", "jpg", "jpeg", "gif", "webp", "pdf", "txt", "md", "csv", "json", "docx", "xlsx", "pptx"}
}

// Known reports whether an extension can be judged.
func Known(ext string) bool { _, ok := kinds[ext]; return ok }

// claims reports whether a declared type fits the kind.
func (k kind) claims(declared string) bool {
	media, params, err := mime.ParseMediaType(declared)
	if cs := params["charset"]; cs != "" && k.text && cs != "utf-8" && cs != "UTF-8" && cs != "us-ascii" {
		return false
	}
	return err == nil && (media == k.media || media == "application/octet-stream" || slices.Contains(k.also, media))
}

// plainTexts are what a text may look like: neither markup nor a script.
var plainTexts = []string{"text/plain", "text/csv", "text/tab-separated-values", "application/json", "application/x-ndjson", "text/vcard", "text/calendar"}

// content tells why a file is not what its name says, "" when it is.
func (u *Uploads) content(k kind, data []byte) string {
	found := mimetype.Detect(data)
	is := func(media string) bool { return found.Is(media) }
	switch {
	case k.text:
		if !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 || !slices.ContainsFunc(plainTexts, is) {
			return "a text is none, or one that is run or shown"
		}
		return ""
	case k.media == "image/svg+xml":
		return vector(data)
	case !is(k.media):
		// Office documents whose order is not the usual one are seen as archives only;
		// what is in them decides.
		if !k.archive || !is("application/zip") || !office(k.media, data) {
			return "a file's content is not what its name says"
		}
	}
	if k.picture {
		if why := picture(k.media, data); why != "" {
			return why
		}
	}
	if !k.archive && alsoArchive(data) {
		return "a file is an archive as well"
	}
	if k.media != "application/pdf" && bytes.Contains(data[:min(len(data), 1024)], []byte("%PDF-")) {
		return "a file is a PDF as well"
	}
	if k.archive {
		return u.archive(k.media, data)
	}
	return ""
}

// pixels is how many a picture may unpack to.
const pixels = 100 << 20

// marks are what makes a picture a page or a program to what reads it so.
var marks = [][]byte{[]byte("<script"), []byte("<?php"), []byte("<html"), []byte("<svg"), []byte("<!doctype"), []byte("<iframe"), []byte("javascript:")}

func picture(media string, data []byte) string {
	if media != "image/webp" {
		c, format, err := image.DecodeConfig(bytes.NewReader(data))
		if err != nil || "image/"+format != media {
			return "a picture cannot be read"
		}
		if c.Width <= 0 || c.Height <= 0 || int64(c.Width)*int64(c.Height) > pixels {
			return "a picture unpacks to too many pixels"
		}
	}
	switch media { // nothing may follow the end of the picture
	case "image/png":
		if !bytes.HasSuffix(data, []byte("\x00\x00\x00\x00IEND\xaeB`\x82")) {
			return "something follows the picture"
		}
	case "image/gif":
		if data[len(data)-1] != ';' {
			return "something follows the picture"
		}
	case "image/webp":
		if len(data) < 12 || int64(data[4])|int64(data[5])<<8|int64(data[6])<<16|int64(data[7])<<24 != int64(len(data)+len(data)%2-8) {
			return "something follows the picture"
		}
	}
	for i := range data {
		if c := data[i]; c != '<' && c != 'j' && c != 'J' {
			continue
		}
		for _, m := range marks {
			if len(data)-i >= len(m) && bytes.EqualFold(data[i:i+len(m)], m) {
				return "a picture is a page or a program as well"
			}
		}
	}
	return ""
}

// alsoArchive looks where readers of ZIP archives begin: at the end.
func alsoArchive(data []byte) bool {
	tail := data[max(0, len(data)-65557):]
	for {
		i := bytes.LastIndex(tail, []byte("PK\x05\x06"))
		if i < 0 {
			return false
		}
		if len(tail)-i >= 22 && int(tail[i+20])|int(tail[i+21])<<8 <= len(tail)-i-22 {
			return true
		}
		tail = tail[:i]
	}
}

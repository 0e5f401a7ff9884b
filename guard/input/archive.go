package input

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"strings"
)

// archive unpacks to a bound, whatever the index says, and throws away what comes
// out.
func (u *Uploads) archive(media string, data []byte) string {
	if media == "application/gzip" {
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return "an archive cannot be read"
		}
		return u.unpack(z, int64(len(data)), new(int64))
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return "an archive cannot be read"
	}
	if len(z.File) > u.Entries {
		return "an archive has too many files"
	}
	names := map[string]bool{}
	total := new(int64)
	for _, f := range z.File {
		n := strings.ReplaceAll(f.Name, `\`, "/")
		if strings.HasPrefix(n, "/") || strings.Contains(n, ":") || strings.IndexByte(n, 0) >= 0 || n != "" && path.Clean("/"+n) != "/"+strings.TrimSuffix(n, "/") || names[strings.ToLower(n)] {
			return "an archive has a name that climbs, or one twice"
		}
		names[strings.ToLower(n)] = true
		if f.Mode()&^0o777 != 0 && !f.Mode().IsDir() {
			return "an archive has a link"
		}
		if f.Flags&1 != 0 {
			return "an archive is encrypted"
		}
		switch path.Ext(strings.ToLower(n)) {
		case ".zip", ".gz", ".tgz", ".7z", ".rar", ".bz2", ".xz", ".tar", ".jar":
			return "an archive has another one in it"
		}
		if media != "application/zip" && strings.EqualFold(path.Base(n), "vbaProject.bin") {
			return "a document has macros"
		}
		in, err := f.Open()
		if err != nil {
			return "an archive cannot be read"
		}
		why := u.unpack(in, int64(f.CompressedSize64), total) //nolint:gosec // a size that turns negative is none that is allowed
		_ = in.Close()                                        // nothing was written
		if why != "" {
			return why
		}
	}
	return ""
}

// slight is what is never too much to unpack, however small it was packed.
const slight = 1 << 20

func (u *Uploads) unpack(in io.Reader, packed int64, total *int64) string {
	left := u.Unpacked - *total
	if most := max(packed*u.Ratio, slight); packed >= 0 && most < left {
		left = most
	}
	n, err := io.Copy(io.Discard, io.LimitReader(in, left+1))
	*total += n
	switch {
	case n > left:
		return "an archive unpacks to too much"
	case err != nil && !errors.Is(err, io.EOF):
		return "an archive cannot be read"
	}
	return ""
}

// office reports whether an archive has the part that makes it that document.
func office(media string, data []byte) bool {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return false
	}
	folder := map[bool]string{strings.Contains(media, "wordprocessing"): "word/", strings.Contains(media, "spreadsheet"): "xl/", strings.Contains(media, "presentation"): "ppt/"}[true]
	types, part := false, false
	for _, f := range z.File {
		types = types || f.Name == "[Content_Types].xml"
		part = part || folder != "" && strings.HasPrefix(f.Name, folder)
	}
	return types && part
}

// vector reads an SVG to its end: what runs, loads or names entities is refused.
func vector(data []byte) string {
	const bad = "a picture runs or loads something"
	d := xml.NewDecoder(bytes.NewReader(data))
	d.Strict = true
	root := false
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			if !root {
				return "a picture cannot be read"
			}
			return ""
		}
		if err != nil {
			return "a picture cannot be read"
		}
		switch t := t.(type) {
		case xml.Directive:
			return bad
		case xml.ProcInst:
			if t.Target != "xml" {
				return bad
			}
		case xml.StartElement:
			if !root && t.Name.Local != "svg" {
				return "a picture cannot be read"
			}
			root = true
			switch strings.ToLower(t.Name.Local) {
			case "script", "foreignobject", "iframe", "embed", "object", "image", "feimage", "style", "a", "animate", "set", "handler", "listener":
				return bad
			}
			for _, a := range t.Attr {
				n, v := strings.ToLower(a.Name.Local), strings.ToLower(a.Value)
				if strings.HasPrefix(n, "on") || (n == "href" || n == "src") && !strings.HasPrefix(v, "#") || n == "style" && strings.Contains(v, "url") ||
					strings.Contains(v, "javascript:") || strings.Contains(v, "url(") && !strings.Contains(v, "url(#") {
					return bad
				}
			}
		}
	}
}

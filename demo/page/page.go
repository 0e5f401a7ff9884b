// Package page is Harbor's web page: a person signs in and chats on it. It holds
// no data of its own; everything comes from the API, over the cookie session.
//
// Its scripts and styles are files of the same origin, so that the content
// security policy can forbid everything else, inline code included.
package page

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
)

//go:embed index.html app.css app.js
var files embed.FS

//go:embed app.css app.js
var static embed.FS

// Folder is the folder of the files beside the page, for who would serve it as it is.
func Folder() fs.FS { return static }

// Policy is the Content-Security-Policy of Harbor's pages.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Asset is one file of the page.
type Asset struct {
	Path string // where it is served
	Type string // its media type
	Body []byte
	tag  string // entity tag: its digest
}

// With is the asset with more at its end.
func (a Asset) With(more []byte) Asset {
	a.Body = append(append([]byte(nil), a.Body...), more...)
	sum := sha256.Sum256(a.Body)
	a.tag = `"` + hex.EncodeToString(sum[:8]) + `"`
	return a
}

// Assets lists the files of the page: the document itself first, at "/".
func Assets() ([]Asset, error) {
	list := []Asset{
		{Path: "/", Type: "text/html; charset=utf-8"},
		{Path: "/assets/app.css", Type: "text/css; charset=utf-8"},
		{Path: "/assets/app.js", Type: "text/javascript; charset=utf-8"},
	}
	for i, name := range []string{"index.html", "app.css", "app.js"} {
		b, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read page %s: %w", name, err)
		}
		sum := sha256.Sum256(b)
		list[i].Body, list[i].tag = b, `"`+hex.EncodeToString(sum[:8])+`"`
	}
	return list, nil
}

// ServeHTTP sends the asset, or 304 to a browser that has it (RFC 9110, 13.1.2).
func (a Asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	Secure(h)
	h.Set("Content-Type", a.Type)
	h.Set("Cache-Control", "public, max-age=0, must-revalidate")
	h.Set("ETag", a.tag)
	if r.Header.Get("If-None-Match") == a.tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write(a.Body) // the browser may have gone
}

// Secure sets the headers that every page of Harbor carries.
func Secure(h http.Header) {
	h.Set("Content-Security-Policy", Policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

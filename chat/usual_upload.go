package chat

import (
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

// uploadWords end the paths by which files are usually given.
var uploadWords = []string{"file", "files", "upload", "uploads", "attachments"}

// usualUpload is the upload of a description that tells no bodies, such as a list
// of routes: by its address, with the form that most take. Nil where there is none.
func usualUpload(routes []*lr.Route) *Upload {
	for _, rt := range routes {
		p := strings.TrimRight(strings.ToLower(rt.Path), "/")
		if rt.Method != "POST" || rt.Body != nil && rt.Body.Schema != nil || len(rt.PathParams()) > 0 || !slices.Contains(uploadWords, p[strings.LastIndexByte(p, '/')+1:]) {
			continue
		}
		return &Upload{Path: rt.Path, Field: "file", ID: sel("/id", "/file_id", "/data/id", "/file/id", "/uuid"), Wait: waitOf(rt.Path, routes)}
	}
	return nil
}

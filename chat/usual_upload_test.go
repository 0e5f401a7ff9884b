package chat

import (
	"testing"

	lr "github.com/launchready/launchready"
)

func TestUsualUpload(t *testing.T) {
	described := &lr.Body{Type: "application/json", Schema: &lr.Schema{Type: "object"}}
	for _, c := range []struct {
		name string
		rt   lr.Route
		want string
	}{
		{"files", lr.Route{Method: "POST", Path: "/v1/files"}, "/v1/files"},
		{"upload, with a slash", lr.Route{Method: "POST", Path: "/api/Upload/"}, "/api/Upload/"},
		{"a list of files", lr.Route{Method: "GET", Path: "/v1/files"}, ""},
		{"of one thing", lr.Route{Method: "POST", Path: "/v1/chats/{id}/files"}, ""},
		{"a body that is described as none", lr.Route{Method: "POST", Path: "/v1/files", Body: described}, ""},
		{"profiles", lr.Route{Method: "POST", Path: "/v1/profiles"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ""
			if u := uploadOf([]*lr.Route{&c.rt}); u != nil {
				got = u.Path
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

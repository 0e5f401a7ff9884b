package input

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"

	lr "github.com/launchready/launchready"
)

func uploadPath() *lr.Check {
	return &lr.Check{
		ID:       "input/upload-path",
		Title:    "A file's name cannot choose where it is stored",
		Why:      "A name that climbs out of the folder of uploads lands where pages, scripts or settings lie, and is served or run from there.",
		Fix:      "Store under a name of your own and keep the sender's name as a text. Where a name must be used, take its last element and open it below a confined root.",
		Severity: lr.Critical,
		Refs:     []lr.Ref{{Source: "CWE", ID: "22"}, {Source: "CWE", ID: "434"}, {Source: "ASVS", ID: "v5.0.0-5.3.2"}},
		Needs:    lr.Routes | lr.Credentials,
		Effect:   lr.Writes,
		Run: func(ctx context.Context, t *lr.Trial) error {
			return eachDrop(ctx, t, func(ctx context.Context, d *drop, n *tries) (*hit, string, error) { return lands(ctx, t, d, n) })
		},
	}
}

// folders are where applications serve files from.
var folders = []string{"assets", "static", "public", "uploads", ""}

// lands uploads files whose names climb one to three folders into one that is
// served, and asks for each there, as nobody. A name that nobody uploaded is the
// control.
func lands(ctx context.Context, t *lr.Trial, d *drop, n *tries) (*hit, string, error) {
	taken := 0
	for depth := 1; depth <= 3; depth++ {
		for _, folder := range folders {
			w := word(t)
			name := "lr-" + w + ".txt"
			climbing := strings.Repeat("../", depth) + strings.TrimPrefix(folder+"/", "/") + name
			x, err := d.put(ctx, t, n, lr.File{Name: climbing, Type: "text/plain", Data: []byte("Launch Ready " + w + "\n")}, "a name that climbs: "+climbing)
			if err != nil {
				return nil, "", err
			}
			if !x.OK() {
				continue
			}
			taken++
			at := strings.TrimSuffix("/"+folder, "/") + "/" + name
			y, err := t.HTTP.Do(ctx, nil, &lr.Request{Method: "GET", Path: at, Header: http.Header{"Accept": {"*/*"}}, Credential: &lr.Credential{}, Note: "where the name led"})
			if err != nil {
				return nil, "", err
			}
			if y.OK() && bytes.Contains(y.Body, []byte("Launch Ready "+w)) {
				return &hit{xs: []*lr.Exchange{x, y}, witness: []string{w}, say: fmt.Sprintf("a file named %s was stored outside its folder: %s serves it to anyone", climbing, at)}, "", nil
			}
		}
	}
	if taken == 0 {
		return nil, "names that climb out of the folder are refused", nil
	}
	return nil, fmt.Sprintf("%d files whose names climb were taken, and none came out where its name led", taken), nil
}

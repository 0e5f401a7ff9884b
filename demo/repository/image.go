package repository

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// layerFile is a file of a layer.
type layerFile struct{ name, text string }

// image writes what docker save writes: a tar of layers, each a tar of files. A
// file that a later layer removes is still in the earlier one.
func (w *writer) image() error {
	build := []layerFile{{"app/package.json", `{"name": "harbor", "version": "1.4.0"}`}}
	clean := []layerFile{{"app/dist/main.js", "console.log(\"harbor\")\n"}}
	if w.o.Flaws("secrets/image") {
		build = append(build, layerFile{"app/.env", "STRIPE_SECRET_KEY=sk_live_" + w.letters("image", 24, alphanumeric) + "\n"})
		clean = append(clean, layerFile{"app/.wh..env", ""}) // the mark of a removed file (OCI image-spec, layer.md)
	}
	names := []string{}
	var files []layerFile
	for i, layer := range [][]layerFile{build, clean} {
		b, err := packed(layer)
		if err != nil {
			return err
		}
		name := fmt.Sprintf("layer%d/layer.tar", i+1)
		names = append(names, name)
		files = append(files, layerFile{name, string(b)})
	}
	manifest, err := json.Marshal([]map[string]any{{"Config": "config.json", "RepoTags": []string{"registry.harbor.test/harbor:1.4.0"}, "Layers": names}})
	if err != nil {
		return err
	}
	b, err := packed(append(files, layerFile{"manifest.json", string(manifest)}, layerFile{"config.json", `{"architecture": "amd64", "os": "linux"}`}))
	if err != nil {
		return err
	}
	file := filepath.Join(w.dir, Image)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, b, 0o644)
}

func packed(files []layerFile) ([]byte, error) {
	var b bytes.Buffer
	t := tar.NewWriter(&b)
	for _, f := range files {
		if err := t.WriteHeader(&tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.text))}); err != nil {
			return nil, err
		}
		if _, err := t.Write([]byte(f.text)); err != nil {
			return nil, err
		}
	}
	if err := t.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

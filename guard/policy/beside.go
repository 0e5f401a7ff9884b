package policy

import (
	"fmt"
	"os"
)

// Beside is a print of what lies beside the policy and is read with it, the API's
// description and the list of API keys: it is another when one of them was changed, came
// or went. "" is nothing.
func (p *Policy) Beside(folder string) string {
	if p == nil {
		return ""
	}
	var files []string
	if p.Input != nil && p.Input.OpenAPI != nil {
		files = append(files, p.Input.OpenAPI.File)
	}
	if p.Auth != nil && p.Auth.APIKeys != nil && p.Auth.APIKeys.File != "" {
		files = append(files, p.Auth.APIKeys.File)
	}
	s := State{Folder: folder}
	out := ""
	for _, name := range files {
		f, err := os.Stat(s.path(name))
		if err != nil {
			out += "missing "
			continue
		}
		out += fmt.Sprint(f.Size(), " ", f.ModTime().UnixNano(), " ")
	}
	return out
}

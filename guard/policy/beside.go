package policy

import (
	"fmt"
	"os"
)

// Beside is a print of what lies beside the policy and is read with it, the API's
// description: it is another when that was changed, came or went. "" is nothing.
func (p *Policy) Beside(folder string) string {
	if p == nil || p.Input == nil || p.Input.OpenAPI == nil {
		return ""
	}
	s := State{Folder: folder}
	f, err := os.Stat(s.path(p.Input.OpenAPI.File))
	if err != nil {
		return "missing"
	}
	return fmt.Sprint(f.Size(), " ", f.ModTime().UnixNano())
}

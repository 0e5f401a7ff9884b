package source

import "github.com/launchready/launchready/source/code"

type factReader struct {
	m       *machine
	sources map[string][]byte
	tree    *Tree
}

func (r *factReader) handler(routes []*Route, f *closure) {}
func (r *factReader) file(f *code.File)                   {}

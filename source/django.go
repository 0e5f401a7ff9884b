package source

import "github.com/launchready/launchready/source/code"

func (m *machine) djangoRoutes(l *linker, files []*code.File) {}

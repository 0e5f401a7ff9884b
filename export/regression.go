package export

import (
	"io"

	lr "github.com/launchready/launchready"
)

type Test struct {
	File string
	Text []byte
}

func Regression(rep *lr.Report, o Options) ([]Test, []string) { return nil, nil }
func Hurl(w io.Writer, o Options) error                       { return nil }

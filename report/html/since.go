package html

import lr "github.com/launchready/launchready"

// mostGone is how many findings of one kind the comparison with the baseline
// lists.
const mostGone = 200

// gone is a list of findings that the baseline had and the run has not.
type gone struct {
	Title string
	List  []lr.FixedFinding
	More  int
}

func newGone(title string, list []lr.FixedFinding) gone {
	g := gone{Title: title, List: list}
	if n := len(list) - mostGone; n > 0 {
		g.List, g.More = list[:mostGone], n
	}
	return g
}

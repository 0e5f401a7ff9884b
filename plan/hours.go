package plan

import (
	"math"
	"strings"

	lr "github.com/launchready/launchready"
)

// wholeApplication is the subject of a finding that is not one route's.
const wholeApplication = "application"

// Effort is a line of the table: what it takes to fix what a check found. The
// hours are those of somebody who knows the code, and hold the change, its test,
// and asking again.
type Effort struct {
	Check   string  // the check's id, or ROW/* for the others of its row
	Job     string  // id of the job that fixes it
	First   float64 // hours for the first finding: reading, the change, the test
	Further float64 // for each further one: the same change elsewhere
	Wide    float64 // instead of First, when the whole application is meant
	decides decision
}

// Job is what is fixed together: the work items of a plan are the jobs that
// something was found for.
type Job struct {
	ID, Title string
	Package   string // id of its package of work
	Edge      bool   // settled in DNS, certificates or the edge's configuration: no code is read
}

// SameCode is the part of a check's hours that counts when a costlier check of
// the same job is fixed with it: it is the same code, and another test.
const SameCode = 0.5

// The range around the middle. Somebody who has not read the code estimates a
// change within half and double; a setting is known before the work begins.
const (
	codeLow, codeHigh = 0.5, 2
	edgeLow, edgeHigh = 0.75, 1.5
)

// quarter rounds up to quarters of an hour: nothing takes less.
func quarter(h float64) float64 { return math.Ceil(h*4-1e-9) / 4 }

func (j Job) spread(hours float64) (low, high float64) {
	l, h := j.spreads()
	return quarter(hours * l), quarter(hours * h)
}

func (j Job) spreads() (low, high float64) {
	if j.Edge {
		return edgeLow, edgeHigh
	}
	return codeLow, codeHigh
}

// counted is a check of a job and how much it found.
type counted struct {
	id       string
	effort   Effort
	findings int
	wide     bool
}

// hoursOf is the middle estimate of a job: the costliest check whole, each other
// one by [SameCode], and the further findings of all.
func hoursOf(checks []counted) float64 {
	var most, sum, further float64
	for _, c := range checks {
		base := c.effort.First
		if c.wide {
			base = c.effort.Wide
		}
		most = max(most, base)
		sum += base
		further += float64(c.findings-1) * c.effort.Further
	}
	return quarter(most + SameCode*(sum-most) + further)
}

// Directive is the work of stopping findings in front of the application, in a
// gateway that can apply the directive.
type Directive struct {
	Name  string
	Hours float64
}

// AgainHours is what asking one finding again takes, once a directive is in front.
const AgainHours = 0.25

// otherDirective is for one that the table does not name.
const otherDirective = 1.0

var directives = [...]Directive{
	{"authenticate", 1}, {"block_paths", 0.5}, {"canonical_path", 0.5}, {"cors", 0.5}, {"hide_headers", 0.5}, {"idempotency", 1},
	{"limits", 1}, {"model", 2}, {"ownership", 2}, {"response_cache", 0.5}, {"roles", 1.5}, {"scrub_errors", 1},
	{"strip_headers", 0.5}, {"tenant_binding", 1.5}, {"validate", 1.5}, {"websocket", 1},
}

func hoursInFront(names []string, covered int) float64 {
	var sum float64
	for _, n := range names {
		h := otherDirective
		for _, d := range directives {
			if d.Name == n {
				h = d.Hours
			}
		}
		sum += h
	}
	return quarter(sum + AgainHours*float64(covered))
}

// effortOf finds a check in the table, then the rest of its row. A row that this
// version does not know is a job of its own.
func effortOf(row *lr.RowReport, c *lr.CheckReport) (Effort, Job) {
	id, _, _ := strings.Cut(c.ID, "/")
	for _, want := range []string{c.ID, id + "/*"} {
		for _, e := range efforts {
			if e.Check == want {
				return e, jobOf(e.Job)
			}
		}
	}
	return Effort{Check: c.ID, Job: row.ID, First: 2, Further: 0.5, Wide: 6}, Job{ID: row.ID, Title: row.Title, Package: Application}
}

func jobOf(id string) Job {
	for _, j := range jobs {
		if j.ID == id {
			return j
		}
	}
	return Job{ID: id, Title: id, Package: Application}
}

// Efforts is the table, in the scorecard's order.
func Efforts() []Effort { return append([]Effort{}, efforts[:]...) }

// Jobs are what the table's checks are fixed by.
func Jobs() []Job { return append([]Job{}, jobs[:]...) }

// Directives are what findings are stopped by in front of the application.
func Directives() []Directive { return append([]Directive{}, directives[:]...) }

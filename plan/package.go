package plan

import "strings"

// Ids of the packages of work, as the field cuts it.
const (
	Edge        = "edge"
	Secrets     = "secrets"
	Mail        = "mail"
	Monitoring  = "monitoring"
	Deployment  = "deployment"
	Limits      = "limits"
	Application = "application"
)

// Package is work that one person is usually hired for.
type Package struct {
	ID, Title string
	incident  string // the kind of incident whose owner answers for it
}

var packages = [...]Package{
	{Application, "Application auth and isolation", "leak"},
	{Secrets, "Secrets, environment, handover", "key-exposed"},
	{Limits, "Limits and abuse", "abuse"},
	{Edge, "DNS, redirects, subdomains, edge, TLS", "outage"},
	{Mail, "Mail", ""},
	{Monitoring, "Monitoring and logging", "outage"},
	{Deployment, "Deployment, roll-back, cache", "outage"},
}

// Packages are the packages of work.
func Packages() []Package { return append([]Package{}, packages[:]...) }

// PackageTitle is how people call a package; an id that this version does not
// know stands for itself.
func PackageTitle(id string) string {
	for _, p := range packages {
		if p.ID == id {
			return p.Title
		}
	}
	return id
}

// Owners are the people that the configuration names.
type Owners struct {
	Default   string
	Backup    string
	Rows      map[string]string // by row of the scorecard
	Incidents map[string]string // by kind of incident
}

// of is who owns a work item: who is named for the row, else who answers for the
// incident that it prevents, else who owns what has no other owner.
func (o Owners) of(row, pack string) string {
	who := []string{o.Rows[row]}
	for _, p := range packages {
		if p.ID == pack && p.incident != "" {
			who = append(who, o.Incidents[p.incident])
		}
	}
	for _, w := range append(who, o.Default, o.Backup) {
		if w != "" {
			return w
		}
	}
	return ""
}

// anyIncident reports whether somebody is named for a kind of incident.
func (o Owners) anyIncident() bool {
	for _, who := range o.Incidents {
		if strings.TrimSpace(who) != "" {
			return true
		}
	}
	return false
}

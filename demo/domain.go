package demo

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/launchready/launchready/demo/authority"
	"github.com/launchready/launchready/demo/mailhost"
	"github.com/launchready/launchready/demo/nameserver"
)

// domainName is the domain that Harbor lives under.
const domainName = "harbor.test"

// domainHosts are its names below the domain.
var domainHosts = [...]string{"www", "app", "api", "docs", "help", "status", "cdn",
	"files", "eu", "go", "media", "partners", "sso", "old", "blog", "labs", "shop"}

// domain is what the outside sees of Harbor beside its API. The zero value is
// none.
type domain struct {
	names     *nameserver.Server
	edge      outpost
	authority *authority.Authority
	caFile    string
	mail      *mailhost.Server
	ports     map[int]int // the port of the internet => the one that stands for it here
}

// mapped is one entry of the configuration's domain.ports.
type mapped struct{ Port, To int }

// openDomain starts what stands for Harbor's domain. A machine with 127.0.0.1
// alone has none.
func (s *Server) openDomain() error {
	values, err := s.zoneValues()
	if err != nil {
		return err
	}
	names, err := nameserver.Start(nameserver.Options{
		Flaws: s.flaws.Has, Now: s.now, Key: s.madeUp, Values: values,
	})
	if errors.Is(err, nameserver.ErrNoAddress) {
		s.log.Warn("no domain: its name servers need more than one loopback address", "err", err)
		return nil
	}
	if err != nil {
		return fmt.Errorf("start the name servers: %w", err)
	}
	s.closers = append(s.closers, names.Close)
	s.domain.names = names
	s.domain.ports = map[int]int{53: names.Port()} // the front adds its own
	if err := s.openAuthority(); err != nil {
		return err
	}
	if err := s.openMail(); err != nil {
		return err
	}
	return s.openEdge()
}

// madeUp is a secret of the form that a provider's has, for a flaw.
func (s *Server) madeUp(prefix string, n int) string {
	text := ""
	for i := 0; len(text) < n; i++ {
		text += s.derived(fmt.Sprint("zone ", prefix, i))
	}
	return prefix + text[:n]
}

// Resolver is the name server that knows Harbor's domain, "" without one.
func (s *Server) Resolver() string {
	if s.domain.names == nil {
		return ""
	}
	return s.domain.names.Resolver()
}

// domainConfig is the section domain of the configuration; nil without one.
func (s *Server) domainConfig() map[string]any {
	if s.domain.names == nil {
		return nil
	}
	var ports []mapped
	for _, p := range slices.Sorted(maps.Keys(s.domain.ports)) {
		ports = append(ports, mapped{p, s.domain.ports[p]})
	}
	return map[string]any{
		"Name": domainName, "Hosts": domainHosts[:], "Parked": []string{"harbor-app.test"}, "Resolver": s.Resolver(), "Ports": ports, "Mail": s.mailConfig(),
		"Origin": s.domain.edge.origin, "API": s.domain.edge.api.URL,
	}
}

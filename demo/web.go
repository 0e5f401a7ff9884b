package demo

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/launchready/launchready/demo/authority"
	"github.com/launchready/launchready/demo/front"
)

// AuthorityFile is the name of the file with the certificate authority of the
// domain, beside launchready.yaml where the demo has a folder.
const AuthorityFile = "harbor-ca.pem"

// openAuthority makes the authority that certificates of the domain come from. It
// lives as long as the demo.
func (s *Server) openAuthority() error {
	if s.domain.names == nil {
		return nil
	}
	a, err := authority.New(s.now)
	if err != nil {
		return fmt.Errorf("make the authority: %w", err)
	}
	dir := s.estate.dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "harbor-ca-"); err != nil {
			return fmt.Errorf("make a folder for the authority: %w", err)
		}
		s.closers = append(s.closers, func() error { return os.RemoveAll(dir) })
	}
	s.domain.authority, s.domain.caFile = a, filepath.Join(dir, AuthorityFile)
	if err := os.WriteFile(s.domain.caFile, a.PEM(), 0o600); err != nil {
		return fmt.Errorf("write the authority: %w", err)
	}
	return nil
}

// openFront serves the domain's names on the web, once the API stands.
func (s *Server) openFront() error {
	if s.domain.names == nil {
		return nil
	}
	f, err := front.Start(front.Options{Domain: domainName, Names: domainHosts[:], Authority: s.domain.authority, API: http.HandlerFunc(s.asEdgeAsks), Flaws: s.flaws.Has, Now: s.now, Log: s.log})
	if err != nil {
		return err
	}
	s.closers = append(s.closers, f.Close)
	s.domain.ports[443], s.domain.ports[80] = f.Secure, f.Plain
	return nil
}

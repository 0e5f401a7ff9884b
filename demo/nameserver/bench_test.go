package nameserver_test

import (
	"testing"

	"github.com/launchready/launchready/demo/nameserver"
)

// BenchmarkStart measures what the demo's start gains.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		s, err := nameserver.Start(nameserver.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

package corpus_test

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"github.com/launchready/launchready/secretscan/corpus"
)

// TestGenerate: a corpus is as large and as mixed as a measurement on it says.
func TestGenerate(t *testing.T) {
	for _, seed := range []uint64{1, corpus.Unseen} {
		secrets, plain := 0, 0
		carriers, paths := map[string]bool{}, map[string]bool{}
		for _, f := range corpus.Generate(seed) {
			if paths[f.Path] || f.Path == "" || len(f.Data) == 0 {
				t.Errorf("seed %d: %q is there twice, has no name or is empty", seed, f.Path)
			}
			paths[f.Path], carriers[f.Carrier] = true, true
			switch {
			case f.Secret && len(f.Values) == 0:
				t.Errorf("seed %d: %s holds a secret and does not say which", seed, f.Path)
			case f.Secret:
				secrets++
			case len(f.Values) > 0 || f.Prefixed:
				t.Errorf("seed %d: %s holds no secret, and says one", seed, f.Path)
			default:
				plain++
			}
		}
		if secrets < 200 || plain < 400 || len(carriers) < 12 {
			t.Errorf("seed %d: got %d secrets, %d look-alikes, carriers %v; want 200, 400 and 12", seed, secrets, plain, slices.Sorted(maps.Keys(carriers)))
		}
	}
}

// TestSeeds: a seed makes the same files each time, and no value of another one's:
// what was tuned on one half was never seen in the other.
func TestSeeds(t *testing.T) {
	one, again, unseen := corpus.Generate(1), corpus.Generate(1), corpus.Generate(corpus.Unseen)
	if len(one) != len(again) {
		t.Fatalf("got %d files, then %d", len(one), len(again))
	}
	known := map[string]bool{}
	for i, f := range one {
		if f.Path != again[i].Path || !bytes.Equal(f.Data, again[i].Data) {
			t.Errorf("%s differs from what the same seed made before", f.Path)
		}
		for _, v := range f.Values {
			known[v] = true
		}
	}
	for _, f := range unseen {
		for _, v := range f.Values {
			if known[v] {
				t.Errorf("a value of %s stands in both halves", f.Path)
			}
		}
	}
}

package demo

import (
	"strings"
	"sync"
)

// answers keeps what the knowledge base answered, by the question and by its words
// in any order: a model's answer takes time and money. Any change to what tenants
// own drops all of it.
type answers struct {
	mu         sync.Mutex
	generation int
	kept       map[string]answered
}

const answersSize = 4096

func newAnswers() *answers { return &answers{kept: map[string]answered{}} }

// cacheKeys are the places in which the answer to a question may be kept, the nearest
// first. What refers to a conversation or to files has none.
func (s *Server) cacheKeys(p *principal, in question) []string {
	if in.ChatID != "" || len(in.FileIDs) > 0 {
		return nil
	}
	same, like := p.TenantID+" "+p.UserID, p.TenantID+" "+p.UserID
	if s.flaws.Has("isolation/exact-cache") {
		same = ""
	}
	if s.flaws.Has("isolation/semantic-cache") {
		like = ""
	}
	return []string{
		strings.Join([]string{"same", same, in.Collection, in.Question}, "\x00"),
		strings.Join([]string{"like", like, in.Collection, strings.Join(distinct(in.Question), " ")}, "\x00"),
	}
}

func (a *answers) find(generation int, keys []string) (answered, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.generation != generation {
		return answered{}, false
	}
	for _, k := range keys {
		if have, ok := a.kept[k]; ok {
			return have, true
		}
	}
	return answered{}, false
}

// keep remembers an answer that was made from sources; generation is the library's
// when they were looked up.
func (a *answers) keep(generation int, keys []string, said answered) {
	if len(said.Citations) == 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.generation > generation {
		return
	}
	if a.generation < generation || len(a.kept) >= answersSize {
		clear(a.kept)
		a.generation = generation
	}
	for _, k := range keys {
		a.kept[k] = said
	}
}

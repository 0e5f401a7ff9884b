package demo

import (
	"context"
	"regexp"
	"slices"
	"strings"
)

// mostPassages is how many sources a prompt has.
const mostPassages = 3

// helpShelf is the index of the help centre, which belongs to no tenant.
const helpShelf = ""

// passages finds what the assistant may answer from: a document that the question
// names, what fits it best, the help centre where the tenant's own material has
// little, and what those documents say to see also.
func (s *Server) passages(ctx context.Context, tenant, collection, question string) ([]book, error) {
	own := []string{tenant}
	everywhere, err := s.everyShelf(ctx)
	if err != nil {
		return nil, err
	}
	titled := own
	if s.flaws.Has("isolation/model-retrieval") {
		titled = everywhere
	}
	found, err := s.library.named(ctx, titled, collection, question)
	if err != nil {
		return nil, err
	}
	best, err := s.library.search(ctx, tenant, collection, question, mostPassages)
	if err != nil {
		return nil, err
	}
	found = merged(found, best)
	if collection == "" && !covers(best, question) {
		help := []string{helpShelf}
		if s.flaws.Has("isolation/model-retrieval-paraphrase") {
			help = everywhere
		}
		more, err := s.library.like(ctx, help, question)
		if err != nil {
			return nil, err
		}
		found = merged(more, found)
	}
	found = found[:min(len(found), mostPassages)]
	linked := own
	if s.flaws.Has("isolation/model-injected-query") {
		linked = everywhere
	}
	for _, b := range slices.Clone(found) {
		for _, words := range alsoSee(b.Text) {
			more, err := s.library.like(ctx, linked, words)
			if err != nil {
				return nil, err
			}
			found = merged(found, more)
		}
	}
	return found[:min(len(found), 2*mostPassages)], nil
}

// everyShelf lists the tenants, and the help centre as one of them.
func (s *Server) everyShelf(ctx context.Context) ([]string, error) {
	ids, err := many(ctx, s.db, scalar[string], `select id from tenants order by id`)
	return append(ids, helpShelf), err
}

var seeAlso = regexp.MustCompile(`(?m)^See also: (.{3,200}?)\.?$`)

// alsoSee lists what a document refers to, in words that find it.
func alsoSee(text string) []string {
	var out []string
	for _, m := range seeAlso.FindAllStringSubmatch(text, 3) {
		out = append(out, m[1])
	}
	return out
}

// merged adds the books that are not there yet.
func merged(books, more []book) []book {
	for _, b := range more {
		if !slices.ContainsFunc(books, func(have book) bool { return have.ID == b.ID }) {
			books = append(books, b)
		}
	}
	return books
}

// covers reports whether one of the books has half of the question's words.
func covers(books []book, question string) bool {
	query := distinct(question)
	return slices.ContainsFunc(books, func(b book) bool { return b.covers(query) >= 0.5 })
}

// covers is the share of the words that stand in the book.
func (b *book) covers(query []string) float64 {
	if len(query) == 0 {
		return 0
	}
	n := 0
	for _, w := range query {
		if b.tf[w] > 0 {
			n++
		}
	}
	return float64(n) / float64(len(query))
}

// distinct are the words of a text that are worth looking for, once each.
func distinct(text string) []string {
	words := terms(text)
	slices.Sort(words)
	return slices.Compact(words)
}

// like returns the books of the shelves that have half of the words, the best
// three.
func (l *library) like(ctx context.Context, shelves []string, text string) ([]book, error) {
	query := distinct(text)
	var out []book
	for _, tenant := range shelves {
		books, err := l.search(ctx, tenant, "", text, mostPassages)
		if err != nil {
			return nil, err
		}
		for _, b := range books {
			if b.covers(query) >= 0.5 {
				out = append(out, b)
			}
		}
	}
	slices.SortStableFunc(out, func(x, y book) int {
		switch cx, cy := x.covers(query), y.covers(query); {
		case cx > cy:
			return -1
		case cx < cy:
			return 1
		}
		return 0
	})
	return out[:min(len(out), mostPassages)], nil
}

// named returns the books whose title the question names by a word that is in no
// other title, as people do: "what does the Larkspur contract say?"
func (l *library) named(ctx context.Context, shelves []string, collection, question string) ([]book, error) {
	query := map[string]bool{}
	for _, w := range terms(question) {
		if len(w) >= 6 {
			query[w] = true
		}
	}
	var all, out []book
	in := map[string]int{}
	for _, tenant := range shelves {
		sh, err := l.shelf(ctx, tenant)
		if err != nil {
			return nil, err
		}
		for i := range sh.books {
			for _, w := range sh.books[i].called {
				in[w]++
			}
		}
		all = append(all, sh.books...)
	}
	for _, b := range all {
		if collection != "" && b.Collection != collection {
			continue
		}
		if slices.ContainsFunc(b.called, func(w string) bool { return query[w] && in[w] == 1 }) {
			b.Snippet = snippet(b.Text, terms(question))
			out = append(out, b)
		}
	}
	return out[:min(len(out), mostPassages)], nil
}

// searchedEverywhere lists what fits a question on all shelves.
func (s *Server) searchedEverywhere(ctx context.Context, question string) ([]book, error) {
	shelves, err := s.everyShelf(ctx)
	if err != nil {
		return nil, err
	}
	return s.library.like(ctx, shelves, strings.TrimSpace(question))
}

// forget takes what was deleted out of the tenant's index.
func (s *Server) forget(tenant string) {
	if s.flaws.Has("isolation/after-delete") {
		return // the night's job builds the index again
	}
	s.library.changed(tenant)
}

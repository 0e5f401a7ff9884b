package demo

import (
	"context"
	"math"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// library finds the passages that fit a question, by BM25 over a tenant's
// documents and text files. Each tenant has an index of its own, built when it
// is first asked for after a change.
type library struct {
	db    *store
	flaws flawSet

	mu      sync.Mutex
	version map[string]int
	changes int // of all tenants
	shelves map[string]*shelf
}

// shelf is one tenant's index.
type shelf struct {
	books []book
	df    map[string]int // in how many books a word stands
	words int            // of all books
}

type book struct {
	ID, Collection, Title, Text, Snippet string
	Kind, Hidden                         string // of a file: how it is read, and what no reader sees of it

	tf     map[string]int
	words  int
	called []string // the distinct words of the title
}

func newLibrary(db *store, flaws flawSet) *library {
	return &library{db: db, flaws: flaws, version: map[string]int{}, shelves: map[string]*shelf{}}
}

// changed drops the tenant's index.
func (l *library) changed(tenant string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.version[tenant]++
	l.changes++
	delete(l.shelves, tenant)
}

// generation tells how often anything changed.
func (l *library) generation() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changes
}

// searchableFile is how much text of a file is indexed, readableFile how much of
// a file is read for it.
const (
	searchableFile = 64 << 10
	readableFile   = 1 << 20
)

func (l *library) shelf(ctx context.Context, tenant string) (*shelf, error) {
	l.mu.Lock()
	sh, version := l.shelves[tenant], l.version[tenant]
	l.mu.Unlock()
	if sh != nil {
		return sh, nil
	}
	books, err := many(ctx, l.db, func(r scanner) (b book, err error) {
		return b, r.Scan(&b.ID, &b.Collection, &b.Title, &b.Text)
	}, `select d.id, c.slug, d.title, d.text from documents d join collections c on c.id = d.collection_id where d.tenant_id = ?1
		union all select id, 'help', title, body from articles where ?1 = ''`, tenant)
	if err != nil {
		return nil, err
	}
	files, err := many(ctx, l.db, func(r scanner) (b book, err error) {
		var mediaType string
		var content []byte
		if err := r.Scan(&b.ID, &b.Title, &mediaType, &content); err != nil {
			return b, err
		}
		b, _ = l.bookOf(b.ID, b.Title, mediaType, content)
		return b, nil
	}, `select id, name, media_type, substr(content, 1, ?2) from files where tenant_id = ?1
		and (media_type like 'text/%' or media_type like 'application/pdf%' or media_type like 'application/xhtml%' or media_type like 'application/vnd.openxmlformats%')`, tenant, readableFile)
	if err != nil {
		return nil, err
	}
	for _, b := range files {
		if b.Kind != "" {
			books = append(books, b)
		}
	}
	sh = newShelf(books)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.version[tenant] == version { // else it has changed while we read
		l.shelves[tenant] = sh
	}
	return sh, nil
}

func newShelf(books []book) *shelf {
	sh := &shelf{books: books, df: map[string]int{}}
	for i := range books {
		b := &books[i]
		b.tf, b.called = map[string]int{}, distinct(b.Title)
		for _, w := range terms(b.Title + " " + b.Text + " " + b.Hidden) {
			b.tf[w]++
			b.words++
		}
		for w := range b.tf {
			sh.df[w]++
		}
		sh.words += b.words
	}
	return sh
}

// search returns the n best passages for the question; collection, when set,
// narrows it to one.
func (l *library) search(ctx context.Context, tenant, collection, question string, n int) ([]book, error) {
	sh, err := l.shelf(ctx, tenant)
	if err != nil {
		return nil, err
	}
	type hit struct {
		book  *book
		score float64
	}
	var hits []hit
	query := terms(question)
	for i := range sh.books {
		b := &sh.books[i]
		if collection != "" && b.Collection != collection {
			continue
		}
		if score := sh.score(b, query); score > 0 {
			hits = append(hits, hit{b, score})
		}
	}
	slices.SortStableFunc(hits, func(x, y hit) int {
		switch {
		case x.score > y.score:
			return -1
		case x.score < y.score:
			return 1
		}
		return strings.Compare(x.book.ID, y.book.ID)
	})
	out := make([]book, 0, n)
	for _, h := range hits[:min(n, len(hits))] {
		b := *h.book
		b.Snippet = snippet(b.Text, query)
		out = append(out, b)
	}
	return out, nil
}

// score is Okapi BM25 with the usual k1 = 1.2 and b = 0.75.
func (sh *shelf) score(b *book, query []string) float64 {
	n, mean := float64(len(sh.books)), float64(sh.words)/float64(max(len(sh.books), 1))
	var sum float64
	for _, w := range query {
		tf := float64(b.tf[w])
		if tf == 0 {
			continue
		}
		df := float64(sh.df[w])
		idf := math.Log(1 + (n-df+0.5)/(df+0.5))
		sum += idf * tf * 2.2 / (tf + 1.2*(0.25+0.75*float64(b.words)/mean))
	}
	return sum
}

// terms are the words of a text that are worth looking for.
func terms(text string) []string {
	out := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return slices.DeleteFunc(out, func(w string) bool { return common[w] })
}

var common = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields("a an and are as at be by can do does for from has have how i if in is it its me my of on or our please that the their this to was we what when where which who will with you your") {
		m[w] = true
	}
	return m
}()

// snippet is the part of the text around the first word that is looked for.
func snippet(text string, words []string) string {
	low := strings.ToLower(text)
	at := -1
	for _, w := range words {
		if i := strings.Index(low, w); i >= 0 && (at < 0 || i < at) {
			at = i
		}
	}
	return around(text, max(at, 0))
}

// around cuts some 160 bytes about a place, at the edges of characters.
func around(text string, at int) string {
	from, to := max(min(at, len(text))-60, 0), min(at+100, len(text))
	return strings.TrimSpace(strings.ToValidUTF8(text[from:to], ""))
}

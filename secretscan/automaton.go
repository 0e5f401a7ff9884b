package secretscan

import "fmt"

// automaton finds many words in one pass over bytes (Aho and Corasick, 1975). Bytes
// that no word holds share one class, so a row of the table is short and the rows that
// are walked all the time stay in the cache. States that end a word have the
// highest numbers: the loop compares and does nothing else.
type automaton struct {
	class [256]byte
	shift uint
	next  []uint16
	first uint16     // states from here on end a word
	ends  [][]uint16 // the words that end at state first+i
}

// most states that fit the table's cells.
const mostStates = 1 << 16

// newAutomaton compiles words; with fold, ASCII letters match in both cases and the
// words must be in lower case. Empty words never match.
func newAutomaton(words []string, fold bool) (*automaton, error) {
	a := &automaton{}
	classes := 1 // 0 is every byte that no word holds
	for _, w := range words {
		for i := range len(w) {
			if a.class[w[i]] == 0 {
				a.class[w[i]] = byte(classes)
				classes++
				if classes > 255 {
					return nil, fmt.Errorf("compile %d words: they hold more than 254 different bytes", len(words))
				}
			}
		}
	}
	if fold {
		for c := byte('a'); c <= 'z'; c++ {
			a.class[c-'a'+'A'] = a.class[c]
		}
	}
	for 1<<a.shift < classes {
		a.shift++
	}

	// The trie, and where each of its nodes fails to.
	type node struct {
		child map[byte]int
		fail  int
		ends  []uint16
	}
	nodes := []node{{child: map[byte]int{}}}
	for n, w := range words {
		at := 0
		for i := range len(w) {
			c := a.class[w[i]]
			to, ok := nodes[at].child[c]
			if !ok {
				to = len(nodes)
				nodes = append(nodes, node{child: map[byte]int{}})
				nodes[at].child[c] = to
			}
			at = to
		}
		if at != 0 {
			nodes[at].ends = append(nodes[at].ends, uint16(n)) //nolint:gosec // callers split lists of more than mostStates bytes
		}
	}
	if len(nodes) > mostStates || len(words) > mostStates {
		return nil, fmt.Errorf("compile %d words: %d states, at most %d fit", len(words), len(nodes), mostStates)
	}
	goes := make([][]int, len(nodes))
	queue := []int{0}
	for len(queue) > 0 {
		n := queue[0]
		queue = queue[1:]
		goes[n] = make([]int, classes)
		for c := range classes {
			to, ok := nodes[n].child[byte(c)]
			switch {
			case ok && n != 0:
				f := goes[nodes[n].fail][c]
				nodes[to].fail = f
				nodes[to].ends = append(nodes[to].ends, nodes[f].ends...)
				queue = append(queue, to)
				goes[n][c] = to
			case ok:
				queue = append(queue, to)
				goes[n][c] = to
			case n != 0:
				goes[n][c] = goes[nodes[n].fail][c]
			}
		}
	}

	number := make([]int, len(nodes))
	count := 0
	for n := range nodes {
		if len(nodes[n].ends) == 0 {
			number[n] = count
			count++
		}
	}
	a.first = uint16(min(count, mostStates-1)) //nolint:gosec // bounded by the check above
	for n := range nodes {
		if len(nodes[n].ends) > 0 {
			number[n] = count
			count++
			a.ends = append(a.ends, nodes[n].ends)
		}
	}
	a.next = make([]uint16, len(nodes)<<a.shift)
	for n, row := range goes {
		for c, to := range row {
			a.next[number[n]<<a.shift|c] = uint16(number[to]) //nolint:gosec // bounded by the check above
		}
	}
	if len(a.ends) == 0 {
		a.first = mostStates - 1
	}
	return a, nil
}

// scan calls visit for each word that ends in data: its number, and the offset
// after its last byte.
func (a *automaton) scan(data []byte, visit func(word uint16, end int)) {
	if len(a.ends) == 0 {
		return
	}
	state, shift, first, next := uint16(0), a.shift, a.first, a.next
	for i, b := range data {
		state = next[uint(state)<<shift|uint(a.class[b])]
		if state >= first {
			for _, w := range a.ends[state-first] {
				visit(w, i+1)
			}
		}
	}
}

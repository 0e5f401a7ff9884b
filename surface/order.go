package surface

import (
	"cmp"
	"container/heap"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

// Order sorts routes so that what makes an object comes before what needs it:
// sign-ups, creates with parents first, then reads, lists, searches, actions,
// updates, and deletes with children first; what ends a session is last. Where
// routes need each other in a circle, the one of the earlier phase comes first.
func Order(routes []*lr.Route) []*lr.Route {
	g := newGraph(routes)
	out := make([]*lr.Route, 0, len(routes))
	for len(out) < len(g.nodes) {
		n := g.next()
		if n == nil {
			break
		}
		out = append(out, n.rt)
	}
	return out
}

// Producers lists the routes whose objects fill the keys of rt.
func Producers(rt *lr.Route, routes []*lr.Route) []*lr.Route {
	var out []*lr.Route
	for _, p := range routes {
		if p != rt && Creates(p) && slices.ContainsFunc(sortedKeys(rt.Keys), func(k string) bool { return rt.Keys[k].Resource == p.Resource }) {
			out = append(out, p)
		}
	}
	return out
}

// phase ranks kinds in the order of an audit.
func phase(rt *lr.Route) int {
	if Creates(rt) && rt.Kind != lr.SignUp {
		return 3
	}
	switch rt.Kind {
	case lr.Health:
		return 0
	case lr.SignUp:
		return 1
	case lr.SignIn:
		return 2
	case lr.Create, lr.Upload, lr.Invite:
		return 3
	case lr.WhoAmI:
		return 4
	case lr.Read:
		return 5
	case lr.List:
		return 6
	case lr.Search, lr.GraphQL:
		return 7
	case lr.Export, lr.Download:
		return 8
	case lr.Stream, lr.WebSocket, lr.ChatKind:
		return 9
	case lr.Action, lr.OtherKind, lr.Webhook:
		if rt.Safe() {
			return 8
		}
		return 10
	case lr.Update:
		return 11
	case lr.Delete:
		return 12
	case lr.Password, lr.Refresh:
		return 13
	case lr.SignOut:
		return 14
	}
	return 10
}

// orderNode is a route in the graph of needs.
type orderNode struct {
	rt    *lr.Route
	phase int
	depth int
	seq   int
	needs int
	feeds map[*orderNode]bool // whether the need is a hard one: a key in path or query
	// of Tarjan's algorithm
	index, low int
	onStack    bool
	part       int
}

func (a *orderNode) less(b *orderNode) int {
	return cmp.Or(cmp.Compare(a.phase, b.phase), cmp.Compare(a.depth, b.depth), strings.Compare(a.rt.Path, b.rt.Path),
		strings.Compare(a.rt.Method, b.rt.Method), cmp.Compare(a.seq, b.seq))
}

type readyHeap []*orderNode

func (h readyHeap) Len() int           { return len(h) }
func (h readyHeap) Less(i, j int) bool { return h[i].less(h[j]) < 0 }
func (h readyHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *readyHeap) Push(x any)        { *h = append(*h, x.(*orderNode)) }
func (h *readyHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

// graph is what routes need of each other, without circles.
type graph struct {
	nodes []*orderNode
	ready readyHeap
}

func newGraph(routes []*lr.Route) *graph {
	g := &graph{}
	makers := map[string][]*orderNode{}
	ids := map[string]*orderNode{}
	for i, rt := range routes {
		if rt == nil {
			continue
		}
		n := &orderNode{rt: rt, phase: phase(rt), depth: len(split(rt.Path)), seq: i, feeds: map[*orderNode]bool{}}
		if n.phase >= 12 {
			n.depth = -n.depth // children go before their parents
		}
		g.nodes = append(g.nodes, n)
		if Creates(rt) {
			makers[rt.Resource] = append(makers[rt.Resource], n)
		}
		ids[rt.String()] = n
		if rt.ID != "" {
			ids[rt.ID] = n
		}
	}
	slices.SortStableFunc(g.nodes, func(a, b *orderNode) int { return a.less(b) })
	for _, n := range g.nodes {
		for name, k := range n.rt.Keys {
			for _, m := range makers[k.Resource] {
				m.feed(n, !inBody(n.rt, name))
			}
		}
		for _, l := range n.rt.Links {
			// A link from a read or an update is a way on, not a need.
			if to := ids[l.Operation]; to != nil && Creates(n.rt) && n.phase < to.phase {
				n.feed(to, false)
			}
		}
	}
	g.uncircle(true)
	g.uncircle(false)
	for _, n := range g.nodes {
		for to := range n.feeds {
			to.needs++
		}
	}
	for _, n := range g.nodes {
		if n.needs == 0 {
			heap.Push(&g.ready, n)
		}
	}
	return g
}

func (a *orderNode) feed(to *orderNode, hard bool) {
	if a != to {
		a.feeds[to] = a.feeds[to] || hard
	}
}

func inBody(rt *lr.Route, name string) bool {
	return !slices.ContainsFunc(rt.Params, func(p lr.Param) bool { return p.Name == name }) && !slices.Contains(rt.PathParams(), name)
}

// uncircle forgets needs inside circles: what bodies ask for first, since a
// body may do without.
func (g *graph) uncircle(soft bool) {
	t := &tarjan{}
	for _, n := range g.nodes {
		n.index = 0
	}
	for _, n := range g.nodes {
		if n.index == 0 {
			t.visit(n)
		}
	}
	for _, n := range g.nodes {
		for to, hard := range n.feeds {
			if n.part == to.part && !(soft && hard) {
				delete(n.feeds, to)
			}
		}
	}
}

// tarjan finds strongly connected parts.
type tarjan struct {
	count, parts int
	stack        []*orderNode
}

func (t *tarjan) visit(n *orderNode) {
	t.count++
	n.index, n.low, n.onStack = t.count, t.count, true
	t.stack = append(t.stack, n)
	for to := range n.feeds {
		if to.index == 0 {
			t.visit(to)
			n.low = min(n.low, to.low)
		} else if to.onStack {
			n.low = min(n.low, to.index)
		}
	}
	if n.low != n.index {
		return
	}
	t.parts++
	for {
		m := t.stack[len(t.stack)-1]
		t.stack = t.stack[:len(t.stack)-1]
		m.onStack, m.part = false, t.parts
		if m == n {
			return
		}
	}
}

// next takes the earliest node that needs nothing more.
func (g *graph) next() *orderNode {
	if g.ready.Len() == 0 {
		return nil
	}
	n := heap.Pop(&g.ready).(*orderNode)
	for to := range n.feeds {
		if to.needs--; to.needs == 0 {
			heap.Push(&g.ready, to)
		}
	}
	return n
}

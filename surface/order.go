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

type orderNode struct {
	rt    *lr.Route
	phase int
	depth int
	needs int
	feeds []*orderNode
	done  bool
	seq   int
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

type graph struct {
	nodes []*orderNode // sorted, for breaking circles
	ready readyHeap
	at    int
}

func newGraph(routes []*lr.Route) *graph {
	g := &graph{}
	makers := map[string][]*orderNode{}
	ids := map[string]*orderNode{}
	for i, rt := range routes {
		if rt == nil {
			continue
		}
		n := &orderNode{rt: rt, phase: phase(rt), depth: len(split(rt.Path)), seq: i}
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
	for _, n := range g.nodes {
		from := map[*orderNode]bool{}
		for _, k := range n.rt.Keys {
			for _, m := range makers[k.Resource] {
				from[m] = true
			}
		}
		for m := range from {
			g.edge(m, n)
		}
	}
	for _, n := range g.nodes {
		for _, l := range n.rt.Links {
			// A link from a read or an update is a way on, not a need.
			if to := ids[l.Operation]; to != nil && Creates(n.rt) && n.phase < to.phase {
				g.edge(n, to)
			}
		}
	}
	slices.SortStableFunc(g.nodes, func(a, b *orderNode) int { return a.less(b) })
	for _, n := range g.nodes {
		if n.needs == 0 {
			heap.Push(&g.ready, n)
		}
	}
	return g
}

func (g *graph) edge(from, to *orderNode) {
	if from != to {
		from.feeds = append(from.feeds, to)
		to.needs++
	}
}

// next takes the earliest node that needs nothing more, or breaks a circle.
func (g *graph) next() *orderNode {
	var n *orderNode
	for n == nil && g.ready.Len() > 0 {
		if c := heap.Pop(&g.ready).(*orderNode); !c.done {
			n = c
		}
	}
	for ; n == nil && g.at < len(g.nodes); g.at++ {
		if !g.nodes[g.at].done {
			n = g.nodes[g.at]
		}
	}
	if n == nil {
		return nil
	}
	n.done = true
	for _, f := range n.feeds {
		if f.needs--; f.needs == 0 && !f.done {
			heap.Push(&g.ready, f)
		}
	}
	return n
}

package input

import (
	"errors"
	"fmt"
	"strings"
)

// node finds the operation of a path without looking at every one.
type node struct {
	text  map[string]*node
	param *node
	ops   map[string]*operation // by method
}

// add refuses a second operation of the same requests, and a template whose
// parameter is a part of a segment, which this tree cannot tell from others.
func (n *node) add(method, path string, op *operation) error {
	if !strings.HasPrefix(path, "/") {
		return errors.New("the path does not begin with /")
	}
	at := n
	for s := range strings.SplitSeq(path[1:], "/") {
		switch {
		case len(s) > 2 && s[0] == '{' && strings.IndexByte(s, '}') == len(s)-1:
			op.names = append(op.names, s[1:len(s)-1])
			if at.param == nil {
				at.param = &node{}
			}
			at = at.param
		case strings.ContainsAny(s, "{}"):
			return fmt.Errorf("the segment %q is neither text nor a parameter", s)
		default:
			if at.text == nil {
				at.text = map[string]*node{}
			}
			if at.text[s] == nil {
				at.text[s] = &node{}
			}
			at = at.text[s]
		}
	}
	if at.ops == nil {
		at.ops = map[string]*operation{}
	}
	if at.ops[method] != nil {
		return errors.New("it stands there twice")
	}
	at.ops[method] = op
	return nil
}

// find prefers text to parameters, and gives the parameters' values in their order; fold
// takes text in another case, too.
func (n *node) find(method, path string, values []string, fold bool) (*operation, []string) {
	s, rest, more := strings.Cut(path, "/")
	follow := func(to *node, vs []string) (*operation, []string) {
		if to == nil {
			return nil, nil
		}
		if more {
			return to.find(method, rest, vs, fold)
		}
		op := to.ops[method]
		if op == nil && method == "HEAD" {
			op = to.ops["GET"]
		}
		return op, vs
	}
	if op, vs := follow(n.text[s], values); op != nil {
		return op, vs
	}
	if fold {
		for t, to := range n.text {
			if t == s || !strings.EqualFold(t, s) {
				continue
			}
			if op, vs := follow(to, values); op != nil {
				return op, vs
			}
		}
	}
	if s == "" {
		return nil, nil
	}
	return follow(n.param, append(values, s))
}

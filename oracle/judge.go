package oracle

import (
	"fmt"

	lr "github.com/launchready/launchready"
)

// Case is a probe with its controls, ready to be judged.
type Case struct {
	Witness   []string     // values that only the owner's view holds
	Probe     *lr.Exchange // what the attacker got
	Owner     *lr.Exchange // control: the owner on the object
	Missing   *lr.Exchange // control: the attacker on an object that does not exist
	Own       *lr.Exchange // control: the attacker on an object of their own, or whoami
	Anonymous *lr.Exchange // control: nobody on the object
	Attacker  *lr.Account  // nil: the probe is the anonymous one
	Public    bool         // the owner of the target says that anyone may read it
	Shared    bool         // likewise, that every tenant may
}

// Judgement is what a case comes to.
type Judgement struct {
	Verdict    lr.Verdict
	Confidence lr.Confidence
	Open       bool     // anyone may read it: the fault, if it is one, is not the attacker's tenant
	Hits       []string // witness values in the attacker's reply
	Reason     string
	Evidence   lr.Evidence
	// Cached is set where only a cache gave the data away: past it, the target refuses.
	Cached bool
	// Existence is set where a refusal tells an existing object from a missing one.
	Existence bool
}

// Judge decides a read. It looks at the witness first and whatever the status:
// a refusal that carries the data has leaked it, and an answer of 200 that does
// not carry it has refused.
func Judge(c Case) Judgement {
	j := Judgement{Evidence: lr.Evidence{Exchanges: present(c.Owner, c.Probe)}}
	if c.Probe == nil {
		return j.unknown("no reply to the probe")
	}
	if c.Owner == nil || !(c.Owner.OK() || c.Owner.Status == 101) {
		return j.unknown("the owner's own request was answered %s, so a refusal to others would prove nothing", status(c.Owner))
	}
	hits := Find(c.Witness, c.Probe)
	if c.Attacker == nil {
		return judgeAnonymous(c, j, hits)
	}
	if len(hits) > 0 {
		j.Hits, j.Evidence.Witness = hits, hits
		if open := Find(hits, c.Anonymous); len(open) == len(hits) {
			j.Open = true
			j.Verdict, j.Confidence = lr.Passed, lr.Confirmed
			j.Reason = "open to anyone, so no matter of tenants"
			return j
		}
		if c.Shared {
			j.Verdict, j.Confidence = lr.Passed, lr.Confirmed
			j.Reason = "shared between tenants on purpose"
			return j
		}
		j.Verdict, j.Confidence = lr.Failed, lr.Confirmed
		j.Reason = fmt.Sprintf("answered %d with values that only the owner's view holds", c.Probe.Status)
		return j
	}
	if c.Own != nil && !c.Own.OK() && c.Own.Status != 101 && c.Own.Status != 404 && c.Own.Status != 403 {
		return j.unknown("the attacker's own request was answered %s, so the credential may be dead", status(c.Own))
	}
	return judgeMiss(c, j)
}

func judgeAnonymous(c Case, j Judgement, hits []string) Judgement {
	if len(hits) == 0 {
		if c.Public && c.Probe.OK() {
			j.Verdict, j.Confidence, j.Reason = lr.Passed, lr.Confirmed, "public on purpose"
			return j
		}
		return judgeMiss(c, j)
	}
	j.Hits, j.Evidence.Witness, j.Open = hits, hits, true
	if c.Anonymous != nil && len(Find(hits, c.Anonymous)) == len(hits) {
		j.Verdict, j.Confidence = lr.Passed, lr.Confirmed
		j.Reason = "open to anyone, so no matter of the credential"
		return j
	}
	if c.Public {
		j.Verdict, j.Confidence = lr.Passed, lr.Confirmed
		j.Reason = "public on purpose"
		return j
	}
	j.Verdict, j.Confidence = lr.Failed, lr.Confirmed
	j.Reason = fmt.Sprintf("answered %d to a request without a valid credential, with values that only the owner's view holds", c.Probe.Status)
	return j
}

// judgeMiss judges a reply without a witness.
func judgeMiss(c Case, j Judgement) Judgement {
	p := c.Probe
	switch {
	case p.Status == 429 || p.Status >= 500 && !SameShape(p, c.Missing):
		return j.unknown("answered %s: the target was busy or broken, not refusing", status(p))
	case p.OK() && c.Missing != nil && !SameShape(p, c.Missing) && SameShape(p, c.Owner) && len(p.Body) > 0 && !Empty(p):
		if c.Own != nil && SameShape(c.Own, p) && string(c.Own.Body) == string(p.Body) {
			j.Verdict, j.Confidence, j.Reason = lr.Passed, lr.Confirmed, "answered with the caller's own data"
			return j
		}
		j.Verdict, j.Confidence = lr.Failed, lr.Suspected
		j.Reason = "answered in the owner's shape, though with none of the owner's values"
		return j
	case p.OK() && len(c.Witness) == 0 && !SameShape(p, c.Missing) && !Empty(p):
		return j.unknown("the owner's reply holds no value that would tell a leak; where every tenant is shown the same on purpose, name the route under access.shared")
	case p.OK():
		j.Reason = fmt.Sprintf("answered %d without any of the owner's data", p.Status)
	default:
		j.Reason = fmt.Sprintf("refused with %d", p.Status)
		j.Existence = c.Missing != nil && (c.Missing.Status != p.Status || !SameShape(p, c.Missing))
	}
	j.Verdict, j.Confidence = lr.Passed, lr.Confirmed
	return j
}

func (j Judgement) unknown(format string, args ...any) Judgement {
	j.Verdict, j.Reason = lr.Unknown, fmt.Sprintf(format, args...)
	return j
}

// Empty reports whether a JSON reply has no value in it: null, [], {} or only
// such, as a soft refusal has.
func Empty(x *lr.Exchange) bool {
	v, ok := decodeJSON(x)
	return ok && emptyValue(v)
}

func emptyValue(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return !v
	case float64:
		return v == 0
	case string:
		return v == ""
	case []any:
		for _, e := range v {
			if !emptyValue(e) {
				return false
			}
		}
	case map[string]any:
		for _, e := range v {
			if !emptyValue(e) {
				return false
			}
		}
	}
	return true
}

func present(xs ...*lr.Exchange) []*lr.Exchange {
	var out []*lr.Exchange
	for _, x := range xs {
		if x != nil {
			out = append(out, x)
		}
	}
	return out
}

func status(x *lr.Exchange) string {
	if x == nil {
		return "not at all"
	}
	return fmt.Sprintf("with status %d", x.Status)
}

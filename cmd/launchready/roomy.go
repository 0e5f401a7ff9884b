package main

import "runtime/debug"

// roomy lets garbage grow to two and a half times what lives before it is collected. A
// run ends within the minute; to collect as often as a server does takes a tenth of its
// processor, and what is asked of a target should wait for the target alone. GOGC decides
// where it is set.
func (p *program) roomy() {
	if _, set := p.env("GOGC"); !set {
		debug.SetGCPercent(250)
	}
}

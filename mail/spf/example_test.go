package spf_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"github.com/launchready/launchready/mail"
	"github.com/launchready/launchready/mail/spf"
)

const exampleZone = `
example.test.      300 TXT "v=spf1 include:sender.test a:old.example.test ?all"
sender.test.       300 TXT "v=spf1 ip4:192.0.2.0/24 ip4:192.0.2.8 -all"
`

func ExampleCheckHost() {
	zone, err := mail.ParseZone(strings.NewReader(exampleZone), ".")
	if err != nil {
		fmt.Println(err)
		return
	}
	// A real check asks a server: &mail.Client{Server: "127.0.0.1:53"}.
	out := spf.CheckHost(context.Background(), zone, spf.Request{
		IP: netip.MustParseAddr("192.0.2.8"), Sender: "news@example.test",
	})
	fmt.Println(out.Result, "after", out.Lookups, "lookup:", out.Why)
	// Output:
	// pass after 1 lookup: include:sender.test matches in the record of example.test
}

func ExampleInspect() {
	zone, err := mail.ParseZone(strings.NewReader(exampleZone), ".")
	if err != nil {
		fmt.Println(err)
		return
	}
	r := spf.Inspect(context.Background(), zone, "example.test")
	fmt.Println("lookups:", r.Lookups, "addresses:", r.Hosts4)
	for _, p := range r.Problems {
		fmt.Printf("%s at %d: %s\n", p.Domain, p.At, p.Text)
	}
	// Output:
	// lookups: 2 addresses: 256
	// example.test at 27: old.example.test does not exist.
	// example.test at 46: ?all says nothing about every other sender. Say ~all or -all.
	// sender.test at 24: 192.0.2.8/32 is already covered by ip4:192.0.2.0/24 in the record of sender.test.
}

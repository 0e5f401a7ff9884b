package edge

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/miekg/dns"
)

// ZoneText writes the changes as lines of a zone file: what goes as comments, what
// comes as records.
func ZoneText(w io.Writer, plans []*Plan) error {
	b := &strings.Builder{}
	for _, p := range plans {
		fmt.Fprintf(b, "; %s\n", p.Zone)
		for _, item := range p.Items {
			if item.Key.Kind != Records {
				item.provided(b, ";")
				continue
			}
			for _, v := range item.Removed() {
				fmt.Fprintf(b, "; delete  %s\n", item.line(Value{Data: v.Data, TTL: v.TTL}))
			}
			for _, v := range item.Added() {
				line := item.line(Value{Data: v.Data, TTL: v.TTL})
				if v.Proxied {
					line += " ; proxied at the provider"
				}
				fmt.Fprintln(b, line)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// provided writes what is set at the provider as a comment, with its value: to be
// set there by hand.
func (i Item) provided(b *strings.Builder, comment string) {
	for _, v := range i.Added() {
		fmt.Fprintf(b, "%s at the provider: %s = %s\n", comment, i.Key, v.Data)
	}
	if len(i.After) == 0 {
		fmt.Fprintf(b, "%s at the provider: %s goes\n", comment, i.Key)
	}
}

// Terraform writes what stands after the plan as resources of Cloudflare's
// provider, one for each record that is ours.
func Terraform(w io.Writer, plans []*Plan) error {
	b := &strings.Builder{}
	for _, p := range plans {
		for _, item := range p.Items {
			for i, v := range item.Added() {
				label := identifier(item.Key.String() + "_" + strconv.Itoa(i+1))
				switch item.Key.Kind {
				case Records:
					fmt.Fprintf(b, "resource \"cloudflare_dns_record\" %q {\n  zone_id = var.zone_id\n  name    = %s\n  type    = %q\n  ttl     = %d\n", label, hcl(item.Key.Name), item.Key.Type, v.TTL)
					terraformData(b, item.Key, v)
					fmt.Fprint(b, "}\n\n")
				case Setting:
					fmt.Fprintf(b, "resource \"cloudflare_zone_setting\" %q {\n  zone_id    = var.zone_id\n  setting_id = %s\n  value      = jsondecode(%s)\n}\n\n", label, hcl(item.Key.Name), hcl(v.Data))
				case Rule:
					fmt.Fprintf(b, "# Put this into the rules of your cloudflare_ruleset of phase %s:\n# %s\n\n", item.Key.Type, v.Data)
				}
			}
			for _, v := range item.Removed() {
				fmt.Fprintf(b, "# goes: %s\n", item.line(v))
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func terraformData(b *strings.Builder, k Key, v Value) {
	rr, err := Parse(k.Name, k.Type, v.TTL, v.Data)
	if err != nil {
		return
	}
	switch rr := rr.(type) {
	case *dns.MX:
		fmt.Fprintf(b, "  priority = %d\n  content  = %s\n", rr.Preference, hcl(strings.TrimSuffix(rr.Mx, ".")))
	case *dns.CAA:
		fmt.Fprintf(b, "  data = {\n    flags = %d\n    tag   = %s\n    value = %s\n  }\n", rr.Flag, hcl(rr.Tag), hcl(rr.Value))
	case *dns.CNAME:
		fmt.Fprintf(b, "  content = %s\n  proxied = %t\n", hcl(strings.TrimSuffix(rr.Target, ".")), v.Proxied)
	case *dns.A, *dns.AAAA:
		fmt.Fprintf(b, "  content = %s\n  proxied = %t\n", hcl(v.Data), v.Proxied)
	default:
		fmt.Fprintf(b, "  content = %s\n", hcl(v.Data))
	}
}

// hcl quotes a text for HCL, where ${ and %{ begin a template.
func hcl(s string) string {
	q, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return strings.NewReplacer("${", "$${", "%{", "%%{", `\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(q))
}

func identifier(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			b.WriteRune(r)
		case r == '*':
			b.WriteString("any")
		default:
			b.WriteByte('_')
		}
	}
	out := b.String()
	if out != "" && out[0] >= '0' && out[0] <= '9' {
		out = "_" + out
	}
	return out
}

// DNSControl writes what stands after the plan as records of dnsconfig.js.
func DNSControl(w io.Writer, plans []*Plan) error {
	b := &strings.Builder{}
	for _, p := range plans {
		fmt.Fprintf(b, "// The D() of the zone needs NO_PURGE as long as it does not list all records.\nD_EXTEND(%s,\n", js(p.Zone))
		for _, item := range p.Items {
			if item.Key.Kind != Records {
				item.provided(b, "  //")
				continue
			}
			for _, v := range item.Removed() {
				fmt.Fprintf(b, "  // goes: %s\n", item.line(v))
			}
			for _, v := range item.Added() {
				fmt.Fprintf(b, "  %s,\n", control(p.Zone, item.Key, v))
			}
		}
		fmt.Fprint(b, ");\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func control(zone string, k Key, v Value) string {
	label := "@"
	if k.Name != zone {
		label = strings.TrimSuffix(k.Name, "."+zone)
	}
	ttl := ""
	if v.TTL > 1 {
		ttl = fmt.Sprintf(", TTL(%d)", v.TTL)
	}
	if v.Proxied {
		ttl += ", CF_PROXY_ON"
	}
	rr, err := Parse(k.Name, k.Type, v.TTL, v.Data)
	if err != nil {
		return "// " + k.String()
	}
	switch rr := rr.(type) {
	case *dns.TXT:
		return fmt.Sprintf("TXT(%s, %s%s)", js(label), js(Text(v.Data)), ttl)
	case *dns.MX:
		return fmt.Sprintf("MX(%s, %d, %s%s)", js(label), rr.Preference, js(rr.Mx), ttl)
	case *dns.CAA:
		return fmt.Sprintf("CAA(%s, %s, %s%s)", js(label), js(rr.Tag), js(rr.Value), ttl)
	}
	return fmt.Sprintf("%s(%s, %s%s)", k.Type, js(label), js(v.Data), ttl)
}

func js(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return string(b)
}

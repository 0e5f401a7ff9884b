package env

import (
	"path"
	"slices"
	"strings"

	"github.com/launchready/launchready/internal/expr"
)

// isTerraform reports a file of Terraform, OpenTofu, Terragrunt or Nomad.
func isTerraform(name string) bool {
	switch path.Ext(strings.ToLower(name)) {
	case ".tf", ".tfvars", ".hcl", ".tofu":
		return true
	}
	return false
}

// terraformKeys are the names under which the providers' resources take variables:
// Lambda's environment, App Service's app_settings, Cloud Functions' environment_variables.
var terraformKeys = []string{
	"env", "environment", "variables", "env_vars", "env_variables", "environment_variables", "environment_variable", "app_settings",
	"secret_environment_variables", "build_environment_variables", "container_environment", "secrets", "secret", "sensitive_environment_variables",
}

// upper is a variable's name where nothing but its form tells it from another key.
var upper = expr.Lazy(`^[A-Z][A-Z0-9_]*$`)

func (d *declarer) terraform(src string) {
	d.resources(parseHCL(src, 1), 0)
}

func (d *declarer) resources(v value, depth int) {
	if depth > mostDeep {
		return
	}
	for _, p := range v.pairs {
		switch {
		case slices.Contains(terraformKeys, p.key):
			d.given(p, depth)
		case p.key == "set" || p.key == "set_sensitive": // a value of a Helm chart
			name, _ := p.value.field("name")
			if _, variable, ok := strings.Cut(name.text, "env."); ok && upper().MatchString(variable) {
				given, _ := p.value.field("value")
				d.assign(variable, given, name.line)
			}
		}
		d.resources(p.value, depth+1)
	}
	for _, e := range v.list {
		d.resources(e, depth+1)
	}
}

// given reads a map of variables, a list of {name, value}, or a block that is one of them.
func (d *declarer) given(p pair, depth int) {
	if name, ok := p.value.field("name"); ok {
		d.named(p.value, name, p.key)
		return
	}
	for _, e := range p.value.pairs {
		if upper().MatchString(e.key) {
			if p.key == "secrets" || p.key == "secret" || strings.HasPrefix(p.key, "secret_") {
				d.add(e.key, "", e.line, SecretRef)
			} else {
				d.assign(e.key, e.value, e.line)
			}
		}
	}
	for _, e := range p.value.list { // a list, or what merge() and concat() are given
		d.given(pair{key: p.key, value: e}, depth+1)
	}
}

func (d *declarer) named(v, name value, key string) {
	if name.kind != literal || !envName().MatchString(name.text) {
		return
	}
	if given, ok := v.field("value"); ok {
		d.assign(name.text, given, name.line)
		return
	}
	for _, store := range [...]string{"valueFrom", "value_source", "value_from", "secret_name", "value_secret", "secret"} {
		if _, ok := v.field(store); ok {
			d.add(name.text, "", name.line, SecretRef)
			return
		}
	}
	if key != "secret" { // Container Apps name a secret so
		d.add(name.text, "", name.line, Prompt)
	}
}

// assign tells a literal from a variable of Terraform's, which whoever applies it gives,
// and from what another resource or a store of secrets holds.
func (d *declarer) assign(name string, v value, line int) {
	words := strings.TrimSpace(v.text)
	switch {
	case v.kind == literal:
		d.add(name, v.text, line, kindOf(v.text))
	case strings.HasPrefix(words, "var.") || strings.Contains(words, "${var."):
		d.add(name, "", line, Prompt)
	default:
		d.add(name, "", line, SecretRef)
	}
}

package config

import (
	"encoding"
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"

	lr "github.com/launchready/launchready"
)

// Setting is one value as the program uses it, and where it came from.
type Setting struct {
	Path   string `json:"path"`
	Value  string `json:"value"`
	Origin string `json:"origin"`
}

// Settings lists every value that is set, in the order of the reference. A
// secret shows as the reference it came by.
func (c *Config) Settings() []Setting {
	var out []Setting
	c.list(reflect.ValueOf(c).Elem(), "", &out)
	return out
}

// Origin is where a value came from: file:line:column, a flag, an environment
// variable, or how it was inferred.
func (c *Config) Origin(path string) string {
	if from, ok := c.doc.from[path]; ok {
		return from
	}
	if _, ok := c.doc.at[path]; ok {
		return c.doc.place(path).String()
	}
	return "default"
}

func (c *Config) list(v reflect.Value, path string, out *[]Setting) {
	t := v.Type()
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if f.IsExported() && name != "" && name != "-" {
			c.listValue(v.FieldByIndex(f.Index), join(path, name), out)
		}
	}
}

func (c *Config) listValue(v reflect.Value, path string, out *[]Setting) {
	if v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return
		}
		if v.Kind() == reflect.Interface {
			c.listTree(v.Interface(), path, out)
			return
		}
		v = v.Elem()
	}
	if v.IsZero() {
		// A zero that stands in the file was meant: rate 0 is no limit.
		if _, stands := c.doc.at[path]; !stands || !single(v.Type()) {
			return
		}
	}
	add := func(s string) { *out = append(*out, Setting{path, s, c.Origin(path)}) }
	switch x := v.Addr().Interface().(type) {
	case *Secret:
		add(x.Written)
		return
	case *Value:
		add(x.Written)
		return
	case *HeaderLine:
		add(x.Name + ": " + x.Written)
		return
	case *Spec:
		if len(x.Routes) > 0 {
			add(fmt.Sprintf("%d routes", len(x.Routes)))
			return
		}
		add(x.Path)
		return
	case *lr.Severity:
		add(x.String())
		return
	case *Pattern:
		add(string(*x))
		return
	case interface{ each(func(string, any)) }:
		x.each(func(name string, e any) {
			before := len(*out)
			c.list(reflect.ValueOf(e).Elem(), join(path, name), out)
			if len(*out) == before {
				*out = append(*out, Setting{join(path, name), "", c.Origin(join(path, name))})
			}
		})
		return
	case fmt.Stringer:
		if _, text := v.Addr().Interface().(encoding.TextUnmarshaler); text {
			add(x.String())
			return
		}
	}
	switch v.Kind() {
	case reflect.Struct:
		c.list(v, path, out)
	case reflect.Map:
		keys := v.MapKeys()
		sort.Slice(keys, func(i, j int) bool { return keys[i].String() < keys[j].String() })
		for _, k := range keys {
			e := reflect.New(v.Type().Elem()).Elem()
			e.Set(v.MapIndex(k))
			c.listValue(e, join(path, k.String()), out)
		}
	case reflect.Slice:
		for i := range v.Len() {
			c.listValue(v.Index(i), path+"["+strconv.Itoa(i)+"]", out)
		}
	default:
		add(fmt.Sprint(v.Interface()))
	}
}

func (c *Config) listTree(tree any, path string, out *[]Setting) {
	switch x := tree.(type) {
	case map[string]any:
		keys := make([]string, 0, len(x))
		for k := range x {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		for _, k := range keys {
			c.listTree(x[k], join(path, k), out)
		}
	case []any:
		for i, e := range x {
			c.listTree(e, path+"["+strconv.Itoa(i)+"]", out)
		}
	case Value:
		*out = append(*out, Setting{path, x.Written, c.doc.place(path).String()})
	case nil:
	default:
		*out = append(*out, Setting{path, fmt.Sprint(x), c.doc.place(path).String()})
	}
}

package demo

import (
	"fmt"
	"net/mail"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// field is what a struct field's tags say of it. The tag `api` has, separated
// by commas: optional, min=N, max=N, enum=a|b, items=a|b, format=F, pattern=P, example=V,
// doc=text, readonly, writeonly. The same tags make the specification and the validation.
type field struct {
	name                       string
	index                      []int // as reflect.Value.FieldByIndex takes it
	typ                        reflect.Type
	required                   bool
	nullable                   bool // is written as null when there is none
	readOnly                   bool
	writeOnly                  bool
	min, max                   int // of a string's or list's length, of a number; max 0 is none
	enum                       []string
	items                      []string // what a list's elements may be
	format, docs, exa, pattern string
}

var shapes sync.Map // reflect.Type -> []field: constant once made

func fieldsOf(t reflect.Type) []field {
	if f, ok := shapes.Load(t); ok {
		return f.([]field)
	}
	var out []field
	for i := range t.NumField() {
		sf := t.Field(i)
		name, opts, _ := strings.Cut(sf.Tag.Get("json"), ",")
		if sf.Anonymous && name == "" {
			for _, f := range fieldsOf(sf.Type) {
				f.index = append([]int{i}, f.index...)
				out = append(out, f)
			}
			continue
		}
		if !sf.IsExported() || name == "-" || name == "" {
			continue
		}
		f := field{name: name, index: []int{i}, typ: sf.Type}
		f.nullable = !strings.Contains(opts, "omitempty") && sf.Type.Kind() == reflect.Pointer
		f.required = !strings.Contains(opts, "omitempty") && sf.Type.Kind() != reflect.Pointer
		for _, part := range strings.Split(sf.Tag.Get("api"), ",") {
			k, v, _ := strings.Cut(part, "=")
			switch k {
			case "optional":
				f.required = false
			case "readonly":
				f.readOnly = true
			case "writeonly":
				f.writeOnly = true
			case "min":
				f.min, _ = strconv.Atoi(v)
			case "max":
				f.max, _ = strconv.Atoi(v)
			case "enum":
				f.enum = strings.Split(v, "|")
			case "items":
				f.items = strings.Split(v, "|")
			case "format":
				f.format = v
			case "pattern": // for the description: the handler says it in words of its own
				f.pattern = v
			case "example":
				f.exa = v
			case "doc":
				f.docs = v
			}
		}
		out = append(out, f)
	}
	shapes.Store(t, out)
	return out
}

// faultsOf judges a request body by the tags of its struct.
func faultsOf(v any) []fieldError {
	rv := reflect.ValueOf(v)
	var out []fieldError
	for _, f := range fieldsOf(rv.Type()) {
		if why := f.fault(rv.FieldByIndex(f.index)); why != "" {
			out = append(out, fieldError{f.name, why})
		}
	}
	return out
}

func (f *field) fault(v reflect.Value) string {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return ""
		}
		v = v.Elem()
	} else if v.IsZero() {
		if f.required && v.Kind() != reflect.Bool && v.Kind() != reflect.Int {
			return "is required"
		}
		return ""
	}
	size := 0
	switch v.Kind() {
	case reflect.String:
		if why := f.faultOfText(v.String()); why != "" {
			return why
		}
		size = utf8.RuneCountInString(v.String())
	case reflect.Slice, reflect.Map:
		size = v.Len()
		for i := 0; len(f.items) > 0 && i < size; i++ {
			if !slices.Contains(f.items, v.Index(i).String()) {
				return "must have only " + strings.Join(f.items, ", ")
			}
		}
	case reflect.Int:
		size = int(v.Int())
	default:
		return ""
	}
	if size < f.min {
		return fmt.Sprintf("is below %d", f.min)
	}
	if f.max > 0 && size > f.max {
		return fmt.Sprintf("is above %d", f.max)
	}
	return ""
}

func (f *field) faultOfText(text string) string {
	if len(f.enum) > 0 && !slices.Contains(f.enum, text) {
		return "must be one of " + strings.Join(f.enum, ", ")
	}
	switch f.format {
	case "email":
		if a, err := mail.ParseAddress(text); err != nil || a.Address != text {
			return "is no e-mail address"
		}
	case "uri":
		if u, err := url.Parse(text); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return "is no http or https address"
		}
	}
	return ""
}

package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
)

// decode reads the JSON body into a T and judges it by the tags of T. Fields
// that T does not have are ignored.
func decode[T any](r *http.Request) (T, error) {
	var v T
	if err := decodeInto(r, &v); err != nil {
		return v, err
	}
	if faults := faultsOf(v); len(faults) > 0 {
		return v, invalid(faults...)
	}
	return v, nil
}

// decodeInto reads the JSON body into v without judging it.
func decodeInto(r *http.Request, v any) error {
	if ct := r.Header.Get("Content-Type"); ct != "" {
		if mt, _, err := mime.ParseMediaType(ct); err != nil || mt != "application/json" {
			return newProblem(http.StatusUnsupportedMediaType, "the body must be application/json")
		}
	}
	dec := json.NewDecoder(io.LimitReader(r.Body, 1<<20))
	if err := dec.Decode(v); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) && wrong.Field != "" {
			p := invalid(fieldError{wrong.Field, "must not be a JSON " + wrong.Value})
			p.cause = err
			return p
		}
		p := badRequest("the body is not JSON")
		p.cause = err
		return p
	}
	if dec.More() {
		return badRequest("the body has more than one JSON value")
	}
	return nil
}

// intQuery reads a number from the query; absent gives the default.
func intQuery(r *http.Request, name string, otherwise, least, most int) (int, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, invalid(fieldError{name, fmt.Sprintf("must be a number from %d to %d, not %q", least, most, clip(text, 60))})
	}
	return n, nil
}

// page is a part of a list.
type page[T any] struct {
	Data []T    `json:"data"`
	Next string `json:"next_cursor,omitempty" api:"doc=pass as cursor to get the next page"`
}

// jsonText writes v for a text column. v comes from decoded JSON or from our own structs.
func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "null"
	}
	return string(b)
}

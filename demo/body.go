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
	if err := jsonBody(r); err != nil {
		return err
	}
	dec := json.NewDecoder(r.Body)
	if err := dec.Decode(v); err != nil {
		var big *http.MaxBytesError
		if errors.As(err, &big) {
			return newProblem(http.StatusRequestEntityTooLarge, "the body is too large")
		}
		return undecodable(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return tooLarge(err, badRequest("the body has more than one JSON value"))
	}
	return nil
}

// jsonBody refuses a body that says that it is something else.
func jsonBody(r *http.Request) error {
	if ct := r.Header.Get("Content-Type"); ct != "" {
		if mt, _, err := mime.ParseMediaType(ct); err != nil || mt != "application/json" {
			return newProblem(http.StatusUnsupportedMediaType, "the body must be application/json")
		}
	}
	return nil
}

// mostLevels is how deep what clients keep of their own may be nested.
const mostLevels = 16

// shallow refuses metadata that is nested deeper than anybody means it.
func (s *Server) shallow(metadata map[string]any) error {
	if levels(metadata, mostLevels) && !s.flaws.Has("input/deep-json") {
		return invalid(fieldError{"metadata", fmt.Sprintf("is nested more than %d levels deep", mostLevels)})
	}
	return nil
}

// levels reports whether a value has more levels than that.
func levels(v any, most int) bool {
	if most < 0 {
		return true
	}
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			if levels(e, most-1) {
				return true
			}
		}
	case []any:
		for _, e := range v {
			if levels(e, most-1) {
				return true
			}
		}
	}
	return false
}

// rawJSON is JSON that was written by hand.
type rawJSON string

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

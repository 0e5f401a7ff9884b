package transport

import (
	"errors"
	"syscall"
)

// isBusy reports that the machine has no descriptor left for now.
func isBusy(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ECONNABORTED)
}

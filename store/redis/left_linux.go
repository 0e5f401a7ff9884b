package redis

import (
	"encoding/binary"
	"syscall"
)

// The states of tcp(7) in which the other side says nothing more.
const (
	tcpClose     = 7
	tcpCloseWait = 8
)

// left reports that the other side of a socket has ended it. It takes nothing out of it.
func left(raw syscall.RawConn) (gone bool) {
	err := raw.Control(func(fd uintptr) {
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		switch {
		case err == syscall.EAGAIN || err == syscall.EINTR:
		case err != nil || n == 0:
			gone = true
		default: // something is unread, as the farewell of TLS, and hides the end
			state, err := syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_INFO)
			var info [4]byte                                      // the first is the state
			binary.NativeEndian.PutUint32(info[:], uint32(state)) //nolint:gosec // the bits, whatever they mean as a number
			gone = err == nil && (info[0] == tcpClose || info[0] == tcpCloseWait)
		}
	})
	return gone || err != nil
}

package guard

import (
	"net"
	"net/http"
	"time"
)

// Transport speaks to an upstream. A reload keeps it, and its connections.
// connect bounds the making of a connection (0: 5 s), header the wait for an
// answer to begin (0: 5 minutes).
func Transport(connect, header time.Duration) *http.Transport {
	if connect == 0 {
		connect = 5 * time.Second
	}
	if header == 0 {
		header = 5 * time.Minute
	}
	return &http.Transport{DialContext: (&net.Dialer{Timeout: connect, KeepAlive: 30 * time.Second}).DialContext, TLSHandshakeTimeout: connect, ForceAttemptHTTP2: true,
		MaxIdleConns: 512, MaxIdleConnsPerHost: 512, IdleConnTimeout: 90 * time.Second, DisableCompression: true, ResponseHeaderTimeout: header}
}

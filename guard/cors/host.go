package cors

import (
	"net/http"
	"strings"

	"github.com/launchready/launchready/guard"
)

// Hosts are the names that the application is reached by, in lower case, with the
// port where it is not the scheme's own. A request for another one is a mistake of a
// cache or of DNS rebinding, or makes the application write links to a stranger.
type Hosts map[string]bool

// Name is the protection's.
func (Hosts) Name() string { return "hosts" }

// Gate refuses another name with 421 (RFC 9110 section 7.4).
func (h Hosts) Gate(x *guard.Exchange) *guard.Denial {
	host := strings.ToLower(x.Request.Host)
	if x.Secure {
		host = strings.TrimSuffix(host, ":443")
	} else {
		host = strings.TrimSuffix(host, ":80")
	}
	if h[host] {
		return nil
	}
	return &guard.Denial{Status: http.StatusMisdirectedRequest, Reason: "the host is not one of the policy's"}
}

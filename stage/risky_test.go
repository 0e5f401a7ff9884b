package stage

import (
	"testing"

	lr "github.com/launchready/launchready"
)

// TestRisky: what changes an account or an installation in place is not taken for
// a creation, wherever the verb stands in the path.
func TestRisky(t *testing.T) {
	for path, want := range map[string]bool{
		"/api/v1/auths/update/profile": true, "/api/v1/auths/update/timezone": true, "/api/v1/configs/banners": true,
		"/v1/user/settings": true, "/v1/users/default/permissions": true, "/v1/chats/archive/all": true, "/v1/payments/charge": true, "/v1/chats": false, "/v1/updates": false, "/v1/datasets": false, "/v1/profiles": false,
	} {
		if got := risky(&lr.Route{Method: "POST", Path: path}); got != want {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
}

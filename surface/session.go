package surface

import (
	"strings"

	lr "github.com/launchready/launchready"
)

// session recognises the routes that begin, renew, show and end a session, and
// that change a password.
func (x *index) session(s *shape, m, tip string, get bool) lr.Kind {
	if s.item() {
		if !get && m != "DELETE" && (strings.HasPrefix(tip, "password") && !s.has("passwords") || strings.HasPrefix(tip, "forgot") || strings.HasPrefix(tip, "resetpassword")) {
			return lr.Password // /password-recovery/{email}
		}
		return lr.OtherKind
	}
	params := strings.Contains(s.rt.Path, "{")
	p := x.place(s.segs)
	secret := s.secret()
	switch {
	case get && x.whoami(s, tip):
		return lr.WhoAmI
	case oneOf(tip, "logout", "signout", "logoff", "logoutall", "endsession", "logoutuser", "userlogout") && !params,
		!get && tip == "revoke" && !params && s.has("auth", "oauth", "oauth2", "token", "tokens", "session", "sessions"),
		m == "DELETE" && oneOf(tip, "session", "sessions", "login") && !params:
		return lr.SignOut
	case get && !secret:
		return lr.OtherKind
	case oneOf(tip, "refresh", "refreshtoken", "tokenrefresh", "renew", "renewtoken", "refreshtokens", "refreshsession", "authrefresh", "refreshauth") && !params:
		return lr.Refresh
	case oneOf(tip, byPassword...) && m != "DELETE":
		if params {
			return lr.OtherKind
		}
		return lr.SignIn
	case !get && !plural(s.last().text) && m != "DELETE" && (s.has("password", "passwd", "forgot") || strings.Contains(tip, "password")),
		!get && s.props("newpassword") && s.props("currentpassword", "oldpassword", "password"),
		!get && s.props("newpassword", "password") && s.props("token", "resettoken") && s.has("reset", "auth") && !s.props("email"):
		return lr.Password
	case m == "POST" && oneOf(tip, "register", "signup", "registration", "registrations", "registeruser", "userregister", "createaccount", "usersignup", "signupuser") && !params,
		m == "POST" && oneOf(tip, "enroll", "onboard") && !params && s.ofUsers():
		return lr.SignUp
	case oneOf(tip, "login", "signin", "logon", "authenticate", "loginuser", "userlogin", "obtaintoken", "apitokenauth", "tokenauth", "gettoken", "createtoken", "obtainauthtoken") && !params && m != "DELETE":
		return lr.SignIn
	case m == "POST" && oneOf(tip, "token", "accesstoken", "jwt") && !params && !secret && takesNothing(s.rt) && x.opened:
		return lr.Refresh // POST /user/token beside POST /login takes the old token
	case m == "POST" && oneOf(tip, "token", "accesstoken", "auth", "tokens", "session", "sessions", "jwt", "authentication", "signinwithpassword", "credentials") && !params && (secret || s.unnamed() && !p.item && oneOf(tip, "token", "auth", "jwt", "accesstoken", "session")):
		return lr.SignIn
	case m == "POST" && tip == "create" && s.has("jwt") && secret:
		return lr.SignIn
	case m == "POST" && x.opensUsers(s) && !params && s.props("password"):
		return lr.SignUp
	}
	return lr.OtherKind
}

// byPassword ends paths that sign in with what would read as a password's change.
var byPassword = []string{"authwithpassword", "loginwithpassword", "signinwithpassword", "passwordlogin", "passwordsignin", "authbypassword", "loginbypassword"}

// kept reports the kinds that a description or a configuration may tell by
// itself. A route keeps such a kind when Link is called again.
func kept(k lr.Kind) bool {
	switch k {
	case lr.WebSocket, lr.GraphQL, lr.SignIn, lr.SignUp, lr.SignOut, lr.Refresh, lr.WhoAmI:
		return true
	}
	return false
}

// secret reports that the route takes what proves who the caller is.
func (s *shape) secret() bool {
	return s.props("password", "passwd", "pass", "granttype", "clientsecret", "otp", "secret", "idtoken", "code") || s.queries("password")
}

// signsIn reports a route that can only be the one to sign in.
func (s *shape) signsIn() bool {
	return s.rt.Method == "POST" && !s.item() && len(s.rt.PathParams()) == 0 && (oneOf(s.tip(), "login", "signin", "logon", "loginuser", "userlogin") || oneOf(s.tip(), byPassword...))
}

// ofUsers reports a path that speaks of users alone: /users/enroll, and not
// /totp/enroll or /courses/enroll.
func (s *shape) ofUsers() bool {
	for _, g := range s.segs[:len(s.segs)-1] {
		if !frame(g.text) && !oneOf(fold(g.text), "user", "account", "customer", "member", "tenant", "auth", "identity", "public") {
			return false
		}
	}
	return true
}

// tellsCaller reports the names of routes that can only tell who the caller is.
func tellsCaller(tip string) bool {
	return oneOf(tip, "whoami", "userinfo", "currentuser", "getcurrentuser", "getme", "myprofile", "getuserinfo", "getprofile", "myaccount", "userme")
}

func (s *shape) queries(name string) bool {
	for _, p := range s.rt.Params {
		if p.In == lr.InQuery && strings.EqualFold(p.Name, name) {
			return true
		}
	}
	return false
}

// opensUsers reports POST /users that needs no credential although others do:
// that is how some applications sign up.
func (x *index) opensUsers(s *shape) bool {
	if s.rt.Secured || !oneOf(fold(s.last().text), "user", "account", "customer") {
		return false
	}
	for _, o := range x.shapes {
		if o.rt.Secured {
			return true
		}
	}
	return false
}

// whoami recognises the route that tells who the caller is.
func (x *index) whoami(s *shape, tip string) bool {
	if s.rt.Method != "GET" || len(s.segs) == 0 || strings.Contains(s.rt.Path, "{") {
		return false
	}
	if meWord(s.last().text) {
		return true
	}
	p := x.exactly(s.segs)
	if tellsCaller(tip) {
		return true
	}
	switch tip {
	case "current":
		return s.has("user", "users", "account", "accounts", "member", "members", "session")
	case "user":
		// GET /user tells the caller (GitHub, RealWorld); where /user/{name} reads others, too,
		// unless it lists them.
		return wordsOf(s.last().text)[0] == "user" && !p.methods["POST"]
	case "profile", "session", "account":
		if x.shown || s.has("instance", "server", "site", "system", "company", "organization", "organisation", "org", "tenant", "workspace", "app") {
			return false
		}
		return !p.item && !p.methods["POST"]
	}
	return false
}

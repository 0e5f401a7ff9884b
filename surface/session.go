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
	secret := s.props("password", "passwd", "pass", "granttype", "clientsecret", "otp", "secret", "idtoken", "code") || s.queries("password")
	switch {
	case get && x.whoami(s, tip):
		return lr.WhoAmI
	case oneOf(tip, "logout", "signout", "logoff", "logoutall", "endsession", "logoutuser", "userlogout") && !params,
		!get && tip == "revoke" && !params && s.has("auth", "oauth", "oauth2", "token", "tokens", "session", "sessions"),
		m == "DELETE" && oneOf(tip, "session", "sessions", "login") && !params:
		return lr.SignOut
	case get && !secret:
		return lr.OtherKind
	case oneOf(tip, "refresh", "refreshtoken", "tokenrefresh", "renew", "renewtoken", "refreshtokens", "refreshsession") && !params:
		return lr.Refresh
	case !get && !plural(s.last().text) && m != "DELETE" && (s.has("password", "passwd", "forgot") || strings.Contains(tip, "password")),
		!get && s.props("newpassword") && s.props("currentpassword", "oldpassword", "password"),
		!get && s.props("newpassword", "password") && s.props("token", "resettoken") && s.has("reset", "auth") && !s.props("email"):
		return lr.Password
	case m == "POST" && oneOf(tip, "register", "signup", "registration", "registrations", "registeruser", "userregister", "createaccount", "usersignup", "signupuser", "enroll", "onboard") && !params:
		return lr.SignUp
	case oneOf(tip, "login", "signin", "logon", "authenticate", "loginuser", "userlogin", "obtaintoken", "apitokenauth", "tokenauth", "gettoken", "createtoken", "obtainauthtoken") && !params && m != "DELETE":
		return lr.SignIn
	case m == "POST" && oneOf(tip, "token", "accesstoken", "auth", "tokens", "session", "sessions", "jwt", "authentication", "signinwithpassword", "credentials") && !params && (secret || s.unnamed() && !p.item && oneOf(tip, "token", "auth", "jwt", "accesstoken", "session")):
		return lr.SignIn
	case m == "POST" && tip == "create" && s.has("jwt") && secret:
		return lr.SignIn
	case m == "POST" && x.opensUsers(s) && !params && s.props("password"):
		return lr.SignUp
	}
	return lr.OtherKind
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
	switch tip {
	case "whoami", "userinfo", "currentuser", "getcurrentuser", "getme", "myprofile", "getuserinfo", "getprofile", "myaccount", "userme":
		return true
	case "current":
		return s.has("user", "users", "account", "accounts", "member", "members", "session")
	case "user":
		// GET /user tells the caller (GitHub, RealWorld); where /user/{name} reads others, too,
		// unless it lists them.
		return wordsOf(s.last().text)[0] == "user" && !p.methods["POST"]
	case "profile", "session", "account":
		return !p.item && !p.methods["POST"]
	}
	return false
}

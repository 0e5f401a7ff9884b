package intake

import (
	"regexp"
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

// fold is a name without case and separators.
func fold(s string) string {
	return strings.NewReplacer("_", "", "-", "", ".", "", " ", "", "[", "", "]", "").Replace(strings.ToLower(s))
}

func among(s string, list ...string) bool {
	for _, x := range list {
		if s == x {
			return true
		}
	}
	return false
}

var (
	secretWord = regexp.MustCompile(`(?i)passw|passphrase|passcode|^pwd$|^pin$|^otp$|secret|token|api[-_]?key|authorization|cookie|credential|private[-_]?key|session|csrf|xsrf|captcha|signature|assertion|^code$`)
	openWord   = regexp.MustCompile(`(?i)_?type$|_?(id|url|uri|name|scope)$`)
	// The same looks as config holds a file to.
	secretLooks = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}|\bsk-[A-Za-z0-9_-]{16,}|\bgh[pousr]_[A-Za-z0-9]{20,}|\bAKIA[0-9A-Z]{16}\b|\bxox[abprs]-[A-Za-z0-9-]{10,}|(?i:password|passwd|pwd)=[^\s&;$]+|-----BEGIN [A-Z ]*PRIVATE KEY|\b[a-z][a-z0-9+]{1,30}://[^\s:/@$]*:[^\s/@$]{1,}@`)
	longWord    = regexp.MustCompile(`[A-Za-z0-9+/=_-]{32,}`)
)

// secretName reports a field that holds a secret by its name.
func secretName(s string) bool { return secretWord.MatchString(s) && !openWord.MatchString(s) }

// secretShape reports a text that is a secret by its looks.
func secretShape(s string) bool {
	return secretLooks.MatchString(s) || strings.ContainsAny(longWord.FindString(s), "0123456789")
}

func passwordField(s string) bool {
	return among(fold(s), "password", "passwd", "pass", "pwd", "passphrase", "passcode", "userpassword", "loginpassword", "plainpassword", "userpass", "pw", "currentpassword",
		"passwordconfirmation", "confirmpassword", "passwordconfirm", "password2", "repeatpassword")
}

func userField(s string) bool {
	return among(fold(s), "email", "emailaddress", "mail", "username", "user", "login", "loginid", "identifier", "usernameoremail", "emailorusername", "useremail",
		"loginname", "userid", "phone", "phonenumber", "accountname", "principal", "uid", "signin")
}

func tenantField(s string) bool {
	return among(strings.TrimPrefix(fold(s), "x"), "tenant", "tenantid", "tenantname", "tenantslug", "tenantkey", "org", "orgid", "orgname", "orgslug", "organization", "organisation",
		"organizationid", "organisationid", "organizationname", "organizationslug", "workspace", "workspaceid", "workspacename", "workspaceslug", "company", "companyid", "companyname",
		"customer", "customerid", "accountid", "team", "teamid")
}

// Safe reports a text that a configuration may hold as it is: no secret by its
// looks, no reference, one line.
func Safe(s string) bool {
	return !secretLooks.MatchString(s) && !strings.Contains(s, "${") && strings.IndexFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f }) < 0
}

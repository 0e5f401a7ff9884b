package intake

import "strings"

// What curl's options are to a request. An option that is not listed takes no
// value and is left out (curl 8.15, curl.1).
const (
	takesHeader   = "header"
	takesData     = "data"      // as it is, without line breaks
	takesRaw      = "raw"       // as it is
	takesEncoded  = "urlencode" // name=value, to be encoded
	takesForm     = "form"      // a part of a multipart form
	takesJSON     = "json"
	takesURL      = "url"
	takesMethod   = "method"
	takesUser     = "user"
	takesCookie   = "cookie"
	takesBearer   = "bearer"
	takesQuery    = "query"
	takesUpload   = "upload"
	takesConfig   = "config"
	takesAnything = "anything" // a value that is of no interest
	isGet         = "get"
	isHead        = "head"
	isNext        = "next"
	isInsecure    = "insecure"
	isNetrc       = "netrc"
)

func shortOption(c byte) string {
	switch c {
	case 'H':
		return takesHeader
	case 'd':
		return takesData
	case 'F':
		return takesForm
	case 'X':
		return takesMethod
	case 'u':
		return takesUser
	case 'b':
		return takesCookie
	case 'T':
		return takesUpload
	case 'K':
		return takesConfig
	case 'G':
		return isGet
	case 'I':
		return isHead
	case ':':
		return isNext
	case 'k':
		return isInsecure
	case 'n':
		return isNetrc
	case 'A', 'C', 'D', 'E', 'P', 'Q', 'U', 'Y', 'c', 'e', 'h', 'm', 'o', 'r', 't', 'w', 'x', 'y', 'z':
		return takesAnything
	}
	return ""
}

func longOption(name string) string {
	switch name {
	case "header":
		return takesHeader
	case "data", "data-ascii":
		return takesData
	case "data-raw", "data-binary":
		return takesRaw
	case "data-urlencode":
		return takesEncoded
	case "form", "form-string":
		return takesForm
	case "json":
		return takesJSON
	case "url":
		return takesURL
	case "request":
		return takesMethod
	case "user":
		return takesUser
	case "cookie":
		return takesCookie
	case "oauth2-bearer":
		return takesBearer
	case "url-query":
		return takesQuery
	case "upload-file":
		return takesUpload
	case "config":
		return takesConfig
	case "get":
		return isGet
	case "head":
		return isHead
	case "next":
		return isNext
	case "insecure":
		return isInsecure
	case "netrc", "netrc-optional":
		return isNetrc
	}
	const values = " abstract-unix-socket alt-svc aws-sigv4 cacert capath cert cert-type ciphers connect-timeout connect-to continue-at cookie-jar create-file-mode" +
		" crlfile curves delegation dns-interface dns-ipv4-addr dns-ipv6-addr dns-servers doh-url dump-header ech egd-file engine etag-compare etag-save" +
		" expect100-timeout ftp-account ftp-alternative-to-user ftp-method ftp-port ftp-ssl-ccc-mode happy-eyeballs-timeout-ms haproxy-clientip help hostpubmd5" +
		" hostpubsha256 hsts interface ip-tos ipfs-gateway keepalive-cnt keepalive-time key key-type krb libcurl limit-rate local-port login-options mail-auth mail-from" +
		" mail-rcpt max-filesize max-redirs max-time netrc-file noproxy output output-dir parallel-max parallel-max-host pass pinnedpubkey preproxy proto" +
		" proto-default proto-redir proxy proxy-cacert proxy-capath proxy-cert proxy-cert-type proxy-ciphers proxy-crlfile proxy-header proxy-key" +
		" proxy-key-type proxy-pass proxy-pinnedpubkey proxy-service-name proxy-tls13-ciphers proxy-tlsauthtype proxy-tlspassword proxy-tlsuser" +
		" proxy-user proxy1.0 pubkey quote random-file range rate referer request-target resolve retry retry-delay retry-max-time sasl-authzid service-name sigalgs" +
		" socks4 socks4a socks5 socks5-gssapi-service socks5-hostname speed-limit speed-time stderr telnet-option tftp-blksize time-cond tls-max" +
		" tls13-ciphers tlsauthtype tlspassword tlsuser trace trace-ascii trace-config unix-socket user-agent variable vlan-priority write-out "
	if name != "" && strings.Contains(values, " "+name+" ") {
		return takesAnything
	}
	return ""
}

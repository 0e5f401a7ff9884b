package https

import lr "github.com/launchready/launchready"

// redirection are the checks of redirects and of what is served without TLS.
func redirection() []*lr.Check {
	return []*lr.Check{
		httpRedirect, redirectPermanent, redirectHops, redirectLoop, redirectDowngrade, redirectPath, redirectQuery, redirectPost, plainAPI, canonicalHost, redirectHost, openRedirect,
	}
}

// policy are the checks of the policy of TLS.
func policy() []*lr.Check {
	return []*lr.Check{
		hsts, hstsAge, hstsSubdomains, hstsPreload, hstsPlain, hstsErrors,
	}
}

// paging are the checks of pages and cookies.
func paging() []*lr.Check {
	return []*lr.Check{
		contentPolicy, contentPolicyScript, framing, contentTypeSniffing, referrerPolicy, permissionsPolicy, scriptIntegrity, mixedContent, cookieSecure, cookieHttponly, cookieSamesite, securityTxt,
	}
}

// caching are the checks of what caches keep.
func caching() []*lr.Check {
	return []*lr.Check{
		cachePrivate, cacheTenant, cacheDeception, cachePoisoning, cacheVary, cacheCookie, cacheErrors, cacheAssets, cacheStream,
	}
}

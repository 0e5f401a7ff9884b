// The D() of the zone needs NO_PURGE as long as it does not list all records.
D_EXTEND("harbor.test",
  // goes: harbor.test. 3600 IN TXT "v=spf1 ip4:192.0.2.10 include:spf.gone.test ?all"
  // goes: harbor.test. 3600 IN TXT "v=spf1 mx ~all"
  TXT("@", "v=spf1 ip4:192.0.2.10 mx include:spf.mailer.test ~all", TTL(3600)),
  CNAME("s1._domainkey", "s1.dkim.mailer.test.", TTL(3600)),
  TXT("s2._domainkey", "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", TTL(3600)),
  // goes: _dmarc.harbor.test. 3600 IN TXT "v=DMARC1; p=none; pct=50"
  TXT("_dmarc", "v=DMARC1; p=quarantine; rua=mailto:dmarc@reports.test", TTL(3600)),
  TXT("_smtp._tls", "v=TLSRPTv1; rua=mailto:dmarc@reports.test", TTL(3600)),
  TXT("_mta-sts", "v=STSv1; id=c4abd814321b8af3ab58", TTL(3600)),
  CAA("@", "issue", "letsencrypt.org", TTL(3600)),
);
// The D() of the zone needs NO_PURGE as long as it does not list all records.
D_EXTEND("harbor.test",
  // goes: harbor.test. 3600 IN TXT "v=spf1 ip4:192.0.2.10 include:spf.gone.test ?all"
  // goes: harbor.test. 3600 IN TXT "v=spf1 mx ~all"
  TXT("@", "v=spf1 ip4:192.0.2.10 mx include:spf.mailer.test ~all", TTL(3600)),
  CNAME("s1._domainkey", "s1.dkim.mailer.test.", TTL(3600)),
  TXT("s2._domainkey", "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", TTL(3600)),
  // goes: _dmarc.harbor.test. 3600 IN TXT "v=DMARC1; p=none; pct=50"
  TXT("_dmarc", "v=DMARC1; p=quarantine; rua=mailto:dmarc@reports.test", TTL(3600)),
  TXT("_smtp._tls", "v=TLSRPTv1; rua=mailto:dmarc@reports.test", TTL(3600)),
  TXT("_mta-sts", "v=STSv1; id=c4abd814321b8af3ab58", TTL(3600)),
  CAA("@", "issue", "letsencrypt.org", TTL(3600)),
  // at the provider: ssl = "strict"
  // at the provider: always_use_https = "on"
  // at the provider: min_tls_version = "1.2"
  // at the provider: 0rtt = "off"
  // at the provider: security_header = {"strict_transport_security":{"enabled":true,"include_subdomains":true,"max_age":31536000,"nosniff":true,"preload":true}}
  // goes: harbor.test. 3600 IN A 127.0.0.1
  A("@", "127.0.0.1", CF_PROXY_ON),
  // goes: www.harbor.test. 3600 IN A 127.0.0.1
  A("www", "127.0.0.1", CF_PROXY_ON),
  // goes: app.harbor.test. 3600 IN A 127.0.0.1
  A("app", "127.0.0.1", CF_PROXY_ON),
  // at the provider: launchready_cache_bypass http_request_cache_settings = {"action":"set_cache_settings","action_parameters":{"cache":false},"description":"Launch Ready: Answers of the API are never cached.","enabled":true,"expression":"(starts_with(http.request.uri.path, \"/v1/\"))","ref":"launchready_cache_bypass"}
  // at the provider: launchready_limit_1 http_ratelimit = {"action":"block","description":"Launch Ready: At most 20 requests in 60 s from one address to /v1/auth/.","enabled":true,"expression":"(starts_with(http.request.uri.path, \"/v1/auth/\"))","ratelimit":{"characteristics":["cf.colo.id","ip.src"],"mitigation_timeout":60,"period":60,"requests_per_period":20},"ref":"launchready_limit_1"}
  // at the provider: launchready_waf_managed http_request_firewall_managed = {"action":"execute","action_parameters":{"id":"efb7b8c949ac4650a09736fc376e9aee"},"description":"Launch Ready: Cloudflare's managed rules look at every request.","enabled":true,"expression":"true","ref":"launchready_waf_managed"}
  // at the provider: launchready_canonical_www_harbor_test http_request_dynamic_redirect = {"action":"redirect","action_parameters":{"from_value":{"preserve_query_string":true,"status_code":308,"target_url":{"expression":"concat(\"https://harbor.test\", http.request.uri.path)"}}},"description":"Launch Ready: www.harbor.test redirects to harbor.test, with path and query.","enabled":true,"expression":"(http.host eq \"www.harbor.test\")","ref":"launchready_canonical_www_harbor_test"}
);

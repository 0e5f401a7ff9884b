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
  // at the provider: ssl
  // at the provider: always_use_https
  // at the provider: min_tls_version
  // at the provider: 0rtt
  // at the provider: security_header
  // goes: harbor.test. 3600 IN A 127.0.0.1
  A("@", "127.0.0.1", CF_PROXY_ON),
  // goes: www.harbor.test. 3600 IN A 127.0.0.1
  A("www", "127.0.0.1", CF_PROXY_ON),
  // goes: app.harbor.test. 3600 IN A 127.0.0.1
  A("app", "127.0.0.1", CF_PROXY_ON),
  // at the provider: launchready_cache_bypass http_request_cache_settings
  // at the provider: launchready_limit_1 http_ratelimit
  // at the provider: launchready_waf_managed http_request_firewall_managed
  // at the provider: launchready_canonical_www_harbor_test http_request_dynamic_redirect
);

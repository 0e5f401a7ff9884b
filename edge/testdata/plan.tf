resource "cloudflare_dns_record" "harbor_test_txt_1" {
  zone_id = var.zone_id
  name    = "harbor.test"
  type    = "TXT"
  ttl     = 3600
  content = "\"v=spf1 ip4:192.0.2.10 mx include:spf.mailer.test ~all\""
}

# goes: harbor.test. 3600 IN TXT "v=spf1 ip4:192.0.2.10 include:spf.gone.test ?all"
# goes: harbor.test. 3600 IN TXT "v=spf1 mx ~all"
resource "cloudflare_dns_record" "s1__domainkey_harbor_test_cname_1" {
  zone_id = var.zone_id
  name    = "s1._domainkey.harbor.test"
  type    = "CNAME"
  ttl     = 3600
  content = "s1.dkim.mailer.test"
  proxied = false
}

resource "cloudflare_dns_record" "s2__domainkey_harbor_test_txt_1" {
  zone_id = var.zone_id
  name    = "s2._domainkey.harbor.test"
  type    = "TXT"
  ttl     = 3600
  content = "\"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\""
}

resource "cloudflare_dns_record" "_dmarc_harbor_test_txt_1" {
  zone_id = var.zone_id
  name    = "_dmarc.harbor.test"
  type    = "TXT"
  ttl     = 3600
  content = "\"v=DMARC1; p=quarantine; rua=mailto:dmarc@reports.test\""
}

# goes: _dmarc.harbor.test. 3600 IN TXT "v=DMARC1; p=none; pct=50"
resource "cloudflare_dns_record" "_smtp__tls_harbor_test_txt_1" {
  zone_id = var.zone_id
  name    = "_smtp._tls.harbor.test"
  type    = "TXT"
  ttl     = 3600
  content = "\"v=TLSRPTv1; rua=mailto:dmarc@reports.test\""
}

resource "cloudflare_dns_record" "_mta_sts_harbor_test_txt_1" {
  zone_id = var.zone_id
  name    = "_mta-sts.harbor.test"
  type    = "TXT"
  ttl     = 3600
  content = "\"v=STSv1; id=c4abd814321b8af3ab58\""
}

resource "cloudflare_dns_record" "harbor_test_caa_1" {
  zone_id = var.zone_id
  name    = "harbor.test"
  type    = "CAA"
  ttl     = 3600
  data = {
    flags = 0
    tag   = "issue"
    value = "letsencrypt.org"
  }
}

resource "cloudflare_dns_record" "harbor_test_txt_1" {
  zone_id = var.zone_id
  name    = "harbor.test"
  type    = "TXT"
  ttl     = 3600
  content = "\"v=spf1 ip4:192.0.2.10 mx include:spf.mailer.test ~all\""
}

# goes: harbor.test. 3600 IN TXT "v=spf1 ip4:192.0.2.10 include:spf.gone.test ?all"
# goes: harbor.test. 3600 IN TXT "v=spf1 mx ~all"
resource "cloudflare_dns_record" "s1__domainkey_harbor_test_cname_1" {
  zone_id = var.zone_id
  name    = "s1._domainkey.harbor.test"
  type    = "CNAME"
  ttl     = 3600
  content = "s1.dkim.mailer.test"
  proxied = false
}

resource "cloudflare_dns_record" "s2__domainkey_harbor_test_txt_1" {
  zone_id = var.zone_id
  name    = "s2._domainkey.harbor.test"
  type    = "TXT"
  ttl     = 3600
  content = "\"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\""
}

resource "cloudflare_dns_record" "_dmarc_harbor_test_txt_1" {
  zone_id = var.zone_id
  name    = "_dmarc.harbor.test"
  type    = "TXT"
  ttl     = 3600
  content = "\"v=DMARC1; p=quarantine; rua=mailto:dmarc@reports.test\""
}

# goes: _dmarc.harbor.test. 3600 IN TXT "v=DMARC1; p=none; pct=50"
resource "cloudflare_dns_record" "_smtp__tls_harbor_test_txt_1" {
  zone_id = var.zone_id
  name    = "_smtp._tls.harbor.test"
  type    = "TXT"
  ttl     = 3600
  content = "\"v=TLSRPTv1; rua=mailto:dmarc@reports.test\""
}

resource "cloudflare_dns_record" "_mta_sts_harbor_test_txt_1" {
  zone_id = var.zone_id
  name    = "_mta-sts.harbor.test"
  type    = "TXT"
  ttl     = 3600
  content = "\"v=STSv1; id=c4abd814321b8af3ab58\""
}

resource "cloudflare_dns_record" "harbor_test_caa_1" {
  zone_id = var.zone_id
  name    = "harbor.test"
  type    = "CAA"
  ttl     = 3600
  data = {
    flags = 0
    tag   = "issue"
    value = "letsencrypt.org"
  }
}

resource "cloudflare_zone_setting" "ssl_1" {
  zone_id    = var.zone_id
  setting_id = "ssl"
  value      = jsondecode("\"strict\"")
}

# goes: ssl = "flexible"
resource "cloudflare_zone_setting" "always_use_https_1" {
  zone_id    = var.zone_id
  setting_id = "always_use_https"
  value      = jsondecode("\"on\"")
}

# goes: always_use_https = "off"
resource "cloudflare_zone_setting" "min_tls_version_1" {
  zone_id    = var.zone_id
  setting_id = "min_tls_version"
  value      = jsondecode("\"1.2\"")
}

# goes: min_tls_version = "1.0"
resource "cloudflare_zone_setting" "_0rtt_1" {
  zone_id    = var.zone_id
  setting_id = "0rtt"
  value      = jsondecode("\"off\"")
}

# goes: 0rtt = "on"
resource "cloudflare_zone_setting" "security_header_1" {
  zone_id    = var.zone_id
  setting_id = "security_header"
  value      = jsondecode("{\"strict_transport_security\":{\"enabled\":true,\"include_subdomains\":true,\"max_age\":31536000,\"nosniff\":true,\"preload\":true}}")
}

# goes: security_header = {"strict_transport_security":{"enabled":false,"include_subdomains":false,"max_age":0,"nosniff":false,"preload":false}}
resource "cloudflare_dns_record" "harbor_test_a_1" {
  zone_id = var.zone_id
  name    = "harbor.test"
  type    = "A"
  ttl     = 1
  content = "127.0.0.1"
  proxied = true
}

# goes: harbor.test. 3600 IN A 127.0.0.1
resource "cloudflare_dns_record" "www_harbor_test_a_1" {
  zone_id = var.zone_id
  name    = "www.harbor.test"
  type    = "A"
  ttl     = 1
  content = "127.0.0.1"
  proxied = true
}

# goes: www.harbor.test. 3600 IN A 127.0.0.1
resource "cloudflare_dns_record" "app_harbor_test_a_1" {
  zone_id = var.zone_id
  name    = "app.harbor.test"
  type    = "A"
  ttl     = 1
  content = "127.0.0.1"
  proxied = true
}

# goes: app.harbor.test. 3600 IN A 127.0.0.1
# Put this into the rules of your cloudflare_ruleset of phase http_request_cache_settings:
# {"action":"set_cache_settings","action_parameters":{"cache":false},"description":"Launch Ready: Answers of the API are never cached.","enabled":true,"expression":"(starts_with(http.request.uri.path, \"/v1/\"))","ref":"launchready_cache_bypass"}

# Put this into the rules of your cloudflare_ruleset of phase http_ratelimit:
# {"action":"block","description":"Launch Ready: At most 20 requests in 60 s from one address to /v1/auth/.","enabled":true,"expression":"(starts_with(http.request.uri.path, \"/v1/auth/\"))","ratelimit":{"characteristics":["cf.colo.id","ip.src"],"mitigation_timeout":60,"period":60,"requests_per_period":20},"ref":"launchready_limit_1"}

# Put this into the rules of your cloudflare_ruleset of phase http_request_firewall_managed:
# {"action":"execute","action_parameters":{"id":"efb7b8c949ac4650a09736fc376e9aee"},"description":"Launch Ready: Cloudflare's managed rules look at every request.","enabled":true,"expression":"true","ref":"launchready_waf_managed"}

# Put this into the rules of your cloudflare_ruleset of phase http_request_dynamic_redirect:
# {"action":"redirect","action_parameters":{"from_value":{"preserve_query_string":true,"status_code":308,"target_url":{"expression":"concat(\"https://harbor.test\", http.request.uri.path)"}}},"description":"Launch Ready: www.harbor.test redirects to harbor.test, with path and query.","enabled":true,"expression":"(http.host eq \"www.harbor.test\")","ref":"launchready_canonical_www_harbor_test"}


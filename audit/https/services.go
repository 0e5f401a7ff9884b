package https

import (
	"strings"

	"github.com/launchready/launchready/probe/dns"
)

// service is a host of other people's sites, where a name that leads to it can be
// claimed by whoever asks for it first.
type service struct {
	Name   string
	Below  []string // what its customers' names end in
	Vacant bool     // a name that nobody holds does not exist: NXDOMAIN is the proof
	Says   string   // what it serves for a name that nobody holds; "" where that tells nothing
}

// services are those that have handed names to strangers, as the public lists of
// take-overs have it. The texts are what the service shows at a free name.
var services = [...]service{
	{"Amazon S3", []string{"s3.amazonaws.com", "s3-website-us-east-1.amazonaws.com", "s3-website.eu-central-1.amazonaws.com", "s3-website-eu-west-1.amazonaws.com", "s3-website-us-west-2.amazonaws.com"}, false, "<Code>NoSuchBucket</Code>"},
	{"AWS Elastic Beanstalk", []string{"elasticbeanstalk.com"}, true, ""},
	{"Azure", []string{"azurewebsites.net", "cloudapp.net", "cloudapp.azure.com", "trafficmanager.net", "blob.core.windows.net", "azureedge.net", "azure-api.net", "azurecontainer.io", "azurefd.net", "azurehdinsight.net", "azuredatalakestore.net", "redis.cache.windows.net", "search.windows.net", "servicebus.windows.net", "database.windows.net"}, true, ""},
	{"Bitbucket", []string{"bitbucket.io"}, false, "Repository not found"},
	{"Discourse", []string{"trydiscourse.com"}, true, ""},
	{"Fly.io", []string{"fly.dev"}, true, ""},
	{"Ghost", []string{"ghost.io"}, false, "The thing you were looking for is no longer here"},
	{"GitHub Pages", []string{"github.io"}, false, "There isn't a GitHub Pages site here."},
	{"Gitbook", []string{"gitbook.io"}, false, "If you need specifics, here's the error"},
	{"Heroku", []string{"herokuapp.com", "herokudns.com", "herokussl.com"}, true, "herokucdn.com/error-pages/no-such-app.html"},
	{"Help Juice", []string{"helpjuice.com"}, false, "We could not find what you're looking for."},
	{"LeadPages", []string{"leadpages.co"}, false, "Double check that you have the right web address"},
	{"Ngrok", []string{"ngrok.io", "ngrok.app", "ngrok-free.app"}, false, "ERR_NGROK_3200"},
	{"Pantheon", []string{"pantheonsite.io"}, false, "404 error unknown site!"},
	{"Pingdom", []string{"stats.pingdom.com"}, false, "Sorry, couldn't find the status page"},
	{"Readme", []string{"readme.io", "readmessl.com"}, false, "The creators of this project are still working on making everything perfect!"},
	{"Render", []string{"onrender.com"}, true, ""},
	{"Shopify", []string{"myshopify.com"}, false, "Sorry, this shop is currently unavailable."},
	{"Surge", []string{"surge.sh"}, false, "project not found"},
	{"Tumblr", []string{"domains.tumblr.com"}, false, "Whatever you were looking for doesn't currently exist at this address"},
	{"Vercel", []string{"vercel.app", "now.sh", "vercel-dns.com"}, false, "DEPLOYMENT_NOT_FOUND"},
}

// serviceOf is the one that a name leads to; nil for none.
func serviceOf(name string) *service {
	for i := range services {
		for _, b := range services[i].Below {
			if dns.Below(name, b) && name != b {
				return &services[i]
			}
		}
	}
	return nil
}

// zoneHosts are providers of name servers where whoever adds a zone may get the
// servers that a forgotten delegation names.
var zoneHosts = [...]struct{ Name, Mark string }{
	{"Amazon Route 53", "awsdns-"},
	{"Azure DNS", ".azure-dns."},
	{"DigitalOcean", ".digitalocean.com"},
	{"DNSimple", ".dnsimple.com"},
	{"DNS Made Easy", ".dnsmadeeasy.com"},
	{"Domain.com", ".domain.com"},
	{"Dreamhost", ".dreamhost.com"},
	{"Google Cloud DNS", ".googledomains.com"},
	{"Hurricane Electric", ".he.net"},
	{"Linode", ".linode.com"},
	{"Name.com", ".name.com"},
	{"NS1", ".nsone.net"},
	{"Reg.ru", ".reg.ru"},
	{"Vultr", ".vultr.com"},
	{"Yahoo", ".yns1.yahoo.com"},
}

// zoneHostOf is the provider that a name server belongs to, "" for none.
func zoneHostOf(server string) string {
	for _, z := range zoneHosts {
		if strings.Contains(server, z.Mark) {
			return z.Name
		}
	}
	return ""
}

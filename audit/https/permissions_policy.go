package https

import (
	"strings"

	lr "github.com/launchready/launchready"
)

var permissionsPolicy = &lr.Check{
	ID:    "https/permissions-policy",
	Title: "No page lends its camera or microphone to every site",
	Why: "Without the header a browser keeps such features to the page's own origin. With `camera=*` a frame of any site on the page may ask in the page's name, and where the user " +
		"once said yes to the page it is not asked again.",
	Fix:      "Name those who need the feature, as in `Permissions-Policy: camera=(self), microphone=()`, or leave the header out.",
	Severity: lr.Low,
	Refs:     []lr.Ref{refHeaders, {Source: "CWE", ID: "732"}},
	Needs:    lr.Domain,
	Extra:    true,
	Run:      eachPage("lends no powerful feature to every site", judgePermissionsPolicy),
}

// powerful are features that a browser keeps to the page's own origin, and asks the
// user for.
var powerful = [...]string{"camera", "microphone", "geolocation", "display-capture", "usb", "serial", "hid", "bluetooth", "midi", "payment", "clipboard-read", "local-fonts", "idle-detection"}

// judgePermissionsPolicy reads a structured dictionary (RFC 9651 section 3.2): of a
// feature that is named twice the last counts.
func judgePermissionsPolicy(_ *lr.Trial, p page) (lr.Severity, string) {
	open := map[string]bool{}
	for item := range strings.SplitSeq(strings.Join(p.x.Header.Values("Permissions-Policy"), ","), ",") {
		feature, list, ok := strings.Cut(item, "=")
		if !ok {
			continue
		}
		list, _, _ = strings.Cut(list, ";")
		every := strings.TrimSpace(list) == "*"
		if inner, is := strings.CutPrefix(strings.TrimSpace(list), "("); is {
			for _, who := range strings.Fields(strings.TrimSuffix(inner, ")")) {
				every = every || who == "*"
			}
		}
		open[strings.TrimSpace(feature)] = every
	}
	var lent []string
	for _, f := range powerful {
		if open[f] {
			lent = append(lent, f)
		}
	}
	if len(lent) > 0 {
		return 0, "lets frames of every site use " + strings.Join(lent, ", ")
	}
	return 0, ""
}

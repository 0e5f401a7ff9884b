#!/bin/sh
# Fetches Microsoft's SARIF Multitool, which knows what GitHub refuses, into a
# cache folder, and prints the path of the program:
#   LAUNCHREADY_MULTITOOL=$(sh report/sarif/testdata/multitool.sh) go test ./report/sarif
set -eu
version=5.7.0
[ "$(uname -sm)" = "Linux x86_64" ] || { echo "no build of it for $(uname -sm)" >&2; exit 1; }
dir=${XDG_CACHE_HOME:-$HOME/.cache}/launchready/sarif-multitool-$version
if [ ! -x "$dir/package/Sarif.Multitool" ]; then
	mkdir -p "$dir"
	(cd "$dir" && npm pack --silent "@microsoft/sarif-multitool-linux@$version" >/dev/null && tar xzf "microsoft-sarif-multitool-linux-$version.tgz")
	chmod +x "$dir/package/Sarif.Multitool"
	rm -f "$dir"/*.tgz
fi
echo "$dir/package/Sarif.Multitool"

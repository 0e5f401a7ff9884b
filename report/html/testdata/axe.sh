#!/bin/sh
# Fetches axe-core into a cache folder, and prints the path of its script:
#   LAUNCHREADY_AXE=$(sh report/html/testdata/axe.sh) go test ./report/html
set -eu
version=4.14.1
dir=${XDG_CACHE_HOME:-$HOME/.cache}/launchready/axe-core-$version
if [ ! -f "$dir/package/axe.min.js" ]; then
	mkdir -p "$dir"
	(cd "$dir" && npm pack --silent "axe-core@$version" >/dev/null && tar xzf "axe-core-$version.tgz")
fi
echo "$dir/package/axe.min.js"

#!/bin/sh
# Installs check-jsonschema, which carries the schemas that GitHub and GitLab
# publish for the files that their runners read, into a cache folder, and prints
# its path:
#   LAUNCHREADY_FORGE=$(sh cmd/launchready/testdata/forge.sh) go test ./cmd/launchready -run TestForge
set -eu
version=0.39.0
dir=${XDG_CACHE_HOME:-$HOME/.cache}/launchready/check-jsonschema-$version
if [ ! -d "$dir/check_jsonschema" ]; then
	mkdir -p "$dir"
	python3 -m pip install --quiet --target "$dir" "check-jsonschema==$version" >/dev/null 2>&1
fi
# What pip installs with --target finds its modules only where it is told.
printf '#!/bin/sh\nPYTHONPATH=%s exec python3 -m check_jsonschema "$@"\n' "$dir" >"$dir/run"
chmod +x "$dir/run"
echo "$dir/run"

#!/bin/sh
# Fetches the schema that Jenkins holds JUnit reports to, junit-10.xsd of its xUnit
# plugin, which pytest's source release carries for its own tests, into a cache
# folder, and prints its path:
#   LAUNCHREADY_JUNIT_XSD=$(sh report/junit/testdata/xsd.sh) go test ./report/junit
set -eu
version=8.3.4
dir=${XDG_CACHE_HOME:-$HOME/.cache}/launchready/junit-10
if [ ! -f "$dir/junit-10.xsd" ]; then
	mkdir -p "$dir"
	python3 -m pip download --quiet --no-deps --no-binary pytest --dest "$dir" "pytest==$version" >/dev/null 2>&1
	tar xzf "$dir/pytest-$version.tar.gz" -C "$dir" --strip-components=3 "pytest-$version/testing/example_scripts/junit-10.xsd"
	rm -f "$dir/pytest-$version.tar.gz"
fi
echo "$dir/junit-10.xsd"

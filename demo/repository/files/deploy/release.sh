#!/bin/sh
# release.sh VERSION puts a version into production, or an earlier one back.
set -eu
echo "$1" > "$(dirname "$0")/../.release"
echo "harbor $1 is out"

#!/usr/bin/env bash
# Every ```rq block of README.md and docs/ is a file that checks without an error.
set -u
src=${RQ_SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
RQ=${RQ:-$src/build/check/rq}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bad=0 blocks=0
for page in "$src"/README.md "$src"/docs/*.md; do
    name=$(basename "$page" .md)
    awk -v out="$tmp/$name" '/^```rq$/ { n++; on = 1; next } /^```$/ { on = 0 } on { print > (out "-" n ".rq") }' "$page"
done
for file in "$tmp"/*.rq; do
    [ -e "$file" ] || continue
    blocks=$((blocks + 1))
    "$RQ" check --diag=line "$file" >/dev/null 2>"$tmp/err" || { bad=1; sed "s|$tmp/||" "$tmp/err"; }
done
[ $blocks -ge 4 ] || { echo "only $blocks blocks found"; bad=1; }
exit $bad

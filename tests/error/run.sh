#!/usr/bin/env bash
# Error tests: one misuse per file, CODE-NAME.rq, with the diagnostics expected on their own lines:
#
#   skip q1 -> head;     //~ error: a skip needs equal shapes
#   layer q1 = ...       //~ warning: receives no gradient
#
# 'rq check --diag=line FILE' has to give exactly these (line, kind, part of the text), the code in the file's name has to
# occur, and the exit code is 1 with an error, else 0. '//~ run: ARGS' replaces 'check' ('%s' stands for the file),
# '//~ exit: N' the exit code. '//~ fix: TEXT' is for `rq explain` (compiler/cli/explain.c): the line as it should be.
#
# usage: run.sh [PATTERN]
set -u
here=$(cd "$(dirname "$0")" && pwd)
RQ=${RQ:-$here/../../build/check/rq}
export RQ

# Reads the file, then rq's messages; prints what is missing and what is too much.
compare='
    function key(i) { return kind[i] " on line " line[i] ": " text[i] }
    FNR == NR {
        rest = $0
        while (match(rest, /\/\/~ *(error|warning): */)) {
            mark = substr(rest, RSTART, RLENGTH)
            rest = substr(rest, RSTART + RLENGTH)
            want = rest
            if ((p = index(want, "//~")) > 0) want = substr(want, 1, p - 1)
            sub(/[ \t]+$/, "", want)
            sub(/ *\*\/$/, "", want)
            n++; line[n] = FNR; kind[n] = mark ~ /error/ ? "error" : "warning"; text[n] = want
        }
        next
    }
    /^--[a-z]+ / { sub(/^--[^:]*: /, "argument:1:1: ") } # a mistake in an argument counts for line 1
    match($0, /:[0-9]+:[0-9]+: [EW][0-9][0-9][0-9][0-9]: /) {
        split(substr($0, RSTART + 1, RLENGTH - 3), part, ":")
        code = part[3]; sub(/^ /, "", code)
        k = code ~ /^E/ ? "error" : "warning"
        t = substr($0, RSTART + RLENGTH)
        if (code == name) seen = 1
        for (i = 1; i <= n; i++) {
            if (!met[i] && line[i] == part[1] && kind[i] == k && index(t, text[i])) { met[i] = 1; break }
        }
        if (i > n) { print "+ " k " on line " part[1] ": " code ": " t; bad = 1 }
    }
    END {
        for (i = 1; i <= n; i++) if (!met[i]) { print "- " key(i); bad = 1 }
        if (!seen) { print "- " name " anywhere"; bad = 1 }
        if (n == 0) { print "- a line with //~ error: or //~ warning:"; bad = 1 }
        exit bad
    }'

one() { # FILE
    local file=$1 base code args want rc report='' bad=0 tmp
    base=$(basename "$file"); code=${base%%-*}
    cd "$(dirname "$file")" || return 1
    tmp=$(mktemp -d)
    args=$(sed -n 's|^.*//~ run: *||p' "$base" | head -n 1)
    args=${args:-check}
    case $args in *%s*) args=${args//%s/$base} ;; *) args="$args $base" ;; esac
    # shellcheck disable=SC2086
    "$RQ" $args --diag=line >"$tmp/out" 2>"$tmp/err" </dev/null; rc=$?
    want=$(sed -n 's|^.*//~ exit: *\([0-9]*\).*|\1|p' "$base" | head -n 1)
    if [ -z "$want" ]; then
        if grep -q '//~ *error:' "$base"; then want=1; else want=0; fi
    fi
    if grep -qE '(Address|Leak|UndefinedBehavior)Sanitizer|runtime error: ' "$tmp/err"; then
        report+="sanitizer output:"$'\n'$(head -n 40 "$tmp/err")$'\n'; bad=1
    fi
    [ $rc -eq "$want" ] || { report+="exit $rc, not $want"$'\n'; bad=1; }
    awk -v name="$code" "$compare" "$base" "$tmp/err" >"$tmp/diff" || { report+=$(cat "$tmp/diff")$'\n'; bad=1; }
    if [ $bad = 1 ]; then
        printf 'FAIL error/%s   (- expected, + found)\n%swhat rq %s said:\n%s\n\n' "$base" "$report" "$args" \
            "$(head -n 30 "$tmp/err")"
    fi
    rm -rf "$tmp"
    return $bad
}

if [ "${1-}" = --one ]; then
    one "$2"
    exit
fi
files=$(find "$here" -maxdepth 1 -name '*.rq' | LC_ALL=C sort)
[ $# -eq 0 ] || files=$(printf '%s\n' "$files" | grep -F -- "$1")
[ -n "$files" ] || { echo "error: no files${1+ match '$1'}"; [ $# -eq 0 ]; exit; }
printf '%s\n' "$files" | tr '\n' '\0' | xargs -0 -n 1 -P "$(nproc)" "$0" --one
rc=$?
echo "error: $(printf '%s\n' "$files" | wc -l) files, $([ $rc = 0 ] && echo all right || echo not all right)"
exit $((rc != 0))

#!/usr/bin/env bash
# Golden tests: STAGE/NAME.rq with side files whose extension says what is printed.
#
#   .ast .inst .cost .graph .grad .kernel   rq emit --stage EXT NAME.rq, with the engine of a line '//~ engine: NAME' (default: state)
#   .out .err                   what 'rq ARGS NAME.rq' writes; ARGS from a line '//~ run: ARGS' (default: check).
#                               '%s' in ARGS stands for the file; '//~ exit: N' is demanded (default: 0 for .out)
#
# usage: run.sh [--update] [PATTERN]     PATTERN selects by substring of STAGE/NAME
# --update writes the side files anew; a file in a folder named like a stage gets that stage's, others .out and .err.
set -u
here=$(cd "$(dirname "$0")" && pwd)
RQ=${RQ:-$here/../../build/check/rq}
export RQ
sanitizer='(Address|Leak|UndefinedBehavior)Sanitizer|runtime error: '

# The command of a side file; runs in the file's folder, so that messages have no folder in them.
run_stage() { # EXT FILE OUT ERR
    local args
    args=$(sed -n 's|^.*//~ run: *||p' "$2" | head -n 1)
    case $1 in
        out | err)
            args=${args:-check}
            case $args in *%s*) args=${args//%s/$2} ;; *) args="$args $2" ;; esac
            # shellcheck disable=SC2086
            "$RQ" $args >"$3" 2>"$4" </dev/null ;;
        *)
            args=$(sed -n 's|^.*//~ engine: *||p' "$2" | head -n 1)
            "$RQ" emit --stage "$1" --engine "${args:-state}" "$2" >"$3" 2>"$4" </dev/null ;;
    esac
}

one() { # UPDATE FILE
    local update=$1 file=$2 dir base stage ext exts=() tmp rc want got report='' bad=0
    dir=$(dirname "$file"); base=$(basename "$file" .rq); stage=$(basename "$dir")
    cd "$dir" || return 1
    tmp=$(mktemp -d)
    for ext in ast inst cost graph grad kernel out err; do
        [ -e "$base.$ext" ] && exts+=("$ext")
    done
    if [ ${#exts[@]} -eq 0 ]; then
        case $stage in
            ast | inst | cost | graph | grad | kernel) exts=("$stage") ;;
            *) exts=(out err) ;;
        esac
        [ "$update" = 1 ] || { report="no side file; write it with --update"$'\n'; bad=1; exts=(); }
    fi
    for ext in ${exts[@]+"${exts[@]}"}; do
        run_stage "$ext" "$base.rq" "$tmp/out" "$tmp/err"; rc=$?
        got=$tmp/out; [ "$ext" = err ] && got=$tmp/err
        want=$(sed -n 's|^.*//~ exit: *\([0-9]*\).*|\1|p' "$base.rq" | head -n 1)
        [ "$ext" = err ] || want=${want:-0}
        if grep -qE "$sanitizer" "$tmp/err"; then
            report+="sanitizer output for .$ext:"$'\n'$(head -n 40 "$tmp/err")$'\n'; bad=1
        elif [ $rc -gt 4 ] || { [ -n "$want" ] && [ $rc -ne "$want" ]; }; then
            report+="exit $rc for .$ext, not ${want:-0..4}:"$'\n'$(head -n 20 "$tmp/err")$'\n'; bad=1
        elif [ "$update" = 1 ]; then
            cp "$got" "$base.$ext"
        elif ! diff -u --label "$stage/$base.$ext" --label "now" "$base.$ext" "$got" >"$tmp/diff"; then
            report+=$(cat "$tmp/diff")$'\n'; bad=1
        fi
    done
    rm -rf "$tmp"
    [ $bad = 0 ] || printf 'FAIL golden/%s/%s\n%s' "$stage" "$base" "$report"
    return $bad
}

if [ "${1-}" = --one ]; then
    one "$2" "$3"
    exit
fi
update=0
if [ "${1-}" = --update ]; then update=1; shift; fi
files=$(find "$here" -mindepth 2 -maxdepth 2 -name '*.rq' | LC_ALL=C sort)
[ $# -eq 0 ] || files=$(printf '%s\n' "$files" | grep -F -- "$1")
[ -n "$files" ] || { echo "golden: no files${1+ match '$1'}"; [ $# -eq 0 ]; exit; }
printf '%s\n' "$files" | tr '\n' '\0' | xargs -0 -n 1 -P "$(nproc)" "$0" --one $update
rc=$?
echo "golden: $(printf '%s\n' "$files" | wc -l) files, $([ $rc = 0 ] && echo all right || echo "not all right; reviewed changes are taken over by: tests/golden/run.sh --update")"
exit $((rc != 0))

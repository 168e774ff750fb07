# expect.bash: sourced by the CLI tests. Runs rq and compares exit code, standard output and standard error.
#
#   expect 2 err "did you mean 'help'" hepl     exit code 2 and this text on standard error
#   finish                                      the last line of a test
set -u
: "${RQ:?the path of the program rq}" "${RQ_SRC:?the source tree}"
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
failures=0

fail() {
    echo "FAIL: $*"
    failures=$((failures + 1))
}

# rq ARGS...: sets $code; the texts are in $work/out and $work/err
rq() {
    "$RQ" "$@" >"$work/out" 2>"$work/err" </dev/null
    code=$?
    if grep -qE '(Address|Leak|UndefinedBehavior)Sanitizer|runtime error: ' "$work/err"; then
        fail "rq $*: sanitizer"
        head -n 40 "$work/err"
    fi
}

# expect CODE out|err TEXT ARGS...: TEXT has to occur there, literally
expect() {
    local want=$1 where=$2 text=$3
    shift 3
    rq "$@"
    [ "$code" -eq "$want" ] || { fail "rq $*: exit code $code, not $want"; head -n 5 "$work/err"; }
    grep -qF -- "$text" "$work/$where" || { fail "rq $*: no '$text' on std$where:"; head -n 20 "$work/$where"; }
}

# A mistake in usage: exit code 2, nothing on standard output, one message that has TEXT
usage_error() {
    local text=$1
    shift
    expect 2 err "$text" "$@"
    [ ! -s "$work/out" ] || fail "rq $*: writes to standard output"
    [ "$(wc -l <"$work/err")" -eq 1 ] || { fail "rq $*: not one message:"; cat "$work/err"; }
}

finish() {
    [ $failures -eq 0 ] || { echo "$failures failed"; exit 1; }
    exit 0
}

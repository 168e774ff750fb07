#!/usr/bin/env bash
# explain.sh: every code can be explained; a code with an error test shows its program.
source "$RQ_SRC/tests/cli/expect.bash"

rq explain
codes=$(awk '{ print $1 }' "$work/out")
[ "$(wc -w <<<"$codes")" -ge 2 ] || fail "fewer than two codes"
for code in $codes; do
    example=$(find "$RQ_SRC/tests/error" -maxdepth 1 -name "$code-*.rq" | head -n 1)
    expect 0 out "${example:+for example}" explain "$code"
    ! grep -qE '%[a-z]|//~' "$work/out" || { fail "raw text in the explanation of $code"; cat "$work/out"; }
done
first=${codes%%$'\n'*}
expect 0 out "$first" explain "${first,,}"
usage_error "there is no message 'E9999'" explain E9999
finish

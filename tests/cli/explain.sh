#!/usr/bin/env bash
# explain.sh: every code is explained by its rows, a program that earns the message, and the program repaired, which checks without one.
source "${RQ_SRC:?the source tree}/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1

# part HEAD: the program of the explanation below "HEAD..." into model.rq; its command into $command
part() {
    awk -v head="$1" '/^[a-z]/ { on = index($0, head) == 1; next } on' explained | sed -e 1d -e 's/^    //' >model.rq
    command=$(sed -n "s/^$1, with 'rq \(.*\)':\$/\1/p" explained)
    command=${command:-check model.rq}
}

rq explain
codes=$(awk '{ print $1 }' out)
[ "$(wc -w <<<"$codes")" -ge 180 ] || fail "only $(wc -w <<<"$codes") codes"
for name in $codes; do
    expect 0 out "for example" explain "$name"
    mv out explained
    ! grep -qE '%[a-z]|//~' explained || { fail "raw text in the explanation of $name"; cat explained; }
    grep -qE '^ *// (error|warning): ' explained || fail "$name: no message in its example"
    part "for example"
    # shellcheck disable=SC2086
    grep -q ' \.\.\.$' model.rq || { rq $command --diag=line; grep -q ": $name: " err || { fail "$name is not earned by its example"; cat explained err; }; }
    grep -q '^repaired' explained || { fail "$name: no repaired program: mark a line of its error test with '//~ fix: TEXT'"; continue; }
    part repaired
    # shellcheck disable=SC2086
    rq $command --diag=line
    [ "$code" -eq 0 ] && [ ! -s err ] || { fail "$name: its repaired program is not right"; cat explained err; }
done
first=${codes%%$'\n'*}
expect 0 out "$first" explain "${first,,}"
usage_error "there is no message 'E9999'" explain E9999
finish

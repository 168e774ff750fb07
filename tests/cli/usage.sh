#!/usr/bin/env bash
# usage.sh: the command line itself: help, version, unknown words, exit codes.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2

expect 0 out "rq 0." --version
expect 0 out "usage: rq VERB" --help
expect 0 out "usage: rq VERB" -h
expect 0 out "usage: rq VERB" help
expect 0 out "usage: rq help [VERB]" help help
expect 0 out "usage: rq help [VERB]" help --help
expect 0 out "usage: rq help [VERB]" help -h nonsense more
[ "$(head -n 1 "$work/out")" = example: ] || fail "help does not start with an example"
rq
[ $code -eq 2 ] && grep -q "usage: rq VERB" "$work/err" || fail "no arguments: the help on standard error, exit 2"

usage_error "there is no verb 'hepl'; did you mean 'help'?" hepl
usage_error "there is no verb 'quantumize'; 'rq help' lists the verbs" quantumize
usage_error "a verb stands before the file: rq VERB model.rq" model.rq
usage_error "options stand after the verb" --json
usage_error "there is no verb 'hel'; did you mean 'help'?" help hel
usage_error "'rq help' has no option '--hlep'; did you mean '--help'?" help --hlep
usage_error "'rq help' has no option '-x'" help -x
usage_error "'rq help' takes 1 argument, but there are 2" help one two
usage_error "there is no verb '--json'" help -- --json

# a standard output that cannot be written is not a success; a closed one ends in silence
if [ -e /dev/full ]; then
    "$RQ" help >/dev/full 2>"$work/err"
    [ $? -eq 2 ] && grep -q "standard output could not be written" "$work/err" || fail "a full disk goes unnoticed"
fi
(trap '' PIPE; "$RQ" help 2>"$work/err"; echo $? >"$work/code") | true
[ ! -s "$work/err" ] || fail "noise when standard output is closed"
finish

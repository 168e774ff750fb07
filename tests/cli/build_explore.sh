#!/usr/bin/env bash
# build_explore.sh: a native program explores as `rq explore` does: the same text, files and bits; --set, kills, and what it refuses.
source "$RQ_SRC/tests/cli/expect.bash" || exit 1
cd "${work:?}" || exit 1
command -v "${CC:-cc}" >/dev/null || exit 77
cp "$RQ_SRC/tests/cli/model.rq" model.rq
cat >>model.rq <<'RQ'
explore space { train: quick; over skips: x -> q1, q1 -> q2; over sums into head: q1, q2; over gradient: exact, detached; seeds: 2; confirm: 1; limit: 5; }
explore shapes { train: quick; placement "fits" { skip q1 -> q2; } placement "misfit" { skip q1 -> head; } }
RQ
expect 0 out "compares 6 variants" build model.rq -o prog
prog() { "$work/prog" "$@" >"$work/out" 2>"$work/err" </dev/null; code=$?; }
prog_is() { # CODE out|err TEXT ARGS...
    local want=$1 where=$2 text=$3
    shift 3
    prog "$@"
    [ "$code" -eq "$want" ] || { fail "prog $*: exit code $code, not $want"; head -n 5 err; }
    grep -qF -- "$text" "$where" || { fail "prog $*: no '$text' on std$where"; head -n 5 "$where"; }
}
metrics() { cat "$1"/metrics/*.jsonl | sed 's/"\(run\|out\)":"[^"]*"//g; s/"\(first_step_seconds\|seconds\|compile_seconds\|circuits_per_s\)":[^,}]*//g'; }
same() { # NAME ARGS...
    local name=$1
    shift
    expect 0 out "rank" explore model.rq "$@" --out "jit_$name" --quiet
    sed "s/jit_$name/DIR/" out >jit_text
    prog_is 0 out "rank" explore "$@" --out "native_$name" --quiet
    sed "s/native_$name/DIR/" out | diff jit_text - || fail "$name: another table"
    for file in results.csv results.json results.tex comparisons.csv model.rq versions.txt; do
        cmp -s "jit_$name/$file" "native_$name/$file" || fail "$name: $file differs"
    done
    diff <(metrics "jit_$name") <(metrics "native_$name") >/dev/null || fail "$name: other events"
}
same plain --action space
cmp -s jit_plain/settings.json native_plain/settings.json || fail "other settings"
same set --action space --set quick.epochs=1 --set quick.batch=20
same seed --action shapes --seed 9 --threads 3
! cmp -s native_plain/results.csv native_set/results.csv || fail "--set changes nothing"
grep -q 'does not fit' native_seed/results.json || fail "the reason of the misfit is missing"

# Killed and started again: the same results. A run that is there is not made again.
"$work/prog" explore --action space --out killed >/dev/null 2>&1 &
until [ -n "$(find killed/metrics -name '[0-9]*.jsonl' 2>/dev/null | head -n 2)" ] || ! kill -0 $! 2>/dev/null; do sleep 0.01; done
kill -9 $! 2>/dev/null
wait $! 2>/dev/null
prog_is 0 out "rank" explore --action space --out killed --quiet
cmp -s killed/results.csv jit_plain/results.csv || fail "a killed exploration ends with other results"

prog_is 0 out "space (explore) shapes (explore)" --help
prog_is 2 err "several explore actions; choose one with --action: space, shapes" explore
prog_is 2 err "no explore action 'nine'" explore --action nine
prog_is 2 err "build a program with it: rq build model.rq --set Small.depth=2 -o prog" explore --action space --set Small.depth=2
prog_is 2 err "'rank: val.accuracy' needs validation samples" explore --action space --set digits.val=0
prog_is 2 err "is one argument too many" explore runs/one
usage_error "takes 5 in all unless --max-variants N allows more" build model.rq -o few --max-variants 5
[ ! -e few ] || fail "a program is left that was refused"
finish

#!/usr/bin/env bash
# build.sh: a native program: no LLVM in it, the same bits, events and messages as the JIT, from any directory.
source "$RQ_SRC/tests/cli/expect.bash" || exit 1
cd "${work:?}" || exit 1
cp "$RQ_SRC/tests/cli/model.rq" model.rq
command -v "${CC:-cc}" >/dev/null || exit 77

expect 0 out "prog: 2 actions for" build model.rq -o prog
[ -x prog ] || { echo "no program"; finish; }
[ "$(echo prog*)" = prog ] || fail "build leaves more than the program: $(echo prog*)"
! ldd ./prog | grep -qiE 'llvm|clang' || fail "the program is linked with LLVM"
native() { # sets $code, as rq() does
    "$work/prog" "$@" >"$work/out" 2>"$work/err" </dev/null
    code=$?
}
# native_is CODE out|err TEXT ARGS...
native_is() {
    local want=$1 where=$2 text=$3
    shift 3
    native "$@"
    [ "$code" -eq "$want" ] || { fail "prog $*: exit code $code, not $want"; head -n 5 "$work/err"; }
    grep -qF -- "$text" "$work/$where" || { fail "prog $*: no '$text' on std$where:"; head "$work/$where"; }
}
# Metrics without times and the run's name
events() { sed 's/"\(run\|out\)":"[^"]*"//g; s/"\(first_step_seconds\|seconds\|compile_seconds\|circuits_per_s\)":[^,}]*//g' "$1/metrics.jsonl"; }
# same NAME ARGS...: the JIT and the program leave the same files
same() {
    local name=$1
    shift
    expect 0 out "test accuracy" train model.rq "$@" --out "jit_$name"
    native_is 0 out "test accuracy" train "$@" --out "native_$name"
    for file in last.safetensors best.safetensors settings.json versions.txt model.rq; do
        cmp -s "jit_$name/$file" "native_$name/$file" || fail "$name: $file differs from the JIT's"
    done
    diff <(events "jit_$name") <(events "native_$name") >/dev/null || fail "$name: other events than the JIT's"
}
same plain --action quick
same threads --action quick --threads 3
same cut --action cut --compare exact
same seed --action quick --seed 9
same set --action quick --set quick.epochs=3 --set 'quick.optimizer=adamw(rate: 0.03)' --set quick.batch=10 --set quick.probe=20
! cmp -s native_plain/last.safetensors native_set/last.safetensors || fail "--set changes nothing"
same cosine --action quick --set 'quick.schedule=cosine(floor: 0.1, warmup: 1)' --set digits.train=40
same step --action quick --set 'quick.schedule=step(every: 1)' --set quick.early_stop=1 --set quick.clip=0.5 --set digits.val=8 --set digits.test=9
! cmp -s native_plain/last.safetensors native_cosine/last.safetensors || fail "--set of the schedule changes nothing"
grep -q '"train": 40' native_cosine/settings.json || fail "--set of the data changes nothing"

# Tables, evaluation, prediction, flow: the same text
diff <("$RQ" eval jit_plain) <(./prog eval native_plain) || fail "eval"
diff <("$RQ" eval jit_set --json) <(./prog eval native_set --json) || fail "eval of a run with --set"
diff <("$RQ" flow model.rq) <(./prog flow) || fail "flow"
diff <("$RQ" flow model.rq --json) <(./prog flow --json) || fail "flow --json"
python3 - <<'PY'
import struct
header = "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 1, 8, 8), }"
header += " " * (63 - (10 + len(header)) % 64) + "\n"
with open("x.npy", "wb") as f:
    f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
    f.write(struct.pack("<192d", *[(i % 17) / 17 for i in range(192)]))
PY
for layer in q1 q2 head; do
    rq predict jit_plain --input x.npy --layer $layer -o jit.npy
    native predict native_plain --input x.npy --layer $layer -o native.npy
    cmp -s jit.npy native.npy || fail "predict of $layer differs"
done
native_is 2 err "has no layer 'q3'; did you mean 'q1'?" predict native_plain --input x.npy --layer q3 -o y.npy

# From elsewhere, without the source
mkdir elsewhere
mv model.rq hidden.rq
(cd elsewhere && ../prog train --action quick >/dev/null) || fail "another directory"
cmp -s elsewhere/runs/quick-001/last.safetensors native_plain/last.safetensors || fail "another directory gives other bits"
native_is 0 out "quick-001" run --action quick
mv hidden.rq model.rq

# Interrupted and resumed, by either
for first in native jit; do
    go=("$work/prog" train --action quick)
    [ $first = native ] || go=("$RQ" train model.rq --action quick)
    "${go[@]}" --set quick.epochs=150 --out "stop_$first" >/dev/null 2>&1 &
    for _ in $(seq 500); do grep -qs '"epoch":2,' "stop_$first/metrics.jsonl" && break; sleep 0.01; done
    kill -9 $! 2>/dev/null
    wait $! 2>/dev/null
    native_is 0 out "test accuracy" train --resume "stop_$first"
done
expect 0 out "test accuracy" train model.rq --action quick --set quick.epochs=150 --out whole
for first in native jit; do cmp -s "stop_$first/last.safetensors" whole/last.safetensors || fail "resumed from $first: other bits"; done
native_is 2 err "goes on with it" train native_plain
native_is 2 err "--resume wants" train --resume

# What is compiled in is refused, with the command that builds it
native_is 2 err "rq build model.rq --set depth=2 -o prog" run --set depth=2
expect 0 out "deep: 2 actions" build model.rq --set depth=2 -o deep
expect 0 out "test accuracy" train model.rq --action quick --set depth=2 --out jit_deep
./deep train --action quick --out native_deep >/dev/null || fail "deep"
cmp -s jit_deep/last.safetensors native_deep/last.safetensors || fail "deep: other bits"
./deep eval native_deep >/dev/null || fail "deep eval"

# The rest of the table: lists of the data, f64, rounds, schedules, rules of `init from`
cp "$RQ_SRC/tests/cli/wide.rq" .
expect 0 out "wide: 2 actions" build wide.rq -o wide
for action in first second; do
    expect 0 out "test accuracy" train wide.rq --action $action --out jit_$action
    ./wide train --action $action --out native_$action >out 2>err || fail "wide $action: $(cat err)"
    for file in last.safetensors best.safetensors settings.json; do
        cmp -s jit_$action/$file native_$action/$file || fail "wide $action: $file differs from the JIT's"
    done
    diff <(events jit_$action) <(events native_$action) >/dev/null || fail "wide $action: other events than the JIT's"
    [ $action = second ] || cp -r jit_first wide_first
done
./wide run --set first.epochs=3 >out 2>err
[ $? -eq 2 ] && grep -q "compiled into" err || fail "epochs are taken in place of rounds"

./wide run --set first.rounds=2 >out 2>err
[ $? -eq 2 ] && grep -q "a warm-up of 2 epochs leaves none of 2" err || fail "a warm-up that is never over is taken"

# An installed rq finds library and headers beside itself
if command -v cmake >/dev/null && cmake --install "${RQ_BUILD:?}" --prefix "$work/prefix" >out 2>&1; then
    prefix/bin/rq build model.rq -o installed >out 2>err || fail "an installed rq cannot build: $(head -n 3 err)"
    mv prefix/lib/librq.a prefix/lib/elsewhere.a
    rm installed
    prefix/bin/rq build model.rq -o installed >/dev/null 2>&1 || fail "no way back to where rq was built"
else
    fail "rq cannot be installed: $(tail -n 3 out)"
fi

# Mistakes
native_is 2 err "may be one of quick.epochs, cut.epochs" run --set epochs=9
native_is 2 err "did you mean 'quick.epochs'?" run --set quick.epoch=9
native_is 2 err "plain numbers only" run --set quick.epochs=1+1
native_is 2 err "at least 1" run --set quick.epochs=0
native_is 2 err "has no argument 'rte'" run --set 'quick.optimizer=adam(rte: 1)'
native_is 2 err "')' is missing" run --set 'quick.optimizer=adam(rate: 1'
native_is 2 err "between 0 and 1" run --set 'quick.optimizer=adam(beta1: 2)'
native_is 2 err "it is compiled into this program" run --set quick.rounds=4
native_is 2 err "did you mean 'digits.train'?" run --set digits.trian=3
native_is 2 err "no const, formal, argument of a data set or field 'train'" run --set train=3
native_is 2 err "rq build model.rq --set digits.seed=3 -o prog" run --set digits.seed=3
native_is 2 err "at least 1" run --set digits.train=0
native_is 2 err "'step' needs 'every'" run --set 'quick.schedule=step()'
native_is 2 err "did you mean 'every'?" run --set 'quick.schedule=step(evry: 1)'
native_is 2 err "takes constant, step and cosine" run --set 'quick.schedule=cosin'
native_is 2 err "a warm-up of 2 epochs leaves none of 2" train --action quick --set 'quick.schedule=constant(warmup: 2)'
native_is 2 err "'early_stop' needs validation samples" train --action quick --set quick.early_stop=1 --set digits.val=0
native_is 2 err "did you mean '--threads'?" run --thread 2
native_is 2 err "did you mean 'eval'?" evla
native_is 2 err "choose one with --action: train quick, train cut" train
native_is 2 err "it has train quick, train cut" train --action nothing
native_is 2 err "has no trained parameters" eval --action quick
native_is 4 err "denied: layer 'q1'" train --action cut --deny partial
native_is 2 err "usage:"
native_is 0 out "usage:" --help
native_is 0 out "--resume" train --help
native_is 0 out "model.rq of rq " --version
if [ -e /dev/full ]; then
    ./prog flow >/dev/full 2>err
    [ $? -eq 2 ] && grep -q "standard output could not be written" err || fail "a full disk goes unnoticed"
fi

# Standard files: one that is closed does not become a file of the run; a reader that goes away ends the run with a checkpoint
./prog train --action quick --out closed >&- 2>err
[ $? -eq 2 ] && grep -q "standard output could not be written" err || fail "a closed standard output goes unnoticed: $(cat err)"
python3 -c 'import json; [json.loads(line) for line in open("closed/metrics.jsonl")]' || fail "what was printed went into a file of the run"
cmp -s closed/last.safetensors native_plain/last.safetensors || fail "a closed standard output loses the run"
./prog train --action quick --set quick.epochs=3000 --json --out piped 2>err | head -n 1 >/dev/null
code=${PIPESTATUS[0]}
[ "$code" -eq 3 ] && grep -q "train --resume piped" err || fail "'prog train | head': exit code $code: $(cat err)"

# Building: mistakes, other processors, what is emitted
usage_error "build wants -o PROG" build model.rq
usage_error "is not a CPU" build model.rq -o x --cpu nosuch
CC=no-such-cc usage_error "'no-such-cc' cannot be run" build model.rq -o x
CC=false expect 2 err "'false' failed while linking" build model.rq -o x
expect 2 err "failed while linking" build model.rq -o missing/x
printf 'model M { input x: image[1, 8, 8]; layer a = dense(2); output a; }\n' >none.rq
usage_error "has no action to build a program of" build none.rq -o x
[ ! -e x ] && [ ! -e x.new ] || fail "a failed build leaves a program"
leftovers=$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'rq-build-*' -newer model.rq 2>/dev/null)
[ -z "$leftovers" ] || fail "the work of a build is left: $leftovers"
if [ "$(uname -m)" = x86_64 ]; then
    expect 0 out "v3: 2 actions for x86-64-v3" build model.rq -o v3 --cpu x86-64-v3 --emit obj,asm,llvm
    for extension in o s ll; do
        [ "$(find . -name "v3.*.$extension" | wc -l)" -eq 15 ] || fail "--emit: not one .$extension for each function"
    done
    grep -q ymm v3.*step.s || fail "x86-64-v3: no AVX"
    ! grep -q zmm v3.*.s || fail "x86-64-v3: AVX-512"
    "$RQ" train model.rq --action quick --cpu x86-64-v3 --out jit_v3 >/dev/null 2>&1 && {
        ./v3 train --action quick --out native_v3 >/dev/null || fail "v3 does not run"
        cmp -s jit_v3/last.safetensors native_v3/last.safetensors || fail "v3: other bits"
    }
    if ! grep -qw xop /proc/cpuinfo; then # no processor of today has it
        expect 0 out "bdver4" build model.rq -o foreign --cpu bdver4
        ./foreign run >out 2>err
        [ $? -eq 2 ] && grep -q "built for bdver4: this processor lacks .*xop.*rq build model.rq --cpu native -o foreign" err ||
            fail "a program for another processor is not refused: $(cat err)"
        [ "$(./foreign --version)" = "$(./prog --version | sed 's/ for .*/ for bdver4/')" ] || fail "its version cannot be asked"
    fi
fi
finish

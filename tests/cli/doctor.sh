#!/usr/bin/env bash
# doctor.sh: rq doctor names what is there, and each thing that is wrong is named and makes the exit code 4.
source "${RQ_SRC:?the source tree}/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
unset RQ_DATA
export XDG_DATA_HOME=$work/share

expect 0 out "nothing is wrong" doctor
for line in 'rq  *0\.[0-9.]*, LLVM 19\.1' 'BLAS  *OpenBLAS' 'CPU  *[a-z0-9-]*, vectors of [0-9]* bits' 'threads  *[0-9]* of [0-9]* processors' \
    "data  *looked for in $work/share/rq"; do
    grep -q "^$line" "$work/out" || fail "no line '$line'"
done
[ ! -e runs ] || fail "the doctor leaves something behind"
rq --version
for line in 'rq 0\.' 'LLVM 19\.1' OpenBLAS 'CPU [a-z]'; do
    grep -q "^$line" "$work/out" || fail "--version has no line '$line'"
done

# the affinity mask decides, not the number of processors
if command -v taskset >/dev/null; then
    taskset -c "$(taskset -pc $$ | sed 's/.*: //; s/[-,].*//')" "$RQ" doctor | grep -q '^threads  *1 of' || fail "the affinity mask is not seen"
fi
expect 0 out "more than one each is slower" doctor --threads 1000

# data: found by any of their files, in the folder that is looked at first
mkdir -p d/mnist share/rq/mnist
: >d/mnist/t10k-labels-idx1-ubyte.gz
: >share/rq/mnist/train-images-idx3-ubyte
expect 0 out "mnist          $work/d/mnist" doctor --data "$work/d"
expect 0 out "mnist          $work/share/rq/mnist" doctor
expect 4 out "problem   the data folder '$work/no' cannot be read" doctor --data "$work/no"
RQ_DATA=$work/no expect 4 out "problem   the data folder '$work/no'" doctor

# where runs go
: >runs
expect 4 out "problem   'runs' cannot be written: it is no directory" doctor
expect 4 out "problem   'runs/a' cannot be written" doctor --out runs/a
expect 4 out "problem   '/proc/x' cannot be written" doctor --out /proc/x
rm runs

# JSON says the same
rq doctor --json --data "$work/no"
[ "$(wc -l <"$work/out")" -eq 1 ] || fail "JSON: not one line"
python3 - "$work/out" "$work/no" <<'P' || fail "JSON: not what the text says"
import json, sys
d = json.load(open(sys.argv[1]))
assert d["rq"].startswith("0.") and d["llvm"].startswith("19.1") and d["vector_bits"] >= 128 and d["threads"] >= 1
assert d["runs_writable"] is True and len(d["problems"]) == 1 and sys.argv[2] in d["problems"][0]
assert d["data"]["cifar10"] is None and d["data_folders"][0] == sys.argv[2]
P
finish

#!/usr/bin/env bash
# pennylane_full.sh: scripts of `rq emit --stage pennylane` run under PennyLane and agree with rq: values of every layer, loss and
# gradients, to 1e-9. PennyLane comes from $PYTHON or is installed into a virtual environment in the build folder.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
python=${PYTHON-python3}
if ! "$python" -c 'import pennylane' 2>/dev/null; then
    venv=$RQ_BUILD/pennylane
    [ -x "$venv/bin/python" ] || python3 -m venv "$venv" 2>/dev/null || { echo "no Python with venv"; exit 77; }
    "$venv/bin/python" -c 'import pennylane' 2>/dev/null || "$venv/bin/pip" install -q 'pennylane>=0.42' 2>/dev/null ||
        { echo "PennyLane cannot be installed"; exit 77; }
    python=$venv/bin/python
fi
cd "$work" || exit 1

# agrees FILE [OPTIONS]
agrees() {
    expect 0 out 'import pennylane' emit "$@" --stage pennylane
    cp out script.py
    "$python" -W ignore script.py --gradients >result 2>&1 || { fail "PennyLane computes something else for $*"; cat result; }
    grep -q ': agrees$' result || { fail "no verdict for $*"; cat result; }
}

agrees "$RQ_SRC/examples/resqunn.rq"
agrees "$RQ_SRC/examples/resqunn.rq" --seed 7 --engine transfer
agrees "$RQ_SRC/tests/cli/every_layer.rq"
[ -z "${RQ_DATA-}" ] || agrees "$RQ_SRC/examples/qlenet/qlenet.rq"

# It can fail: one angle is changed.
sed 's/qml.RY(3\.14/qml.RY(3.15/' script.py >wrong.py
"$python" -W ignore wrong.py >result 2>&1 && ! cmp -s script.py wrong.py && fail "a wrong angle is not noticed"
finish

#!/usr/bin/env bash
# pennylane.sh: `rq emit --stage pennylane` writes a whole Python program with the numbers that rq found, and says what it cannot write.
# pennylane_full.sh runs such programs.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1

expect 0 out 'd loss/d ' emit "$RQ_SRC/tests/cli/every_layer.rq" --stage pennylane
cp out script.py
grep -q '^LOSS, LOSS_VALUE = cross_entropy, 2\.' script.py || fail "no loss: $(grep LOSS_VALUE script.py)"
for group in a.t a.g b.measure.h e.evolve.t k o.w; do
    [ "$(grep -c "^    \"$group\": n" script.py)" = 2 ] || fail "group $group stands not once in PARAMETERS and once in GRADIENTS"
done
if command -v python3 >/dev/null; then
    python3 -m py_compile script.py || fail "not a Python program"
fi

# The same seed gives the same text, another one another.
expect 0 out '' emit "$RQ_SRC/tests/cli/every_layer.rq" --stage pennylane --seed 0
cmp -s out script.py || fail "the same seed gives another script"
expect 0 out '' emit "$RQ_SRC/tests/cli/every_layer.rq" --stage pennylane --seed 1
cmp -s out script.py && fail "another seed gives the same script"

# -o writes the same into a file, whole or not at all.
rq emit "$RQ_SRC/tests/cli/every_layer.rq" --stage pennylane -o file.py
[ "$code" = 0 ] && cmp -s file.py script.py && [ ! -s out ] || fail "-o writes something else"
expect 2 err "cannot write 'nowhere/file.py.part'" emit "$RQ_SRC/tests/cli/every_layer.rq" --stage inst -o nowhere/file.py

cat >state.rq <<'END'
model M { input psi: state[2]; layer a = evolve(hadamards); layer b = measure(z_each); output b; }
circuit hadamards on q[n] { for i in 0..n { h q[i]; } }
END
expect 1 err "an input that is a state" emit state.rq --stage pennylane
usage_error "is not a stage; ast, inst, cost, graph, grad, kernel, llvm, asm and pennylane are" emit state.rq --stage penny
finish

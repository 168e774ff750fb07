#!/usr/bin/env bash
# bench.sh: `rq bench` gives one row for each engine of a work, marks the one that the costs choose, and exports the numbers that other
# programs are compared with (tests/bench/): here depth 1, where <Z_k> is a product over the qubits up to k.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1

expect 0 out '"work": "4q-d1-forward", "engine": "state"' bench 4q-d1-forward --json
[ "$(grep -c '"chosen": true' out)" = 1 ] || fail "not one engine is chosen: $(cat out)"
for field in flops bandwidth seconds per_s share_of_peak compile_s; do
    grep -qE "\"$field\": [0-9.e+-]*[1-9]" out || fail "no $field: $(cat out)"
done
expect 0 out '*' bench 4q-d1-forward --engine auto
[ "$(grep -c 4q-d1-forward out)" = 1 ] || fail "--engine auto gives not one row: $(cat out)"
usage_error "'nix' is neither a file nor a work of rq bench" bench nix
usage_error "'rq gradcheck" bench "$RQ_SRC/tests/cli/model.rq" --export x.safetensors

# Each layer of a model once, and the step that they make up.
cat >two.rq <<'END'
model Two {
    input x: image[1, 4, 4];
    layer q = quanv(kernel: 2, stride: 2, encode: angle(), circuit: ry_rx_cnot(depth: 1), measure: z_each);
    skip x -> q;
    layer h = dense(3) |> tanh;
    output h;
}
train t { model: Two;  data: glyphs(size: 4, classes: 3, train: 8, val: 2, test: 2);  loss: cross_entropy;  epochs: 1;  batch: 8; }
END
expect 0 out '"layer": "q", "kind": "quanv 4q d1", "engine": "transfer", "samples": 8' bench two.rq --json
[ "$(grep -c '"layer"' out)" = 2 ] && grep -q '"step": "Two"' out || fail "not two layers and a step: $(cat out)"
[ "$(grep -c '"backward_s": 0.0,' out)" = 0 ] || fail "a layer has no backward part: $(cat out)"
expect 0 out 'dense 3' bench two.rq --engine state
grep -q 'quanv 4q d1 *state' out || fail "--engine state does not reach the layers: $(cat out)"
usage_error "no train action 'u'" bench two.rq --action u

rq bench 4q-d1-forward --export numbers.safetensors
[ "$code" = 0 ] && [ ! -s out ] && [ ! -s err ] || fail "--export: exit code $code, and it prints: $(cat out err)"
if python3 -c 'import numpy' 2>/dev/null; then
    PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$RQ_SRC/tests/bench python3 - <<'END' || fail "the exported numbers are wrong"
import numpy as np
from works import WORKS, compare, from_patches, numbers_of, to_patches

name = "4q-d1-forward"
numbers, work = numbers_of("numbers.safetensors", name), WORKS["4q-d1-grad"]
theta = numbers["q.theta"].reshape(4, 2)
x = to_patches(numbers["x"], work, None, np.transpose)
y = np.cumprod(np.cos(np.pi * x + theta[:, 0]) * np.cos(theta[:, 1]), 1)
compare(numbers, {"output": from_patches(y, work, np.transpose)}, 1e-5)
try:
    compare(numbers, {"output": -numbers["output"]})
except ValueError:
    pass
else:
    raise SystemExit("compare sees no difference where there is one")
END
fi
finish

#!/usr/bin/env bash
# bench.sh: `rq bench` gives one row for each engine of a work, marks the one that the costs choose, and exports the numbers that other
# programs are compared with (tests/bench/): here depth 1, where <Z_k> is a product over the qubits up to k.
source "$RQ_SRC/tests/cli/expect.bash"
cd "$work" || exit 1

expect 0 out '"work": "4q-d1-forward", "engine": "state"' bench 4q-d1-forward --json
[ "$(grep -c '"chosen": true' out)" = 1 ] || fail "not one engine is chosen: $(cat out)"
for field in flops bandwidth seconds per_s share_of_peak compile_s; do
    grep -qE "\"$field\": [0-9.e+-]*[1-9]" out || fail "no $field: $(cat out)"
done
expect 0 out '*' bench 4q-d1-forward --engine auto
[ "$(grep -c 4q-d1-forward out)" = 1 ] || fail "--engine auto gives not one row: $(cat out)"
usage_error "'nix' is no work of rq bench" bench nix

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

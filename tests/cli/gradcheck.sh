#!/usr/bin/env bash
# gradcheck.sh: `rq gradcheck` on a small model: the ways agree, what is exported reads back, mistakes are one message.
set -u
cd "$(mktemp -d)" || exit 2
trap 'rm -rf "$PWD"' EXIT
failed=0
fail() { printf 'FAILED: %s\n' "$*"; failed=1; }

cat >m.rq <<'END'
model M {
    input x: image[1, 4, 4];
    layer q1 = quanv(kernel: 2, stride: 2, circuit: ry_rx_cnot());
    layer q2 = quanv(kernel: 2, stride: 2, gradient: detached, circuit: ry_rx_cnot());
    skip q1 -> q2;
    layer head = dense(3);
    output head;
}
END
"$RQ" gradcheck m.rq --seed 3 --export g.safetensors >out 2>err || fail "exit code $? of a right model: $(cat out err)"
grep -q '^q1.theta .*differences do not count: the input of q2 is detached' out || fail "the declared cut is not named"
grep -q '^head.w   *48 of 48' out || fail "head.w is not wholly tested"
[ -s g.safetensors ] || fail "nothing was exported"
"$RQ" gradcheck m.rq --seed 3 --json >json 2>err || fail "--json: $(cat err)"
grep -q '"ok":true' json || fail "--json does not say ok"

# the exported gradients have the parameters' names; as parameters, all but loss and x fit
"$RQ" gradcheck m.rq --init g.safetensors >out 2>err && fail "a file with further names was taken for parameters"
grep -q "loss" err || fail "the further name is not listed: $(cat err)"

"$RQ" gradcheck m.rq --input x.npy >out 2>err
[ $? -eq 2 ] || fail "--input without --target is not a usage error"
"$RQ" gradcheck m.rq --input x.npy --target y.npy >out 2>err
[ $? -eq 2 ] && grep -q x.npy err || fail "a missing file is not named"
# data re-uploading behind another layer: the shift rule takes an argument's own parameters alone, not those behind its data
cat >upload.rq <<'RQ'
data digits = glyphs(train: 8, val: 4, size: 8);
circuit up(x[n]) on q[n] { param w[n] ~ normal(0, 1); for i in 0..n { ry(w[i]*x[i]) q[i]; rz(w[i] + x[i]) q[i]; } cz q[0], q[1]; }
model M {
    input x: image[1, 8, 8];
    layer a = quanv(kernel: 2, stride: 2, encode: angle(), circuit: ry_rx_cnot(), measure: z_each);
    layer b = quanv(kernel: 2, stride: 2, circuit: up, measure: x_each, channels: own);
    layer head = dense(10);
    output head;
}
train go { model: M; data: digits; loss: cross_entropy; epochs: 1; }
RQ
"$RQ" gradcheck upload.rq >out 2>err || fail "re-uploading: $(cat out err)"

# second derivatives: every leaf, the target too; differences do not count behind the declared cut
"$RQ" gradcheck upload.rq --order 2 >out 2>err || fail "--order 2: $(cat out err)"
grep -q '^a.theta  *2 ' out && grep -q '^target  *2 ' out || fail "not every leaf is moved: $(cat out)"
"$RQ" gradcheck m.rq --seed 3 --order 2 >out 2>err || fail "--order 2 with a cut: $(cat out err)"
grep -q '^q1.theta .*differences do not count: the input of q2 is detached' out || fail "order 2 does not name the declared cut"
"$RQ" gradcheck m.rq --seed 3 --order 2 --json >json 2>err || fail "--order 2 --json: $(cat err)"
grep -q '"order":2.*"ok":true' json || fail "--order 2 --json does not say ok"
"$RQ" gradcheck m.rq --order 2 --export g.safetensors >out 2>err
[ $? -eq 2 ] && grep -q "does not go with --order 2" err || fail "--order 2 --export: $(cat err)"

# a state that becomes a density matrix is moved itself, not what its layer makes of it
cat >density.rq <<'RQ'
circuit noisy on q[n] { for i in 0..n { depolarize(1/100) q[i]; } reset q[0]; }
model M { input x: state[2]; layer a = evolve(noisy); layer b = measure; output b; }
RQ
"$RQ" gradcheck density.rq >out 2>err || fail "density: $(cat out err)"
grep -q '^x *8 of 8' out || fail "density: the input's amplitudes are not tested: $(cat out)"

exit $failed

#!/usr/bin/env bash
# check.sh: `rq check` warns of layers without a gradient, also where a train action cuts them off; --deny.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1

# write FIELD: two layers in a row, and a train action with that field
write() {
    cat >model.rq <<RQ
data digits = glyphs(train: 8, size: 8);
model M {
    input x: image[1, 8, 8];
    layer q1 = quanv(kernel: 2, circuit: ry_rx_cnot());
    layer q2 = quanv(kernel: 2, circuit: ry_rx_cnot());
    $1
    layer head = dense(10);
    output head;
}
train go { model: M; data: digits; loss: cross_entropy; epochs: 1; $2 }
${3-}
RQ
}

write '' ''
expect 0 out "model.rq: 1 model, 1 action" check model.rq --deny none,unused,partial
[ ! -s err ] || { fail "a model whose paths are all open is warned of"; cat err; }

write '' 'gradient: detached;'
expect 0 out "1 model, 1 action, 1 warning" check model.rq
expect 0 err "W0601: layer 'q1' receives no gradient" check model.rq --diag=line
expect 4 err "denied: layer 'q1' has the gradient verdict 'none'" check model.rq --deny none
expect 0 out '"verdict":"none"' check model.rq --json
[ "$(wc -l <out)" -eq 1 ] || { fail "the unchanged model is reported, too"; cat out; }

write 'skip q1 -> q2;' 'gradient: detached;'
expect 0 out "model.rq: 1 model, 1 action" check model.rq --deny none
expect 4 err "verdict 'partial'" check model.rq --deny partial

# both the model as it is and the changed one are trained
write '' '' 'train cut { model: M; data: digits; loss: cross_entropy; epochs: 1; gradient: detached; }'
expect 0 out '"gradient":"exact"' check model.rq --json
grep -q '"gradient":"detached"' out || fail "the model of the second action is missing"

usage_error "--deny takes 'none', 'unused', 'partial' or 'dead', not 'deaf'" check model.rq --deny deaf

# Dead parameters: the last RZ of each of six qubits before Z. Every model of a file without actions is shown.
cat >dead.rq <<'END'
model M { input x: image[1, 28, 28]; layer r = dense(64); layer q = quantum(encode: amplitude(), circuit: strongly_entangling(layers: 3)); output q; }
circuit turns on q[n] { param t[n, 3] ~ uniform(0, 1); for i in 0..n { rz(t[i, 0]) q[i]; ry(t[i, 1]) q[i]; rz(t[i, 2]) q[i]; } }
model N { input x: real[2]; layer e = encode(threshold(at: 1)); layer v = evolve(turns); layer m = measure(z_each); output m; }
END
expect 0 out "54 params, 6 dead" flow dead.rq
grep -q "6 params, 2 dead" out || fail "the second model's two last RZ: $(cat out)"
expect 4 err "layer 'q' has 6 dead parameters" flow dead.rq --deny dead
expect 0 out '"params":54,"dead":6' flow dead.rq --json
finish

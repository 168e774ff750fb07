#!/usr/bin/env bash
# check.sh: `rq check` warns of layers without a gradient, also where a train action cuts them off; --deny.
source "$RQ_SRC/tests/cli/expect.bash"
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

usage_error "--deny takes 'none', 'unused' or 'partial', not 'dead'" check model.rq --deny dead
finish

#!/usr/bin/env bash
# large_states.sh: registers of 12 qubits or more have one sample a chunk and gates on vectors of amplitudes: derivatives are right, and
# bits are the same for one thread, two threads and the native program.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
cat >large.rq <<'END'
observable last_two on q[n] { yield z(q[n - 1]); yield x(q[0]) * z(q[n - 2]); }
model Large {
    input x: real[12];
    layer q = quantum(encode: angle(), circuit: strongly_entangling(layers: 1), measure: last_two);
    layer h = dense(2) |> tanh;
    output h;
}
train t { model: Large;  data: csv("rows.csv", label: y);  loss: cross_entropy;  epochs: 2;  batch: 4;  engine: state; }
END
awk 'BEGIN {
    for (j = 0; j < 12; j++) printf "a%d,", j; print "y"
    for (i = 0; i < 10; i++) { for (j = 0; j < 12; j++) printf "%.2f,", (i * 7 + j * 5) % 11 / 11; print i % 2 }
}' >rows.csv

rq emit large.rq --stage kernel --engine state
grep -q '1 lanes of' out || fail "12 qubits still have lanes: $(head -3 out)"
expect 0 out 'q.theta  36 of 36' gradcheck large.rq
expect 0 out 'epoch 2/2' run large.rq --threads 1 --out one
expect 0 out 'epoch 2/2' run large.rq --threads 2 --out two
cmp one/last.safetensors two/last.safetensors || fail "two threads give other bits than one"
expect 0 out 'native: 1 action' build large.rq -o native
./native run --out three >out 2>err || fail "the native program fails: $(cat err)"
cmp one/last.safetensors three/last.safetensors || fail "the native program gives other bits"
finish

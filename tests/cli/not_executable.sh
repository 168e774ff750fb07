#!/usr/bin/env bash
# not_executable.sh: what is checked but not executed is an error E0700 at its place, and nothing is trained without it.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1

# field TEXT: model.rq with a further field in its train action, on line 3
field() {
    cat >model.rq <<RQ
data digits = glyphs(train: 8, val: 4, size: 8);
model M { input x: image[1, 8, 8]; layer head = dense(10); output head; }
train go { model: M; data: digits; loss: cross_entropy; epochs: 1; $1; }
RQ
}

field 'schedule: constant; engine: state'
expect 0 out "epoch 1/1" run model.rq --out run

# quantum LAYERS: model.rq with a circuit
quantum() {
    cat >model.rq <<RQ
data digits = glyphs(train: 8, val: 4, size: 8, classes: 2);
circuit noisy on q[n] { depolarize(0.1) q[0]; }
circuit pair on q[2] { param t ~ uniform(0, 1);  ry(t) q[1]; }
model M { input x: image[1, 8, 8]; $1; output head; }
train go { model: M; data: digits; loss: mse; epochs: 1; }
RQ
}

# Channels and dissipative layers run by density matrices; state vectors alone are not enough for a channel.
quantum 'layer s = encode(amplitude()); layer m = s |> evolve(noisy) |> measure(z_each); layer head = dense(2)'
expect 0 out "epoch 1/1" run model.rq --out noisy-state
expect 1 err "E0700: a channel by state vectors" run model.rq --engine state --diag=line
quantum 'layer s = dense(2) |> encode(angle()); layer d = dissipative(2, perceptron: pair, fan_in: 1); layer head = measure(z_each)'
expect 0 out "epoch 1/1" run model.rq --out dissipative
expect 0 out "epoch 1/1" run model.rq --engine density --out dissipative-density

# Images are distilled for networks that have no running statistics.
cat >distill.rq <<RQ
data digits = glyphs(train: 40, size: 8);
model M { input x: image[1, 8, 8]; layer h = dense(8) |> batch_norm; layer head = dense(10); output head; }
distill ten { model: M; data: digits; epochs: 1; }
RQ
expect 0 out "1 action" check distill.rq
expect 1 err "E0700: distillation of a model with 'batch_norm'" distill distill.rq --diag=line
sed 's/^distill.*/scan s { model: M; data: digits; loss: cross_entropy; wrt: h.dense.w[0, 0]; samples: 10; }/' distill.rq >scan.rq
expect 1 err "E0700: 'batch_norm' under 'scan'" scan scan.rq --diag=line

# The transfer engine runs channels, but only what comes in qubit by qubit.
quantum 'layer q = dense(2) |> quantum(encode: angle(), circuit: noisy, measure: z_each); layer head = dense(2)'
expect 0 out "epoch 1/1" run model.rq --out noisy
expect 1 err "E0700: a channel" run model.rq --engine state --diag=line
quantum 'layer head = dense(4) |> quantum(encode: amplitude(), measure: z_each)'
expect 1 err "E0700: this layer by the transfer engine cannot be executed by this version of rq: its encoding prepares amplitudes" \
    run model.rq --engine transfer --diag=line
expect 0 out "epoch 1/1" run model.rq --out amplitudes
finish

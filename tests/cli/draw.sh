#!/usr/bin/env bash
# draw.sh: `rq draw` shows every gate on its wires, wrapped to the width, in ASCII where the terminal has nothing else, and as LaTeX.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1

# shows NAME ARGUMENTS...: standard input is what rq prints, exactly
shows() {
    cat >wanted
    expect 0 out '' draw "$@"
    cmp -s out wanted || { fail "rq draw $*"; diff wanted out; }
}

cat >m.rq <<'RQ'
circuit c on q[n] { param t[2] ~ uniform(0, 1); param u[n]; for i in 0..n { rx(u[i]) q[i]; } negctrl @ ctrl @ ry(2*t[1] - pi/2) q[2], q[0], q[1]; swap q[0], q[2]; inv @ s q[1]; cx q[0], q[2]; }
circuit p on q[2] { param V: unitary[2] ~ haar; V q; }
observable o on q[n] { yield z(q[0]); yield x(q[0])*y(q[1]) - 0.5; yield x(q[1]); }
model M { input x: real[3]; layer a = quantum(encode: angle(axis: x, scale: 2*pi), circuit: c, measure: o); layer b = encode(amplitude()) |> measure(z_each); output b; }
model D { input s: state[2]; layer d = dissipative(1, perceptron: p, fan_in: 1); output d; }
train one { model: M; data: csv("x.csv", label: y); loss: mse; epochs: 1; }
RQ
export LC_ALL=C
shows m.rq --layer a <<'RQ'
a: quantum 3q
 0: -RX(2*pi*x[0])-#-RX(u[0])-,*---------------,x-------,*-| <Z>
 1: -RX(2*pi*x[1])-#-RX(u[1])-+RY(2*t[1]-pi/2)-|--inv S-|--| <X>
 2: -RX(2*pi*x[2])-#-RX(u[2])-`o---------------`x-------`X-
    1: <X0 Y1 - 0.5>
RQ
shows m.rq --layer a --format quantikz <<'RQ'
% a: quantum 3q
\begin{quantikz}
\lstick{$\ket{0}$} & \gate{R_{X}(2\pi\,x_{0})} \slice{} & \gate{R_{X}(u_{0})} & \ctrl{1} & \swap{2} &  & \ctrl{2} & \meter{Z} \\
\lstick{$\ket{0}$} & \gate{R_{X}(2\pi\,x_{1})} & \gate{R_{X}(u_{1})} & \gate{R_{Y}(2\,t_{1}-\pi/2)} \vqw{1} &  & \gate{\mathrm{S}^\dagger} &  & \meter{X} \\
\lstick{$\ket{0}$} & \gate{R_{X}(2\pi\,x_{2})} & \gate{R_{X}(u_{2})} & \ocontrol{} & \targX{} &  & \targ{} & 
\end{quantikz}
RQ
sed -i 's/^train.*//; s/^model M.*//' m.rq
LC_ALL=C.UTF-8 shows m.rq <<'RQ'
d: dissipative 2 > 1
 0: |psi> ─╭V:0─┤ traced out
 1: |psi> ─│────┤ traced out
 2: |0>   ─╰V:1─
RQ
expect 2 err "has no layer 'q9'" draw m.rq --layer q9
expect 2 err "--format takes 'text' or 'quantikz', not 'png'" draw m.rq --format png
sed 's/layer d = .*/layer d = measure(z_each) |> dense(1); output d; }/' m.rq >n.rq
expect 0 out '' draw n.rq
sed 's/state\[2\]; layer d = .*/real[2]; layer d = dense(1); output d; }/' m.rq >n.rq
expect 2 err "model 'D' has no circuit" draw n.rq

# Long circuits go on below, each line within 100 columns, and every gate is there once.
expect 0 out ' 0: ...' draw "$RQ_SRC/examples/resqunn.rq" --layer q1
[ "$(wc -L <out)" -le 100 ] || fail "lines of $(wc -L <out) columns"
[ "$(grep -o 'R[XY](theta' out | wc -l)" = 32 ] || fail "not 32 rotations"
finish

#!/usr/bin/env bash
# bricks.sh: rows of two-qubit matrices as dissipative layers of the general form: two layers of one row are one layer of two rows, and
# both are what plain matrix products give; the derivatives of examples/dqnn/sharma.rq have the variance that theory says.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
cat >rows.rq <<'RQ'
circuit pair on q[2] { param V: unitary[2] ~ haar;  V q; }
circuit brick(first: int) on a[m], b[k] {
    for i in 0..(m - first) div 2 { pair a[2*i + first..2*i + first + 2]; }
    for i in 0..k { swap a[i], b[i]; }
}
circuit both on a[m], b[k] {
    for d in 0..2 { for i in 0..(m - d) div 2 { pair a[2*i + d], a[2*i + d + 1]; } }
    for i in 0..k { swap a[i], b[i]; }
}
model Two { input psi: state[4];  layer first = dissipative(4, circuit: brick(first: 0));  layer second = dissipative(4, circuit: brick(first: 1));  output second; }
model One { input psi: state[4];  layer rows = dissipative(4, circuit: both);  output rows; }
train two { model: Two;  data: zeros(qubits: 4);  loss: LOSS;  optimizer: matrix_step(epsilon: 0.2);  rounds: 5; }
train one { model: One;  data: zeros(qubits: 4);  loss: LOSS;  optimizer: matrix_step(epsilon: 0.2);  rounds: 5; }
RQ
cat >matrices.py <<'PY'
import json, random, struct
random.seed(11)
def unitary(d):
    rows = []
    for _ in range(d):
        v = [complex(random.gauss(0, 1), random.gauss(0, 1)) for _ in range(d)]
        for u in rows:
            c = sum(x.conjugate() * y for x, y in zip(u, v))
            v = [y - c * x for x, y in zip(u, v)]
        n = sum(abs(x) ** 2 for x in v) ** 0.5
        rows.append([x / n for x in v])
    return rows
def write(name, tensors):
    head, body = {}, b""
    for key, m in tensors.items():
        data = struct.pack("<%dd" % (2 * len(m) ** 2), *[part for row in m for x in row for part in (x.real, x.imag)])
        head[key] = {"dtype": "F64", "shape": [len(m), len(m), 2], "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(head).encode()
    open(name, "wb").write(struct.pack("<Q", len(text)) + text + body)
a, b, c = unitary(4), unitary(4), unitary(4)
write("two.safetensors", {"first.sub[0].V": a, "first.sub[1].V": b, "second.sub[0].V": c})
write("one.safetensors", {"rows.sub[0].V": a, "rows.sub[1].V": b, "rows.sub[2].V": c})
def apply(m, psi, p, q):  # qubits p, q of four, the first the most significant
    out = []
    for i in range(16):
        bits = [i >> (3 - k) & 1 for k in range(4)]
        row = 2 * bits[p] + bits[q]
        x = 0
        for column in range(4):
            bits[p], bits[q] = column >> 1, column & 1
            x += m[row][column] * psi[sum(v << (3 - k) for k, v in enumerate(bits))]
        out.append(x)
    return out
psi = apply(c, apply(b, apply(a, [1] + [0] * 15, 0, 1), 2, 3), 1, 2)
each = [sum(abs(x) ** 2 for i, x in enumerate(psi) if not i >> (3 - k) & 1) for k in range(4)]
print("infidelity %.17g" % (1 - abs(psi[0]) ** 2))
print("local %.17g" % (1 - sum(each) / 4))
PY
python3 matrices.py >want || fail "matrices.py"
for loss in infidelity local; do
    sed "s/LOSS/$loss/" rows.rq >$loss.rq
    for action in one two; do
        expect 0 out "" train $loss.rq --action $action --init $action.safetensors --out $loss-$action
    done
    python3 - $loss <<'PY' || fail "$loss: one layer of two rows and two layers of one row differ"
import json, sys
losses = lambda action: [e["loss"] for e in map(json.loads, open("%s-%s/metrics.jsonl" % (sys.argv[1], action))) if e["event"] == "epoch"]
one, two = losses("one"), losses("two")
want = [float(line.split()[1]) for line in open("want") if line.split()[0] == sys.argv[1]][0]
assert len(one) == len(two) == 5 and max(abs(x - y) for x, y in zip(one, two)) < 1e-12, (one, two)
assert abs(one[0] - want) < 1e-12 and one[-1] < one[0] - 0.05, (one, want)
PY
done

# Closed forms: (1/50)(1/10)^(n/2-1) and 4/(75 n^2) behind one row, 64/(1875 n^2) behind two. With so few draws one standard error
# is 2% of a local and 3 to 10% of a global variance.
sharma=$RQ_SRC/examples/dqnn/sharma.rq
few() { # ACTION SIZES DRAWS: some of the sizes of a scan, with so many draws
    sed "/^scan $1 {/,/^}/s/over n: [^;]*;/over n: $2;/" "$sharma" >some.rq
    expect 0 out "expectations met" scan some.rq --action "$1" --set "$1.samples=$3" --set "$1.error=0.0001" --out "$1"
}
few single "2, 6" 4096
few constant "6, 7" 4096
expect 0 out "cost=global" scan "$sharma" --action linear --set linear.samples=40 --out linear
expect 0 out "12 points, fitted along n" scan "$sharma" --action start --dry-run
finish

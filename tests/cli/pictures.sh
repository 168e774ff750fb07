#!/usr/bin/env bash
# pictures.sh: circuits and flow as pictures in files, and flow as boxes on a terminal.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
cat >m.rq <<'RQ'
model P {
    input x: image[1, 8, 8];
    param s = 0.5;
    layer q1 = quanv(kernel: 2, stride: 2, encode: angle(), circuit: ry_rx_cnot(depth: 2), measure: z_each);
    layer q2 = quanv(kernel: 2, stride: 2, encode: angle(), circuit: ry_rx_cnot(depth: 1), measure: z_each, gradient: detached);
    skip q1 -> q2 scale: s;
    skip x -> q2;
    layer a = dense(10);
    layer b = q1 |> dense(10);
    layer out = a + b;
    output out;
}
RQ
# boxes LOCALE: what rq flow --format boxes prints, above its table
boxes() {
    LC_ALL=$1 "$RQ" flow m.rq --format boxes >out 2>err || fail "flow: exit code $?"
    sed '/^q1 /,$d' out >shown
    cmp -s wanted shown || { fail "boxes with $1"; diff wanted shown; }
}
cat >wanted <<'RQ'
  .---.    .-------------.      .-------------.    .----------.    .-----.
  | x |--->| q1          |--x-->| q2          |--->| a        |--->| out |---> loss
  |   |    | quanv 4q d2 |      | quanv 4q d1 |    | dense 10 |    | sum |
  |   |    | partial     |      | full        |    | full     |    |     |
  '-,-'    '------,------'      '-----^-^-----'    '----------'    '-----'
    '-------------|-------------------|-'  skip x -> q2
                  '-------------------'  skip q1 -> q2
  q1 --> b
  b --> out
RQ
boxes C
grep -q '^q1 *partial' out || fail "no table below the boxes"
locale -a 2>/dev/null | grep -qi '^C.utf' && {
    LC_ALL=C.UTF-8 "$RQ" flow m.rq --format boxes | grep -q '│ x │───▶│ q1          │──×──▶│ q2 ' || fail "boxes in UTF-8"
}
"$RQ" flow m.rq >chain
head -1 chain | grep -q '^  x --> q1 --x--> q2 --> a --> out --> loss' || fail "a file gets no boxes"
"$RQ" flow m.rq --format chain | cmp -s chain - || fail "--format chain"
usage_error "--format takes 'boxes', 'chain' or 'dot', not 'box'" flow m.rq --format box

# For Graphviz: every layer once, skips dashed, cuts said; dot reads it where it is installed.
"$RQ" flow m.rq --format dot >m.dot || fail "flow --format dot"
[ "$(grep -cE '^  "[a-z0-9]+" \[label=' m.dot)" -eq "$("$RQ" flow m.rq --json | python3 -c 'import json, sys; print(len(json.load(sys.stdin)["layers"]))')" ] ||
    fail "not a node for each layer"
grep -q 'style=dashed, .*skip' m.dot || fail "no skip"
grep -q 'label="gradient cut"' m.dot || fail "no cut"
if command -v dot >/dev/null; then dot -Tsvg m.dot >m.svg || fail "dot cannot read it"; fi

for name in flow.svg flow.pdf flow.png; do rq flow m.rq -o $name; [ $code -eq 0 ] && [ ! -s err ] || fail "$name"; done
for name in q1.svg q1.pdf q1.png; do rq draw m.rq --layer q1 -o $name; [ $code -eq 0 ] || fail "$name"; done
python3 - <<'PY' || fail "pictures"
import struct, xml.etree.ElementTree as tree
def texts(path): return [(t.text or "") + "".join(k.tail or "" for k in t) for t in tree.parse(path).getroot().iter("{http://www.w3.org/2000/svg}text")]
flow = texts("flow.svg")
for word in ("x", "input", "q1", "quanv 4q d2", "partial", "s", "parameter", "loss", "b"): assert word in flow, (word, flow)
circuit = texts("q1.svg")
for d in range(2):
    for q in range(4):
        assert f"RY(theta[{d},{q},0])" in circuit and f"RX(theta[{d},{q},1])" in circuit
assert circuit.count("<Z>") == 4 and circuit.count("|0\u27e9") == 4 and "RY(pi*x[3])" in circuit
for name in ("flow", "q1"):
    assert open(name + ".pdf", "rb").read(5) == b"%PDF-"
    head = open(name + ".png", "rb").read(24)
    width, height = struct.unpack(">II", head[16:24])
    root = tree.parse(name + ".svg").getroot()
    assert head[1:4] == b"PNG" and (width, height) == (2 * int(root.get("width")), 2 * int(root.get("height")))
# No text leaves the picture, no two boxes of the flow overlap.
root = tree.parse("flow.svg").getroot()
boxes = [[float(r.get(k)) for k in ("x", "y", "width", "height")] for r in root.iter("{http://www.w3.org/2000/svg}rect") if r.get("rx")]
assert len(boxes) == 8, len(boxes)
for i, a in enumerate(boxes):
    assert 0 <= a[0] and a[0] + a[2] <= float(root.get("width")) and 0 <= a[1] and a[1] + a[3] <= float(root.get("height"))
    for b in boxes[:i]: assert a[0] + a[2] <= b[0] or b[0] + b[2] <= a[0] or a[1] + a[3] <= b[1] or b[1] + b[3] <= a[1], (a, b)
PY
usage_error "has several circuits; choose one with --layer" draw m.rq -o q.svg
usage_error "a picture's file ends in .svg, .pdf or .png" draw m.rq --layer q1 -o q1.gif
usage_error "a picture's file ends in .svg, .pdf or .png" flow m.rq -o flow
usage_error "cannot be written" flow m.rq -o none/flow.svg
finish

#!/usr/bin/env bash
# predict.sh: classes of samples from a PNG file, an npy file and the data set, as a table, as JSON, as a file; by rq and by a native program.
source "${RQ_SRC:?the source tree}/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
cp "$RQ_SRC/tests/cli/model.rq" .
expect 0 out "test accuracy" train model.rq --action quick --out run
python3 - <<'P'
import os, struct, zlib
def chunk(n, d): return struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d))
def png(name, w, h, channels, pixels):
    rows = b"".join(b"\0" + bytes(pixels[y * w * channels:(y + 1) * w * channels]) for y in range(h))
    head = struct.pack(">2I5B", w, h, 8, 2 if channels == 3 else 0, 0, 0, 0)
    open(name, "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
def npy(name, shape, values, kind):
    head = ("{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (kind, shape)).ljust(117) + "\n"
    open(name, "wb").write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + values)
grey = [i * 37 % 256 for i in range(64)]
png("grey.png", 8, 8, 1, grey)
png("wide.png", 9, 8, 1, grey + grey[:8])
png("colour.png", 8, 8, 3, grey * 3)
npy("bytes.npy", "(1, 8, 8)", bytes(grey), "|u1")
npy("reals.npy", "(1, 64)", struct.pack("<64d", *[v / 255 for v in grey]), "<f8")
npy("one.npy", "(8, 8)", bytes(grey), "|u1")
npy("inf.npy", "(2, 64)", struct.pack("<128d", *[0] * 70, float("inf"), *[0] * 57), "<f8")
# a folder of pictures: bright and dark, in colours, 4 x 4
for name, level in ("bright", 200), ("dark", 20):
    os.makedirs("shades/" + name)
    for k in range(6): png("shades/%s/%d.png" % (name, k), 4, 4, 3, [(level + 7 * k + i) % 256 for i in range(48)])
png("two.png", 2, 2, 3, [210] * 12)
P

# ---- one sample, three ways to name it ----
rq predict run --input grey.png
[ "$(sed -n 1p out | tr -s ' ')" = "sample predicted 0 1 2 3 4 5 6 7 8 9" ] && [ "$(wc -l <out)" -eq 2 ] || { fail "the table"; cat out; }
cp out table
for file in bytes reals; do
    rq predict run --input $file.npy
    cmp -s out table || { fail "$file.npy: not what the picture gives"; cat out err; }
done

# the probabilities are the softmax of the output; predictions of the whole test split are as right as `eval` says
rq predict run --index 0..32 -o y.npy
[ "$code" -eq 0 ] && [ ! -s out ] || fail "-o prints"
rq predict run --index 0..32 --json
cp out json
rq eval run --json
python3 - <<'P' || fail "--json"
import json, math, struct
raw = open("y.npy", "rb").read()
size = 10 + struct.unpack("<H", raw[8:10])[0]
values = struct.unpack("<320d", raw[size:])
lines = [json.loads(l) for l in open("json")]
right = 0
for s, e in enumerate(lines):
    v = values[10 * s:10 * s + 10]
    p = [math.exp(x) / sum(map(math.exp, v)) for x in v]
    assert e["schema"] == 1 and e["split"] == "test" and e["sample"] == s
    assert all(abs(e["probabilities"][str(k)] - p[k]) < 1e-6 for k in range(10)), (e, p)
    assert e["predicted"] == str(p.index(max(p)))
    right += e["predicted"] == e["label"]
accuracy = [json.loads(l) for l in open("out")][2]
assert accuracy["split"] == "test" and abs(accuracy["accuracy"] - right / 32) < 1e-6, (accuracy, right)
P
rq predict run --index 7
[ "$(awk 'NR == 2 { print $1, $2, $3 }' out)" = "$(python3 -c 'import json; e = json.loads(open("json").readlines()[7]); print(7, e["label"], e["predicted"])')" ] ||
    { fail "the row of sample 7"; cat out; }
rq predict run --index 3 --split train --json
grep -q '"split":"train","sample":3' out || fail "--split"
expect 0 out "q1, 64 values" predict run --index 3 --layer q1
rq predict run --index 3 --layer q1 --json
python3 -c 'import json; e = json.load(open("out")); assert e["layer"] == "q1" and len(e["values"]) == 64' || fail "--layer --json"

# ---- what does not fit ----
usage_error "'colour.png' is a picture in colours of shape [3, 8, 8], but [1, 8, 8] is wanted: one in grey" predict run --input colour.png
usage_error "'wide.png' is a picture in grey of shape [1, 8, 9], but [1, 8, 8] is wanted" predict run --input wide.png
usage_error "'one.npy' holds 8 samples of shape [8], but [1, 8, 8] is wanted; samples stand along the first axis" predict run --input one.npy
usage_error "'inf.npy': element 6 of sample 1 is inf" predict run --input inf.npy
usage_error "cannot open 'no.png'" predict run --input no.png
usage_error "the test split of 'glyphs' has 32 samples, counted from 0" predict run --index 32
usage_error "--index takes the number of a sample, as in 17, or a range" predict run --index 5..5
usage_error "predict wants samples: --input FILE" predict run
usage_error "one of them" predict run --input grey.png --index 1
usage_error "--split goes with --index" predict run --input grey.png --split val
head -c 60 grey.png >cut.png
usage_error "'cut.png' is damaged" predict run --input cut.png

# ---- classes with names, pictures in colours that are resized and normalised like the data set's ----
cat >shades.rq <<'RQ'
data shades = images(folder: "shades", train: 8, test: 4, resize: 2, normalize: [[0.4, 0.4, 0.5], [0.2, 0.3, 0.2]]);
model M { input x: image[3, 2, 2]; layer head = dense(2); output head; }
train go { model: M; data: shades; loss: cross_entropy; optimizer: sgd(rate: 0.5); epochs: 40; batch: 4; }
RQ
expect 0 out "test accuracy" train shades.rq --out named
rq predict named --input two.png
[ "$(awk 'NR == 1 { print $3, $4 } NR == 2 { print $2 }' out | xargs)" = "bright dark bright" ] || { fail "names of classes"; cat out; }
rq predict named --index 0..4 --json
cp out four
python3 -c '
import json
for e in map(json.loads, open("four")): assert e["label"] == e["predicted"], e' || fail "named classes: not learnt"
usage_error "'grey.png' is a picture in grey of shape [1, 2, 2], but [3, 2, 2] is wanted: one in colours" predict named --input grey.png
mv shades elsewhere
rq predict named --input two.png
[ "$code" -eq 0 ] && grep -q "shown by number, their names were not found" err && [ "$(awk 'NR == 2 { print $2 }' out)" = 0 ] || fail "without the folder"
mv elsewhere shades
# sample 0 of the test split is the fifth picture of the first class: the same from the file
rq predict named --input shades/bright/4.png
cp out file
rq predict named --index 0
[ "$(awk 'NR == 2 { print $2, $3, $4 }' file)" = "$(awk 'NR == 2 { print $3, $4, $5 }' out)" ] || { fail "file and index differ"; cat file out; }

# ---- many classes, no classes, quantum states ----
cat >more.rq <<'RQ'
data rows = csv(file: "rows.csv", label: "kind", train: 20);
model Many { input x: real[2]; layer head = dense(20); output head; }
train many { model: Many; data: rows; loss: cross_entropy; epochs: 1; }
data pairs = unitary_pairs(qubits: 2, pairs: 4, train: 3);
circuit any on q[n] { param V: unitary[n] ~ haar; V q; }
model Turn { input s: state[2]; layer a = evolve(any); output a; }
train turn { model: Turn; data: pairs; loss: infidelity; rounds: 1; }
RQ
{ echo a,b,kind; for k in $(seq 20); do echo "$k,1,kind-$k"; done; } >rows.csv
expect 0 out "" train more.rq --action many --out many
rq predict many --index 2 --split train
grep -q "most probable" out && [ "$(grep -o 'kind-[0-9]* 0\.[0-9]*' out | wc -l)" -eq 5 ] || { fail "many classes"; cat out; }
expect 0 out "" train more.rq --action turn --out turn
rq predict turn --index 0
[ "$code" -eq 0 ] && grep -q "output, 8 values" out || { fail "a state"; cat out err; }

python3 - <<'P'
import struct
def npy(name, values):
    head = "{'descr': '<c16', 'fortran_order': False, 'shape': (1, 4), }".ljust(117) + "\n"
    open(name, "wb").write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + struct.pack("<8d", *values))
npy("state.npy", [0.6, 0, 0, 0, 0, 0.8, 0, 0])
npy("long.npy", [1, 0, 1, 0, 0, 0, 0, 0])
P
expect 0 out "output, 8 values" predict turn --input state.npy
usage_error "state 0 is not normalised" predict turn --input long.npy

# ---- a zero vector that amplitude() cannot encode is named ----
cat >zero.rq <<'RQ'
data rows = csv(file: "zero.csv", label: "kind", train: 3);
model Z { input x: real[2]; layer q = quantum(encode: amplitude(), circuit: ry_rx_cnot(depth: 1)); output q; }
train go { model: Z; data: rows; loss: mse; epochs: 1; }
RQ
printf 'a,b,kind\n1,2,0\n0,0,0\n3,1,0\n' >zero.csv
expect 2 err "training split: sample 1: a zero vector cannot be amplitude-encoded in layer 'q'" train zero.rq --out zero

# ---- the native program says the same ----
if command -v "${CC:-cc}" >/dev/null; then
    expect 0 out "prog:" build model.rq -o prog
    for words in "--input grey.png" "--index 0..3" "--index 2 --split val --json" "--index 1 --layer q2"; do
        # shellcheck disable=SC2086
        ./prog predict run $words >native 2>&1 && "$RQ" predict run $words | cmp -s - native || { fail "native: predict run $words"; cat native; }
    done
    ./prog predict run --input colour.png >native 2>&1
    [ $? -eq 2 ] && grep -q "in colours of shape" native || fail "native: a picture that does not fit"
    ./prog predict run --index 1 --split no >native 2>&1
    [ $? -eq 2 ] && grep -q "takes train, val or test, not 'no'" native || fail "native: --split"
fi
finish

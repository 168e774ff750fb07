#!/usr/bin/env bash
# safetensors.sh: checkpoints are what the format says, read by a plain program, by numpy and by Python's own library 'safetensors';
# the values are those that rq exports.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
cp "$RQ_SRC/tests/cli/model.rq" model.rq
expect 0 out "test accuracy" train model.rq --action quick --set quick.epochs=1 --out small
expect 0 out "test accuracy" train model.rq --action quick --set quick.epochs=1 --precision f64 --out wide

cat >plain.py <<'PY'
# The format by hand: 8 bytes of length, JSON, tensors side by side without a gap.
import json, math, struct, sys
sizes = {"F32": 4, "F64": 8, "I64": 8, "U8": 1}
letters = {"F32": "f", "F64": "d", "I64": "q", "U8": "B"}

def load(path):
    raw = open(path, "rb").read()
    length, = struct.unpack_from("<Q", raw)
    assert length % 8 == 0 and 8 + length <= len(raw), "the header's length"
    header = json.loads(raw[8:8 + length].decode())
    meta = header.pop("__metadata__", {})
    assert all(isinstance(v, str) for v in meta.values()), "metadata is texts"
    body, end, out = raw[8 + length:], 0, {}
    for name, t in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        count, (first, behind) = math.prod(t["shape"]), t["data_offsets"]
        assert first == end and behind - first == count * sizes[t["dtype"]], name
        out[name] = (t["dtype"], t["shape"], struct.unpack("<%d%s" % (count, letters[t["dtype"]]), body[first:behind]))
        end = behind
    assert end == len(body), "bytes behind the last tensor"
    return out, meta

if __name__ == "__main__":
    for path, dtype in (("small/last.safetensors", "F32"), ("small/best.safetensors", "F32"), ("wide/last.safetensors", "F64")):
        tensors, meta = load(path)
        kind, shape, values = tensors["head.w"]
        assert kind == dtype and math.prod(shape) == len(values) == 640 and all(map(math.isfinite, values)), path
        assert "q1.theta" in tensors and meta, path
        assert "best" in path or "opt/m/head.w" in tensors, path
PY
python3 plain.py || fail "a checkpoint is not what the format says"

python=
for p in "${PYTHON-}" python3 /usr/bin/python3 "$RQ_BUILD/safetensors/bin/python"; do
    [ -n "$p" ] && "$p" -c 'import numpy, safetensors.numpy' 2>/dev/null && python=$p && break
done
if [ -z "$python" ]; then
    echo "[  SKIPPED ] Python's-safetensors-is-not-installed"
    finish
fi
"$python" - <<'PY' || fail "Python's safetensors reads something else"
import numpy, plain
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
for path in ("small/last.safetensors", "small/best.safetensors", "wide/last.safetensors"):
    mine, meta = plain.load(path)
    theirs = load_file(path)
    assert set(theirs) == set(mine), path
    for name, (dtype, shape, values) in mine.items():
        assert list(theirs[name].shape) == shape and tuple(theirs[name].ravel().tolist()) == values, (path, name)
    with safe_open(path, framework="numpy") as f:
        assert f.metadata() == meta, path
save_file({n: t for n, t in load_file("small/last.safetensors").items() if not n.startswith("opt/")}, "theirs.safetensors")
PY
# What that library writes is read back by rq.
expect 0 out "accuracy" eval model.rq --action quick --init theirs.safetensors
cp out theirs
expect 0 out "accuracy" eval model.rq --action quick --init small/last.safetensors
cmp -s out theirs || fail "parameters that Python's library wrote evaluate to something else"
finish

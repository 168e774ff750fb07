#!/usr/bin/env bash
# compilers_full.sh: an rq built by gcc and one built by clang train to the same bits.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
clang=$(command -v clang-19 || command -v clang) || { echo "skipped: no clang is installed"; exit 77; }
gcc=$(command -v gcc) || { echo "skipped: no gcc is installed"; exit 77; }

# The parameters after training, without the header, which holds times and paths.
digest() {
    python3 - "$1/last.safetensors" <<'PY'
import hashlib, struct, sys
raw = open(sys.argv[1], "rb").read()
print(hashlib.sha256(raw[8 + struct.unpack("<Q", raw[:8])[0]:]).hexdigest())
PY
}

for compiler in "$gcc" "$clang"; do
    name=$(basename "$compiler")
    cmake -S "$RQ_SRC" -B "$work/$name" -G Ninja -DCMAKE_C_COMPILER="$compiler" -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF \
        >"$work/log" 2>&1 && cmake --build "$work/$name" --target rq >>"$work/log" 2>&1 || { fail "no build by $name"; tail -n 5 "$work/log"; }
    "$work/$name/rq" train "$RQ_SRC/tests/cli/model.rq" --action quick --out "$work/run-$name" >"$work/log" 2>&1 || fail "no run by $name"
done
[ "$(digest "$work/run-$(basename "$gcc")")" = "$(digest "$work/run-$(basename "$clang")")" ] || fail "gcc and clang give other bits"
finish

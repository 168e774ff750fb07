#!/usr/bin/env bash
# copies.sh: packed data are unpacked once, into a copy with checksums; damage, another file, a folder that cannot be written and many
# processes at once do no harm.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
mkdir -p data/mnist
export XDG_CACHE_HOME=$work/cache
copies=$work/cache/rq/data
idx() { # NAME HEADER BYTES
    { printf "$2"; head -c "$3" <(yes "$1 0123456789abcdefghijklmnopqrstuvwxyz"); } | gzip -9 >"data/mnist/$1.gz"
}
labels() { # NAME HEADER COUNT
    { printf "$2"; for ((i = 0; i < $3; i++)); do printf "\\$((i % 8))"; done; } | gzip -9 >"data/mnist/$1.gz"
}
# 150 and 10 images of 28 x 28: the first file is more than one block of 64 KB
idx train-images-idx3-ubyte '\0\0\x08\x03\0\0\0\x96\0\0\0\x1c\0\0\0\x1c' 117600
idx t10k-images-idx3-ubyte '\0\0\x08\x03\0\0\0\x0a\0\0\0\x1c\0\0\0\x1c' 7840
labels train-labels-idx1-ubyte '\0\0\x08\x01\0\0\0\x96' 150
labels t10k-labels-idx1-ubyte '\0\0\x08\x01\0\0\0\x0a' 10
cat >m.rq <<'EOF'
data digits = mnist(train: 150, test: 10);
model Small { input x: image[1, 28, 28]; layer head = dense(10); output head; }
train quick { model: Small; data: digits; loss: cross_entropy; optimizer: sgd(rate: 0.1); epochs: 1; batch: 64; seed: 1; }
EOF
files() { find "$copies" -type f 2>/dev/null | wc -l; }
train() { # NAME ARGS...
    local name=$1
    shift
    rm -rf "$name"
    expect 0 out "test accuracy" train m.rq --data data --out "$name" "$@"
    [ "$name" = plain ] || cmp -s plain/last.safetensors "$name/last.safetensors" || fail "$name: other bits than without copies"
    [ "$name" = plain ] || cmp -s plain/data.json "$name/data.json" 2>/dev/null || [ ! -e plain/data.json ] || fail "$name: other data are noted"
}

train plain --no-cache
[ ! -e cache ] || fail "--no-cache keeps something"
train first
[ "$(files)" = 4 ] || fail "$(files) copies are kept of 4 files"
before=$(cd "$copies" && sha256sum ./*)
train second
[ "$(cd "$copies" && sha256sum ./*)" = "$before" ] || fail "sound copies are written again"

# Damage in head, bytes of either block, checksums; cut off, longer, empty; each is told from the rest and made again.
largest=$(find "$copies" -type f -size +64k)
size=$(stat -c %s "$largest")
for at in 0 20 70 4096 5000 $((4096 + 65536 + 100)) $((size - 3)); do
    printf '\xa5' | dd of="$largest" bs=1 seek="$at" conv=notrunc status=none
    train "damage-$at"
    [ "$(cd "$copies" && sha256sum ./*)" = "$before" ] || fail "damage at byte $at stays"
done
for cut in 0 100 4096 70000 $((size - 1)) $((size + 1)); do
    truncate -s "$cut" "$largest"
    train "cut-$cut"
    [ "$(cd "$copies" && sha256sum ./*)" = "$before" ] || fail "a copy of $cut bytes stays"
done

# Another file at the same path, is another file.
cp -r data/mnist kept
cp kept/t10k-images-idx3-ubyte.gz data/mnist/train-images-idx3-ubyte.gz
expect 2 err "has 150 labels, but" train m.rq --data data --out other
rm -rf data/mnist
mv kept data/mnist

# Many at once, from nothing
rm -rf cache
for i in 1 2 3; do "$RQ" train m.rq --data data --out "p$i" >/dev/null 2>&1 & done
wait
for i in 1 2 3; do cmp -s plain/last.safetensors "p$i/last.safetensors" || fail "process $i: other bits"; done
[ "$(files)" = 4 ] || fail "unfinished copies are left: $(find "$copies")"

# A damaged packed file is no less an error, and leaves no copy.
cp data/mnist/train-images-idx3-ubyte.gz kept.gz
rm -rf cache
truncate -s -9 data/mnist/train-images-idx3-ubyte.gz
expect 2 err "train-images-idx3-ubyte.gz' is cut off" train m.rq --data data --out short
[ -z "$(find "$copies" -size +64k)" ] || fail "a copy of a damaged file is kept"
cp kept.gz data/mnist/train-images-idx3-ubyte.gz

# No place for copies
rm -rf cache
mkdir -p cache/rq
touch cache/rq/data
train file
rm -rf cache
XDG_CACHE_HOME= HOME=/nowhere train nowhere
train again
expect 0 out "$copies: 4 unpacked files" doctor
expect 0 out '"copies": 4' doctor --json
expect 0 out "$copies: 0 unpacked files, 0.0 MB" doctor --clear-cache
[ "$(files)" = 0 ] || fail "--clear-cache leaves copies"
finish

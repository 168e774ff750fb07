#!/usr/bin/env bash
# damages.sh: readers x damages, as a table; see tests/damages/damages.c. Python makes the sound files and says which bytes are structure.
source "${RQ_SRC:?the source tree}/tests/cli/expect.bash" || exit 2
if [ -w /dev/shm ]; then # hundreds of thousands of small files
    rm -r "$work" && work=$(mktemp -d /dev/shm/rq-damages-XXXXXX)
fi
cd "$work" || exit 1
mkdir mnist cifar-10-batches-bin pictures pictures/one pictures/two
cp "$RQ_SRC/tests/cli/model.rq" .
python3 - <<'P' >list || exit 1
import gzip, io, json, re, struct, tarfile, zipfile, zlib
def save(name, data): open(name, "wb").write(data)
def row(reader, name, data, *structure):
    save(name, data)
    print(reader, name, ",".join("%d-%d" % s for s in structure) or "0-0")
def chunk(n, d): return struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d))
def png(w, h, pixels):
    rows = b"".join(b"\0" + bytes(pixels[y * w:(y + 1) * w]) for y in range(h))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2I5B", w, h, 8, 0, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
def npy(shape, values, kind):
    head = ("{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (kind, shape)).ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + values

row("source", "sound.rq", b"".join(open("model.rq", "rb").read().splitlines(True)[1:]))
images = struct.pack(">4I", 0x803, 2, 3, 3) + bytes(range(18))
labels = struct.pack(">2I", 0x801, 2) + bytes([3, 7])
for split in "train", "t10k":
    save("mnist/%s-images-idx3-ubyte" % split, images)
    save("mnist/%s-labels-idx1-ubyte" % split, labels)
row("idx", "i", images, (0, 16))
row("idx-labels", "l", labels, (0, 8))
save("mnist/train-labels-idx1-ubyte", labels)
packed = gzip.compress(images, mtime=0)
row("idx-gz", "g", packed, (0, len(packed)))
record = b"\3" + bytes(k % 251 for k in range(3072))
save("cifar-10-batches-bin/test_batch.bin", record)
row("cifar", "c", record) # no structure but its length
array = npy("(2, 3)", struct.pack("<6d", *range(6)), "<f8")
at = array.index(b"(2, 3)")
row("npy", "n", array, (0, 10), (at, at + 6))
z = io.BytesIO()
with zipfile.ZipFile(z, "w", zipfile.ZIP_DEFLATED) as f:
    f.writestr(zipfile.ZipInfo("input.npy"), npy("(2, 2)", struct.pack("<8d", 1, 0, 0, 0, 0, 0.6, 0, 0.8), "<c16"), zipfile.ZIP_DEFLATED)
    f.writestr(zipfile.ZipInfo("target.npy"), npy("(2, 2)", struct.pack("<8d", 0, 0, 1, 0, 1, 0, 0, 0), "<c16"))
row("npz", "z", z.getvalue(), (0, len(z.getvalue())))
row("csv", "t.csv", b'a,b,kind\n1,2,up\n-3,4.5,"down"\n5e-1,6,up\n')
picture = png(3, 2, range(6))
row("png", "p.png", picture, (0, len(picture)))
save("pictures/two/a.png", picture)
row("images", "q.png", picture, (0, len(picture)))
header = json.dumps({"a": {"dtype": "F64", "shape": [2, 3], "data_offsets": [0, 48]}, "b": {"dtype": "I64", "shape": [2], "data_offsets": [48, 64]}}).encode()
tensors = struct.pack("<Q", len(header)) + header + struct.pack("<6d2q", *range(6), 1, 2)
# names and keys apart: another name is another value
parts = [(m.start() + 8, m.end() + 8) for m in re.finditer(rb'"shape": \[[^]]*\]|"data_offsets": \[[^]]*\]|"[FI]64"', header)]
row("safetensors", "s.safetensors", tensors, (0, 8), *parts)
t = io.BytesIO()
with tarfile.open(fileobj=t, mode="w") as f:
    info = tarfile.TarInfo("x/one.bin")
    info.size = 600
    f.addfile(info, io.BytesIO(bytes(k % 253 for k in range(600))))
tar = t.getvalue()[:512 * 5]
row("tar", "r.tar", tar, (0, 512))
packed = gzip.compress(tar, mtime=0)
row("tar-gz", "r.tar.gz", packed, (0, len(packed)))
P
{
    "${RQ_BUILD:?the build folder}/damages"
    while read -r reader file structure; do
        "$RQ_BUILD/damages" "$reader" "$file" "$structure" || fail "$reader"
        case $reader in idx*) printf '\0\0\x08\x03\0\0\0\2\0\0\0\3\0\0\0\3%18s' '' >mnist/train-images-idx3-ubyte ;; esac
        [ "$reader" != idx-labels ] || printf '\0\0\x08\x01\0\0\0\2\3\7' >mnist/train-labels-idx1-ubyte
    done <list
} >table 2>&1
cat table
grep -qE 'Sanitizer|runtime error: ' table && fail "a sanitizer's finding"
finish

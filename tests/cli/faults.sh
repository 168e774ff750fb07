#!/usr/bin/env bash
# faults.sh: every call of librq to the system fails once, from there on, or by half; see tests/faults/faulty.c. Of long works each 61st.
# usage: faults.sh [--each K] [WORK..]
source "${RQ_SRC:?the source tree}/tests/cli/expect.bash" || exit 2
if [ -w /dev/shm ]; then # where fsync costs nothing
    rm -r "$work" && work=$(mktemp -d /dev/shm/rq-faults-XXXXXX)
fi
cd "$work" || exit 1
cat >model.rq <<'RQ'
data digits = glyphs(train: 40, val: 6, test: 6, size: 8, resize: 4, classes: 3);
model Small {
    input x: image[1, 4, 4];
    layer q = quanv(kernel: 2, circuit: ry_rx_cnot(depth: 1), measure: z_each);
    layer head = dense(3);
    output head;
}
train quick { model: Small; data: digits; loss: cross_entropy; optimizer: adam(rate: 0.02); epochs: 2; batch: 20; probe: 6; }
train other { model: Small; data: digits; loss: cross_entropy; optimizer: sgd(rate: 0.1); epochs: 1; batch: 40; probe: 6; seed: 3; }
distill few { model: Small; data: digits; epochs: 2; batch: 40; rate: 0.5; full_epochs: 1; }
RQ
python3 - <<'P'
import gzip, io, os, struct, tarfile, zipfile, zlib
def chunk(n, d): return struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d))
def png(name, w, h, channels, pixels):
    rows = b"".join(b"\0" + bytes(pixels[y * w * channels:(y + 1) * w * channels]) for y in range(h))
    head = struct.pack(">2I5B", w, h, 8, 2 if channels == 3 else 0, 0, 0, 0)
    open(name, "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
def npy(shape, values, kind):
    head = ("{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (kind, shape)).ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + values
def save(name, data): open(name, "wb").write(data)
png("digit.png", 4, 4, 1, range(0, 256, 16))
save("x.npy", npy("(3, 4, 4)", bytes(range(0, 240, 5)), "|u1"))
save("labels.npy", npy("(3,)", struct.pack("<3q", 0, 1, 0), "<i8"))
with zipfile.ZipFile("p.npz", "w", zipfile.ZIP_DEFLATED) as z:
    z.writestr("input.npy", npy("(2, 2)", struct.pack("<8d", 1, 0, 0, 0, 0, 0.6, 0, 0.8), "<c16"))
    z.writestr("target.npy", npy("(2, 2)", struct.pack("<8d", 0, 0, 1, 0, 1, 0, 0, 0), "<c16"))
save("t.csv", b'a,b,kind\n1,2,up\n-3,4.5,"down"\n5e-1,6,up\n')
for name in "up", "down":
    os.makedirs("pictures/" + name)
    for k in range(2): png("pictures/%s/%d.png" % (name, k), 2, 2, 3 if k else 1, range(12))
os.mkdir("mnist")
for split, n in ("train", 3), ("t10k", 2):
    images = struct.pack(">4I", 0x803, n, 2, 2) + bytes(range(4 * n))
    labels = struct.pack(">2I", 0x801, n) + bytes(range(n))
    save("mnist/%s-images-idx3-ubyte.gz" % split, gzip.compress(images, mtime=0))
    save("mnist/%s-labels-idx1-ubyte" % split, labels)
os.mkdir("cifar-10-batches-bin")
record = b"\3" + bytes(i % 251 for i in range(3072))
for k in range(1, 6): save("cifar-10-batches-bin/data_batch_%d.bin" % k, record)
save("cifar-10-batches-bin/test_batch.bin", record)
save("one.bin", os.urandom(70000))
save("f.gz", gzip.compress(os.urandom(50000)))
with tarfile.open("f.tar.gz", "w:gz") as t: t.add("one.bin", "folder/one.bin")
P
export OPENBLAS_NUM_THREADS=1 OMP_THREAD_LIMIT=1 # tries are forks, which threads of libraries do not outlive
long="train train2 resume init_from explore distill eval predict tensors"
short="idx cifar csv npy images states made sheet fetch refetch unpack"
faulty=${RQ_BUILD:?the build folder}/faulty
# a try counts librq's memory itself; the sanitizer's search for leaks takes longer than most tries, and belongs to the full test
[ "${RQ_FAULTS_EACH-}" = 1 ] || export ASAN_OPTIONS=detect_leaks=0
if [ $# -gt 0 ]; then
    "$faulty" "$@" || fail "see above"
else
    # shellcheck disable=SC2086
    "$faulty" --each "${RQ_FAULTS_EACH:-61}" $long --each 1 $short || fail "see above"
fi
finish

"""seeds.py: the first corpus of fuzz_readers: a sound file of each kind behind the bytes that choose its reader and what is asked.

usage: seeds.py FOLDER
"""
import io
import json
import pathlib
import struct
import sys
import zipfile
import zlib

folder = pathlib.Path(sys.argv[1])


def seed(kind, name, data):
    for ask in 0, 9, 64:
        (folder / f"{kind}-{ask}-{name}").write_bytes(bytes([kind, ask]) + data)


def npy(shape, descr, values, version=1):
    head = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    length = struct.pack("<H" if version == 1 else "<I", len(head))
    return b"\x93NUMPY" + bytes([version, 0]) + length + head.encode() + values


for kind in 0, 7:
    seed(kind, "f4", npy("(2, 3)", "<f4", struct.pack("<6f", *range(6))))
    seed(kind, "u1", npy("(3,)", "|u1", b"\0\1\2"))
    seed(kind, "i8", npy("(2,)", "<i8", struct.pack("<2q", 0, 1), version=2))
    seed(kind, "c16", npy("()", "<c16", struct.pack("<2d", 1, 2)))

values = struct.pack("<3f", 1, 2, 3)
header = json.dumps({"__metadata__": {"k": "v"}, "a.b": {"dtype": "F32", "shape": [3], "data_offsets": [0, 12]}}).encode()
seed(1, "one", struct.pack("<Q", len(header)) + header + values)
seed(1, "empty", struct.pack("<Q", 2) + b"{}")

images = struct.pack(">4I", 0x803, 1, 1, 2) + b"\7\7"
labels = struct.pack(">2I", 0x801, 1) + b"\3"
gz = zlib.compressobj(wbits=31)
seed(2, "images", images)
seed(2, "labels", labels)
seed(2, "gzip", gz.compress(images) + gz.flush())

seed(3, "numbers", b"kind,a,b\n0,1.5,-2e3\n1,3,4\n")
seed(3, "quoted", b'"k","a ""b"""\r\nx,1\r\ny,2\r\n')


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


for name, colour, row in ("grey", 0, b"\0\1\2"), ("rgb", 2, b"\0\1\2\3\4\5\6"):
    head = chunk(b"IHDR", struct.pack(">2I5B", 2, 1, 8, colour, 0, 0, 0))
    for kind in 4, 10:
        seed(kind, name, b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(row)) + chunk(b"IEND", b""))

seed(5, "record", b"\3" + bytes(3072))


def member(name, data):
    h = bytearray(512)
    h[0:len(name)] = name
    h[124:135] = b"%011o" % len(data)
    h[156] = ord("0")
    h[148:156] = b" " * 8
    h[148:155] = b"%06o\0" % sum(h)
    return bytes(h) + data + bytes(-len(data) % 512)


seed(6, "tar", member(b"d/a.txt", b"hello") + member(b"d/b.bin", b"") + bytes(1024))

for method in zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", method) as z:
        z.writestr("x.npy", npy("(2,)", "<f8", struct.pack("<2d", 1, 2)))
    seed(8, f"npz{method}", archive.getvalue())
seed(9, "pure", npy("(2, 2)", "<c16", struct.pack("<8d", 1, 0, 0, 0, 0, 0.6, 0, 0.8)))
seed(9, "mixed", npy("(1, 2, 2)", "<c16", struct.pack("<8d", 0.5, 0, 0, 0, 0, 0, 0.5, 0)))

#!/usr/bin/env bash
# data.sh: rq data list, show and fetch; downloads from a server on the loopback address that misbehaves on request.
source "${RQ_SRC:?the source tree}/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
own_data=${RQ_DATA-}
unset RQ_DATA
export XDG_DATA_HOME=$work/share

# ---- list ----
expect 0 out "cifar10        colour photographs [3, 32, 32]: not found; 'rq data fetch cifar10' downloads it" data list
grep -q "looked for in $work/share/rq" "$work/out" || fail "list: no folders"
mkdir -p here/MNIST/raw
: >here/MNIST/raw/t10k-images-idx3-ubyte
expect 0 out "mnist          handwritten digits [1, 28, 28]: $work/here/MNIST/raw" data list --data "$work/here"
rq data list --json --data "$work/here"
python3 - "$work/out" <<'P' || fail "list --json"
import json, sys
rows = {r["source"]: r for r in map(json.loads, open(sys.argv[1]))}
assert rows["mnist"]["found"].endswith("MNIST/raw") and rows["csv"]["found"] is None
assert rows["csv"]["arguments"].startswith("file: text, label: text, [train: count]")
assert "[noise: share = 0.05]" in rows["glyphs"]["arguments"]
P
rq data list --quiet
[ "$(head -n 1 "$work/out")" = mnist ] || fail "list --quiet: names only"

# ---- show ----
expect 0 out "glyphs [1, 16, 16]  2 classes  train 5  val 0  test 3" data show 'glyphs(size: 16, classes: 2, train: 5, test: 3)' -o s.png
cmp -s <(head -c 8 s.png) <(printf '\x89PNG\r\n\x1a\n') || fail "show -o: no PNG"
expect 0 out '#' data show glyphs
grep -q "$(printf '\033')" "$work/out" && fail "show: control characters when not on a terminal"
printf 'a,b,kind\n1.5,2,up\n-3,4,down\n' >t.csv
expect 0 out "2 classes" data show 'csv(file: "t.csv", label: "kind", train: 2)'
grep -qE '^up +1.5 +2$' "$work/out" && grep -qE '^down +-3 +4$' "$work/out" || { fail "show: rows of numbers"; cat "$work/out"; }
expect 2 err "no argument 'siz'" data show 'glyphs(siz: 16)'
expect 2 err "there is no data source 'glyph'" data show glyph
expect 2 err "error[E0506]" data show 3
expect 2 err "error" data show 'glyphs('
expect 2 err "was not found" data show mnist
usage_error "lacks a data source" data show
usage_error "takes list, show or fetch, not 'draw'" data draw
expect 2 err "cannot write" data show glyphs -o no/such.png
cat >terminal.py <<'P'
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1], "data", "show", "glyphs(train: 4)"])
text = b""
while True:
    try:
        part = os.read(fd, 65536)
    except OSError:
        break
    if not part:
        break
    text += part
os.waitpid(pid, 0)
sys.stdout.buffer.write(text)
P
env -u NO_COLOR python3 terminal.py "$RQ" >shown
grep -q '▀' shown && grep -q "$(printf '\033')\[38;2;" shown || fail "show: no half blocks on a terminal"
NO_COLOR=1 python3 terminal.py "$RQ" >shown
grep -q "$(printf '\033')" shown && fail "show: colours with NO_COLOR"

# ---- fetch ----
cat >server.py <<'P'
import gzip, http.server, os, sys, threading, time
threading.Timer(60, lambda: os._exit(0)).start()
body = open("body", "rb").read()
class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *a): pass
    def do_GET(self):
        kind, start, code = self.path.split("/")[1], 0, 200
        asked = self.headers.get("Range")
        open("requests", "a").write(f"{self.path} {asked}\n")
        if kind == "absent":
            return self.send_error(404)
        if asked and kind != "norange":
            start, code = int(asked.split("=")[1].split("-")[0]), 206
        data = {"wrong": b"x" * len(body), "long": body + b"more", "packed": gzip.compress(body, 1)}.get(kind, body)[start:]
        self.send_response(code)
        if code == 206: self.send_header("Content-Range", f"bytes {start}-{start+len(data)-1}/{start+len(data)}")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if kind == "slow":
            self.wfile.write(data[:100000])
            self.wfile.flush()
            time.sleep(30)
        self.wfile.write(data[:1000] if kind == "cut" else data)
http.server.ThreadingHTTPServer.daemon_threads = True
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
open("port.new", "w").write(str(server.server_port)); os.rename("port.new", "port")
server.serve_forever()
P
head -c 300000 /dev/urandom >body
sum=$(sha256sum body | cut -d' ' -f1)
python3 server.py &
server=$!
trap 'kill $server 2>/dev/null; rm -rf "$work"' EXIT
for _ in $(seq 100); do [ -e port ] && break; sleep 0.1; done
at=http://127.0.0.1:$(cat port)
export no_proxy=127.0.0.1
d=$work/share/rq

expect 0 out "$d/b.npy" data fetch "$at/good/b.npy" --sha256 "$sum"
cmp -s body "$d/b.npy" && [ ! -e "$d/b.npy.part" ] || fail "fetch: not the file"
expect 0 out "$d/b.npy" data fetch "$at/absent/b.npy" --sha256 "${sum^^}" # it is there: no request
printf x >>"$d/b.npy"
expect 2 err "is there, but it is damaged or another file" data fetch "$at/good/b.npy" --sha256 "$sum"

# a download that breaks off goes on; with a server that cannot, and with rubbish in the part, it begins anew
rm "$d/b.npy"
expect 2 err "what has come is kept, the same command goes on from there" data fetch "$at/cut/b.npy" --sha256 "$sum"
[ "$(stat -c %s "$d/b.npy.part")" = 1000 ] && [ ! -e "$d/b.npy" ] || fail "fetch: a download that broke off"
expect 0 out b.npy data fetch "$at/good/b.npy" --sha256 "$sum"
grep -q "/good/b.npy bytes=1000-" requests && cmp -s body "$d/b.npy" || fail "fetch: did not resume"
for kind in norange good; do
    rm "$d/b.npy"
    [ $kind = good ] && printf rubbish >"$d/b.npy.part" || head -c 1000 body >"$d/b.npy.part"
    expect 0 out b.npy data fetch "$at/$kind/b.npy" --sha256 "$sum"
    cmp -s body "$d/b.npy" || fail "fetch: $kind: not begun anew"
done
rm "$d/b.npy"

# a download that is killed goes on; two at once do not meet
"$RQ" data fetch "$at/slow/b.npy" --sha256 "$sum" >/dev/null 2>&1 &
for _ in $(seq 300); do [ "$(stat -c %s "$d/b.npy.part" 2>/dev/null || echo 0)" -ge 100000 ] && break; sleep 0.02; done
expect 2 err "is being downloaded by another process" data fetch "$at/good/b.npy" --sha256 "$sum"
kill -9 $! && wait $! 2>/dev/null
[ ! -e "$d/b.npy" ] || fail "fetch: half a file has its name"
expect 0 out b.npy data fetch "$at/good/b.npy" --sha256 "$sum"
grep -q "/good/b.npy bytes=100000-" requests && cmp -s body "$d/b.npy" || fail "fetch: did not go on after a kill"

# progress, on a terminal only
rm "$d/b.npy"
expect 0 out b.npy data fetch "$at/good/b.npy" --sha256 "$sum"
[ ! -s err ] || { fail "progress without a terminal"; cat err; }
rm "$d/b.npy"
sed "s|\[sys.argv\[1\].*\]|sys.argv[1:]|" terminal.py >fetching.py
python3 fetching.py "$RQ" data fetch "$at/good/b.npy" --sha256 "$sum" >shown
grep -q "$(printf '\r')b.npy  0.3 MB" shown && cmp -s body "$d/b.npy" || { fail "no progress on a terminal"; cat -A shown; }
rm "$d/b.npy"

# a copy that was packed anew is known by what it unpacks to; what is damaged is not
expect 0 out "$d/b.gz" data fetch "$at/packed/b.gz" --sha256 "$sum"
! cmp -s body "$d/b.gz" && gzip -dc "$d/b.gz" | cmp -s body || fail "fetch: a packed file was changed"
expect 0 out "$d/b.gz" data fetch "$at/absent/b.gz" --sha256 "$sum"
head -c 200000 "$d/b.gz" >cut.gz && mv cut.gz "$d/b.gz"
expect 2 err "is there, but it is damaged or another file" data fetch "$at/good/b.gz" --sha256 "$sum"
rm "$d/b.gz"
if [ -e "$own_data/mnist/train-images-idx3-ubyte.gz" ]; then
    expect 0 out "$d/mnist/t10k-labels-idx1-ubyte.gz" data fetch mnist --from "file://$own_data/mnist"
    rm -r "$d/mnist"
else
    echo "skipped: MNIST packed anew (it is not in RQ_DATA)"
fi

# what is not the file never gets its name
expect 2 err "is damaged or another file: 300000 bytes with SHA-256" data fetch "$at/wrong/b.npy" --sha256 "$sum"
expect 2 err "404" data fetch "$at/absent/b.npy" --sha256 "$sum"
expect 2 err "could not be downloaded" data fetch "http://127.0.0.1:1/b.npy" --sha256 "$sum"
[ -z "$(ls -A "$d")" ] || { fail "fetch: leaves"; ls -A "$d"; }

# known data sets: table, --from, a file of another length
expect 2 err "train-images-idx3-ubyte.gz' is damaged or another file: 300000 bytes" data fetch mnist --from "$at/wrong"
head -c 20000000 /dev/zero >train-images-idx3-ubyte.gz
expect 2 err "has more than 19824844 bytes; nothing of it was kept" data fetch mnist --from "file://$work/"
[ -z "$(ls -A "$d/mnist")" ] || { fail "fetch: leaves"; ls -A "$d/mnist"; }

# a full disk keeps what has come
mkdir disk
if mount -t tmpfs -o size=64k none disk 2>/dev/null; then
    expect 2 err "No space left on device" data fetch "$at/good/b.npy" --sha256 "$sum" --data "$work/disk"
    [ ! -e disk/b.npy ] && [ "$(stat -c %s disk/b.npy.part)" -gt 1000 ] || fail "fetch: a full disk"
    mount -o remount,size=1m none disk
    expect 0 out "disk/b.npy" data fetch "$at/good/b.npy" --sha256 "$sum" --data "$work/disk"
    cmp -s body disk/b.npy || fail "fetch: after a full disk"
    umount disk
else
    echo "skipped: a full disk (a tmpfs cannot be mounted here)"
fi

usage_error "lacks the name of a data set" data fetch
usage_error "'glyphs' is no data set that can be downloaded" data fetch glyphs
usage_error "has to be known: --sha256 HEX" data fetch "$at/good/b.npy"
usage_error "takes 64 hexadecimal digits, not 'abc'" data fetch "$at/good/b.npy" --sha256 abc
usage_error "does not end in the name of a file" data fetch "$at/good/" --sha256 "$sum"
usage_error "could not be downloaded" data fetch "ftp://127.0.0.1/b.npy" --sha256 "$sum"
: >blocked
usage_error "directory '$work/blocked/x' cannot be made" data fetch "$at/good/b.npy" --sha256 "$sum" --data "$work/blocked/x"
usage_error "--from and --sha256 are for 'rq data fetch'" data list --from x
finish

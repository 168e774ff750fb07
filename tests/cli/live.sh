#!/usr/bin/env bash
# live.sh: the ranking that is drawn over itself while an exploration runs: on a terminal alone, never wider or higher than it, gone at
# the end.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
cat >space.rq <<'RQ'
data small = glyphs(train: 24, val: 8, test: 8, size: 8, classes: 2);
model Plain { input x: image[1, 8, 8]; layer wide = dense(64); layer other = dense(64); layer head = dense(2); output head; }
train p { model: Plain; data: small; loss: cross_entropy; epochs: 2; batch: 8; seed: 7; probe: 4; }
explore all { train: p; over skips: x -> other, wide -> other; seeds: 2; }
RQ
cat >terminal.py <<'PY'
"""terminal.py COLUMNS ROWS TERM COMMAND..: runs it with standard error on such a terminal; prints what that was sent, as Python text."""
import fcntl, os, pty, struct, subprocess, sys, termios
columns, rows, term = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
ours, theirs = pty.openpty()
fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
child = subprocess.Popen(sys.argv[4:], stdout=subprocess.DEVNULL, stderr=theirs, env=dict(os.environ, TERM=term))
os.close(theirs)
sent = b""
try:
    while block := os.read(ours, 65536): sent += block
except OSError: # the other end is closed
    pass
print(child.wait(), repr(sent.decode()))
PY

python3 terminal.py 60 7 xterm "$RQ" explore space.rq --out wide >sent || fail "terminal"
python3 - <<'PY' || { fail "what is drawn on a terminal of 60 x 7"; head -c 3000 sent; }
import ast, re
code, text = open("sent").read().split(" ", 1)
text = ast.literal_eval(text)
assert code == "0", code
frames = [f for f in text.split("\x1b[J") if "runs," in f]
assert frames, "nothing drawn"
assert frames[-1].count("4 of 4 runs") == 1
for f in frames:
    lines = re.sub(r"\x1b\[\d+A\r?$|\r$", "", f).split("\r\n")
    assert len(lines) <= 7 and all(len(l) < 60 for l in lines), lines
lines = frames[-1].split("\r\n")
assert lines[0].startswith("rank  val.accuracy") and len(lines) == 6, lines
assert [l[0] for l in lines[1:5]] == list("12--") and all("2/2" in l for l in lines[1:3]), lines
assert text.endswith("\x1b[5A\r\x1b[J"), text[-40:]
PY

for term in dumb xterm; do
    quiet=(); [ $term = dumb ] || quiet=(--quiet)
    rm -rf again
    python3 terminal.py 60 7 $term "$RQ" explore space.rq --out again "${quiet[@]}" >sent || fail "terminal"
    ! grep -qF '\x1b' sent || fail "TERM=$term ${quiet[*]}: escapes"
done
cmp -s wide/results.csv again/results.csv || fail "what is shown changes results"
finish

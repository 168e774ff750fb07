"""One peer, one form, one work, in a process of its own: prints {"seconds": .., "how": ..} or {"error": ..} as JSON.

    python measure.py PEER FORM WORK NUMBERS.safetensors
"""
import importlib
import json
import sys

from works import WORKS, numbers_of

peer, form, name, path = sys.argv[1:]
try:
    seconds, how = importlib.import_module("peer_" + peer).run(form, WORKS[name], numbers_of(path, name))
    print(json.dumps({"seconds": seconds, "how": how}))
except Exception as e:  # whatever goes wrong in a peer is a line of the table
    print(json.dumps({"error": f"{type(e).__name__}: {str(e).splitlines()[0] if str(e) else ''}"}))

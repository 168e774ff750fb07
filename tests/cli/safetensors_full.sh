#!/usr/bin/env bash
# safetensors_full.sh: safetensors.sh with Python's library, which is installed into a virtual environment in the build folder if need be.
python=${PYTHON-python3} venv=${RQ_BUILD:?the build folder}/safetensors
if ! "$python" -c 'import numpy, safetensors.numpy' 2>/dev/null; then
    [ -x "$venv/bin/python" ] || python3 -m venv "$venv" 2>/dev/null || { echo "no Python with venv"; exit 77; }
    "$venv/bin/python" -c 'import safetensors.numpy' 2>/dev/null || "$venv/bin/pip" install -q numpy safetensors 2>/dev/null ||
        { echo "safetensors cannot be installed"; exit 77; }
    python=$venv/bin/python
fi
PYTHON=$python exec bash "${RQ_SRC:?the source tree}/tests/cli/safetensors.sh"

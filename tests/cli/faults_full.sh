#!/usr/bin/env bash
# faults_full.sh: every single call.
RQ_FAULTS_EACH=1 exec bash "${RQ_SRC:?the source tree}/tests/cli/faults.sh"

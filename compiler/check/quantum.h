/* quantum.h: what quantum and quanvolutional layers share: encoding, circuit and observable put
 * together. */
#ifndef RQ_CHECK_QUANTUM_H
#define RQ_CHECK_QUANTUM_H

#include "check/circuit.h"
#include "check/layer.h"

/* The parts as written; NULL: left out. */
typedef struct QuantumArgs {
    const Arg *encode, *circuit, *measure, *qubits;
    const UnitRef *encoding_unit, *circuit_unit, *observable_unit; /* what they name */
} QuantumArgs;

/* Finds what the arguments name. False after reports on encoding or circuit, or silently if the
 * source had a mistake; a wrong observable is left NULL, so that the circuit is looked at all the
 * same. */
bool quantum_units(LayerCall *l, QuantumArgs *args);

/* Fills encoding, circuit, observable and qubits of `a` for `values` numbers per circuit. Without
 * encode: the circuit's data argument takes them, else angle(); without measure: z_each. False
 * after a report. */
bool quantum_parts(LayerCall *l, QuantumArgs args, int64_t values, QuantumAttr *a);

/* "quanv 4q d4": kind, qubits, depth where the circuit has one. */
const char *quantum_text(LayerCall *l, const QuantumAttr *a, const UnitRef *circuit);

#endif

/* gate.h: the names of gates. */
#ifndef RQ_CHECK_GATE_H
#define RQ_CHECK_GATE_H

#include "check/circuit.h"

/* Interns the names of all gates in k->gate_names. */
void gate_names_init(Check *k);
bool is_gate_name(const Check *k, Name name);
/* Reports the name of a gate statement. */
void unknown_gate(Env *e, const Stmt *s);
/* "rx", "unitary", "depolarize". */
const char *gate_text(GateId gate);

#endif

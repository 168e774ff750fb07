/* model_builder.h: instances made by hand, for tests of what comes after checking. */
#ifndef RQ_TESTS_MODEL_BUILDER_H
#define RQ_TESTS_MODEL_BUILDER_H

#include "check/inst.h"

/* Names are kept by pointer or interned; everything lies in c->keep. */
ModelInst *model_new(Compiler *c, const char *name);
GroupId add_group(Compiler *c, ModelInst *m, const char *path, int rank, const int64_t *dim);
ValueType real_type(int rank, const int64_t *dim);
ValueType state_type(int qubits);
StageId add_input(Compiler *c, ModelInst *m, const char *name, ValueType type);
/* Copies s and its operands; none for a missing second operand. */
StageId add_stage(Compiler *c, ModelInst *m, Stage s, StageId a, StageId b);
/* The same as a layer of that name. Stages made before for the same layer can be moved into it by
 * setting Stage.layer. */
StageId add_layer(Compiler *c, ModelInst *m, const char *name, Stage s, StageId a);
void set_groups(Compiler *c, Stage *s, GroupId first, GroupId second);

const Sx *make_number(Compiler *c, double value);
const Sx *make_param(Compiler *c, GroupId group, uint32_t index);
const Sx *make_data(Compiler *c, uint32_t index);
const Sx *make_of(Compiler *c, SxKind kind, const Sx *a, const Sx *b);

CircuitInst *circuit_new(Compiler *c, uint32_t qubits, uint32_t data_count);
/* A gate on `target_count` targets, the further operands are controls, all |1>. Returns it for
 * changes. */
GateApp *add_gate(Compiler *c, CircuitInst *circuit, GateId gate, const Sx *arg, int targets,
                  int operands, const int *qubit);
const char *channel_name(GateId gate); /* as dense_density.h has it */
/* ry(pi x[i]) q[i] for each of n values. */
const EncodingInst *angle_encoding(Compiler *c, uint32_t n);
const EncodingInst *amplitude_encoding(Compiler *c, uint32_t values, uint32_t qubits,
                                       bool zero_is_ground);
ObservableInst *observable_new(Compiler *c, uint32_t qubits);
/* A term of the last yield; `paulis` is a text like "XIZ", a NULL coefficient is 1. */
void add_yield(Compiler *c, ObservableInst *o);
void add_term(Compiler *c, ObservableInst *o, const Sx *coefficient, const char *paulis);
const ObservableInst *z_each(Compiler *c, uint32_t qubits);

#endif

/* shape.c: types of values and how they are written. */
#include <inttypes.h>

#include "check/model.h"

ValueType type_vector(int64_t n) { return (ValueType){.kind = VALUE_real, .rank = 1, .dim = {n}}; }

ValueType type_image(int64_t c, int64_t h, int64_t w)
{
    return (ValueType){.kind = VALUE_real, .rank = 3, .dim = {c, h, w}};
}

ValueType type_state(ValueKind kind, int64_t qubits)
{
    return (ValueType){.kind = kind, .rank = 1, .dim = {qubits}};
}

bool type_equal(ValueType a, ValueType b)
{
    if (a.kind != b.kind || a.rank != b.rank) return false;
    for (int i = 0; i < a.rank; i++) {
        if (a.dim[i] != b.dim[i]) return false;
    }
    return true;
}

int64_t value_count(ValueType t)
{
    const int64_t most = INT64_C(1) << 40;
    int64_t n = 1;
    for (int i = 0; i < t.rank; i++) n = t.dim[i] && n > most / t.dim[i] ? most : n * t.dim[i];
    return n;
}

const char *value_type_text(Check *k, ValueType t)
{
    if (t.kind == VALUE_none) return "nothing";
    if (t.kind == VALUE_state) return arena_printf(k->keep, "state[%" PRId64 "]", t.dim[0]);
    if (t.kind == VALUE_density) return arena_printf(k->keep, "density[%" PRId64 "]", t.dim[0]);
    if (t.rank == 0) return "a single number";
    const char *text = "[";
    for (int i = 0; i < t.rank; i++)
        text = arena_printf(k->keep, "%s%s%" PRId64, text, i ? ", " : "", t.dim[i]);
    return arena_printf(k->keep, "%s]", text);
}

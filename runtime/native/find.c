/* find.c: the functions of a native program's model. */
#include <string.h>

#include "closest.h"
#include "native/native.h"

enum { MOST_NAMES = 256 };

const rq_function *rq_native_find(const rq_model *m, rq_function_kind kind, const char *layer, rq_error *err)
{
    const rq_native_functions *all = m->context;
    const char *names[MOST_NAMES], *wanted = layer ? layer : "";
    int n = 0;
    for (int i = 0; i < all->count; i++) {
        if (all->at[i].kind != (int32_t)kind) continue;
        if (!strcmp(all->at[i].layer, wanted)) return all->at[i].f;
        if (n < MOST_NAMES) names[n++] = all->at[i].layer;
    }
    const char *near = rq_closest(wanted, names, n);
    rq_fail(err, "--layer: model '%s' has no layer '%s'%s%s%s", m->name, wanted, near && *near ? "; did you mean '" : "",
            near ? near : "", near && *near ? "'?" : "");
    return NULL;
}

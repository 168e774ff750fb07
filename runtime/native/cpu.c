/* cpu.c: can this processor run the program's code? Asked before any of it runs. */
#include <stdio.h>
#include <string.h>

#include "native/native.h"

#if defined(__x86_64__)
static bool supports(const char *feature, size_t length)
{
    __builtin_cpu_init();
#define FEATURE(name)                                                                              \
    if (length == sizeof name - 1 && !strncmp(feature, name, length)) return __builtin_cpu_supports(name) != 0;
#include "program/cpu_features.def"
#undef FEATURE
    return false;
}
#else
/* There is no list of another architecture's features yet, so none is written into its programs. */
static bool supports(const char *feature, size_t length)
{
    (void)feature, (void)length;
    return false;
}
#endif

bool rq_native_cpu_ok(const char *features, rq_error *err)
{
    char missing[512] = "";
    for (const char *s = features; *s;) {
        size_t n = strcspn(s, " "), used = strlen(missing);
        if (!supports(s, n)) snprintf(missing + used, sizeof missing - used, "%s%.*s", used ? ", " : "", (int)n, s);
        s += n + (s[n] == ' ');
    }
    return !*missing || rq_fail(err, "this processor lacks %s", missing);
}

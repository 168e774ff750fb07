/* closest.c: did you mean? */
#include "closest.h"

#include <stdbool.h>
#include <string.h>

enum { LONGEST = 64 };

/* Levenshtein distance with a swap of neighbours as one edit; `limit` or more is reported as limit. */
static size_t edit_distance(const char *a, const char *b, size_t limit)
{
    size_t la = strlen(a), lb = strlen(b), row[3][LONGEST + 1];
    if (la > LONGEST || lb > LONGEST || la > lb + limit || lb > la + limit) return limit;
    for (size_t j = 0; j <= lb; j++) row[0][j] = j;
    for (size_t i = 1; i <= la; i++) {
        size_t *now = row[i % 3], *up = row[(i + 2) % 3], *up2 = row[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= lb; j++) {
            size_t best = up[j - 1] + (a[i - 1] != b[j - 1]);
            if (up[j] + 1 < best) best = up[j] + 1;
            if (now[j - 1] + 1 < best) best = now[j - 1] + 1;
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && up2[j - 2] + 1 < best) best = up2[j - 2] + 1;
            now[j] = best;
        }
    }
    return row[la % 3][lb] < limit ? row[la % 3][lb] : limit;
}

const char *rq_closest(const char *text, const char *const *candidates, size_t n)
{
    size_t len = strlen(text), best = (len < 4 ? 1 : len / 3) + 1;
    const char *found = NULL;
    for (size_t i = 0; i < n; i++) {
        size_t d = edit_distance(text, candidates[i], best);
        if (d >= best || d >= len) continue;
        best = d;
        found = candidates[i];
    }
    return found;
}

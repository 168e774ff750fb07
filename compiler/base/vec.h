/* vec.h: growable arrays on an arena.
 *
 *     VEC(Span) spans = {0};
 *     vec_push(arena, &spans, span);
 *     for (uint32_t i = 0; i < spans.len; i++) use(spans.at[i]);
 */
#ifndef RQ_BASE_VEC_H
#define RQ_BASE_VEC_H

#include "base/arena.h"

#define VEC(T)                                                                                     \
    struct {                                                                                       \
        T *at;                                                                                     \
        uint32_t len, cap;                                                                         \
    }

/* Makes room for `more` further items. */
#define vec_reserve(arena, v, more)                                                                \
    do {                                                                                           \
        if ((v)->len + (uint32_t)(more) > (v)->cap) {                                              \
            uint32_t cap_ = (v)->cap ? (v)->cap * 2 : 8;                                           \
            while (cap_ < (v)->len + (uint32_t)(more)) cap_ *= 2;                                  \
            (v)->at = arena_grow((arena), (v)->at, sizeof *(v)->at * (v)->len,                     \
                                 sizeof *(v)->at * cap_);                                          \
            (v)->cap = cap_;                                                                       \
        }                                                                                          \
    } while (0)

#define vec_push(arena, v, ...)                                                                    \
    do {                                                                                           \
        vec_reserve(arena, v, 1);                                                                  \
        (v)->at[(v)->len++] = (__VA_ARGS__);                                                       \
    } while (0)

#endif

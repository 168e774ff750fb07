/* roles.h: what a buffer of a compiled function is for. Shared by the compiler and the runtime; holds nothing else. */
#ifndef RQ_PROGRAM_ROLES_H
#define RQ_PROGRAM_ROLES_H

typedef enum rq_role {
    RQ_ROLE_none,
    RQ_ROLE_param,   /* bound by the caller, shared */
    RQ_ROLE_input,   /* bound by the caller per chunk, [element][lane] */
    RQ_ROLE_output,  /* batched: [chunk][element][lane]; else [element] */
    RQ_ROLE_thread,  /* temporary of one chunk */
    RQ_ROLE_kept,    /* temporary of one chunk that a later phase reads */
    RQ_ROLE_shared,  /* temporary of shared phases, read by all */
    RQ_ROLE_partial, /* a batch sum over one chunk */
    RQ_ROLE_total,   /* the same over all chunks, by the runtime's fixed tree */
    RQ_ROLE_constant, /* known values; they lie in the generated code, the runtime binds nothing */
} rq_role;

#endif

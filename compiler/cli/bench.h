/* bench.h: what the files of `rq bench` share. */
#ifndef RQ_CLI_BENCH_H
#define RQ_CLI_BENCH_H

#include "cli/session.h"
#include "clock.h"

typedef struct Bench {
    const Options *o;
    int real_bytes, threads;
    double flops;     /* bench_flops */
    double bandwidth; /* bench_bandwidth */
} Bench;

/* What is called again and again: seconds of a call, median over repeats and the shortest. */
typedef struct Measured {
    double seconds, best, spent; /* spent: with all repeats */
} Measured;
Measured bench_time(void (*call)(void *context), void *context);

/* A compiled function with parameters and samples. The samples are those of one chunk again and again: times do not depend on them. */
typedef struct Subject {
    const rq_function *f;
    int64_t samples, flops; /* flops: real operations per sample, counted from the kernels */
    double compile;         /* seconds, from the instance to machine code */
    rq_params params;
    const void **bound;
    void **chunk; /* each input of one chunk; "weight" is 1/samples, "target" one-hot, others uniform in [0, 1) */
    void **outputs;
    rq_runner *runner;
} Subject;
/* Takes over f; what is wrong is fatal. */
Subject subject_new(const Bench *b, Compiler *c, const rq_model *m, const rq_function *f, int64_t samples);
void subject_call(void *subject);
void subject_free(Subject *s);

/* Compiles g, which it consumes, runs it on so many samples, and gives the real operations of a sample. */
Measured bench_graph(const Bench *b, Compiler *c, const rq_model *m, Graph *g, int64_t samples, int64_t *flops);

/* bench_model.c: `rq bench FILE`: each layer of a model by itself. */
int bench_model(Bench *b, Compiler *c);

/* Sets flops and bandwidth, and prints them. */
void bench_machine(Bench *b, Compiler *c);
/* bench_machine.c: what this machine reaches on all threads. */
/* Real operations per second in vector registers; a multiply-add is two. */
double bench_flops(Compiler *c, const Bench *b);
/* Bytes per second that copies of large blocks read and write. */
double bench_bandwidth(const Bench *b);

#endif

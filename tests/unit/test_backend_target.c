/* test_backend_target.c: CPU names, code for older CPUs, what the assembly of an inner loop looks like, the same text each time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/backend.h"
#include "reference/hand_kernels.h"
#include "kernels_run.h"

static const uint8_t real_dense[4] = {1, 1, 1, 1};
static const Wires on_qubit_1 = {.qubits = 4, .target_count = 1, .target = {1}, .pattern = real_dense};

/* psi = x; psi = apply(m, psi); y = fma(psi, psi, 0.5) */
static Hand gate_kernels(int real_bytes)
{
    Hand h = hand_open("f", 16, real_bytes);
    BufferId m = hand_param(&h, "m", 4, true), x = hand_param(&h, "x", 16, true);
    BufferId psi = hand_output(&h, "psi", 16, true, true), y = hand_output(&h, "y", 16, true, false);
    hand_kernel(&h, 1, 1);
    hand_in(&h, hand_step(&h, STEP_copy, 16, psi), x, 16);
    Step *s = hand_step(&h, STEP_apply, 16, psi);
    hand_in(&h, s, m, 4);
    hand_in(&h, s, psi, 16);
    s->gate.wires = &on_qubit_1;
    s = hand_step(&h, STEP_map, 16, y);
    hand_in(&h, s, psi, 16);
    uint32_t re = hand_load(&h, s, 0, 0), im = hand_load(&h, s, 0, 1), half = hand_number(&h, s, 0.5);
    uint32_t norm = hand_op(&h, s, SCALAR_fma, re, re, hand_op(&h, s, SCALAR_fma, im, im, half));
    hand_store(&h, s, 0, 0, hand_op(&h, s, SCALAR_round, hand_op(&h, s, SCALAR_mul, norm, norm, 0), 0, 0));
    return h;
}

static char *text_of(const Kernels *k, const char *cpu, bool assembly)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    Module *m = module_new(k->c, k, cpu);
    if (assembly) assert_true(module_print_asm(out, m));
    else module_print(out, m);
    module_drop(m);
    fclose(out);
    return text;
}

/* The lines of a function of the assembly, to be freed. */
static char *function_of(const char *assembly, const char *label)
{
    const char *from = strstr(assembly, label);
    assert_non_null(from);
    const char *end = strstr(from, ".Lfunc_end");
    assert_non_null(end);
    return strndup(from, (size_t)(end - from));
}

static void test_the_inner_loop_is_vectors_without_calls(void **state)
{
    (void)state;
    Hand h = gate_kernels(4);
    char *v4 = text_of(h.k, "x86-64-v4", true), *apply = function_of(v4, "\nf_apply0:");
    assert_non_null(strstr(apply, "vfmadd"));
    assert_non_null(strstr(apply, "%zmm"));
    assert_null(strstr(apply, "call"));
    char *v3 = text_of(h.k, "x86-64-v3", true), *apply3 = function_of(v3, "\nf_apply0:");
    assert_non_null(strstr(apply3, "vfmadd"));
    assert_non_null(strstr(apply3, "%ymm"));
    assert_null(strstr(apply3, "%zmm"));
    char *v2 = text_of(h.k, "x86-64-v2", true), *apply2 = function_of(v2, "\nf_apply0:");
    assert_non_null(strstr(apply2, "mulps"));
    assert_null(strstr(apply2, "call"));
    assert_null(strstr(v2, "fmaf"));
    assert_null(strstr(v2, "roundeven"));
    free(v4), free(v3), free(v2), free(apply), free(apply3), free(apply2);
    hand_close(&h);
}

static void test_the_same_kernels_give_the_same_text(void **state)
{
    (void)state;
    Hand h = gate_kernels(8);
    char *a = text_of(h.k, "native", false), *b = text_of(h.k, "native", false);
    assert_string_equal(a, b);
    assert_non_null(strstr(a, "define void @f_phase1(ptr"));
    free(a), free(b);
    hand_close(&h);
}

static void run_on(const char *cpu, int real_bytes, double *y)
{
    Hand h = gate_kernels(real_bytes);
    double m[8] = {0.6, 0, -0.8, 0, 0.8, 0, 0.6, 0}, x[32];
    for (int i = 0; i < 32; i++) x[i] = 0.1 * i - 1;
    Binding bindings[] = {{"m", m}, {"x", x}};
    kernels_run(h.k, cpu, 1, 1, bindings, 2, (double *[]){NULL, y});
    hand_close(&h);
}

static void test_code_for_other_cpus_runs_here(void **state)
{
    (void)state;
    static const char *const levels[] = {"x86-64-v2", "x86-64-v3", "x86-64-v4"};
    double native[16], other[16];
    for (int real_bytes = 4; real_bytes <= 8; real_bytes += 4) {
        run_on("native", real_bytes, native);
        for (size_t i = 0; i < COUNT(levels); i++) {
            if (!backend_cpu_runs_here(levels[i])) continue;
            run_on(levels[i], real_bytes, other);
            for (int j = 0; j < 16; j++) assert_true(native[j] == other[j]);
        }
    }
}

/* Runs in a child: LLVM complains of names that it does not know on standard error. A fused multiply-add that the CPU has not is a call. */
static void child_emits(const char *cpu)
{
    Hand h = gate_kernels(4);
    char *text = text_of(h.k, cpu, true);
    if (strstr(text, "fmaf")) fprintf(stderr, "calls fmaf");
    free(text);
    hand_close(&h);
    _exit(0);
}

/* What a child that emits for this CPU writes to standard error, up to 200 bytes. */
static void complaints(const char *cpu, char text[201])
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        child_emits(cpu);
    }
    close(ends[1]);
    ssize_t n = 0, got;
    while (n < 200 && (got = read(ends[0], text + n, (size_t)(200 - n))) > 0) n += got;
    text[n] = 0;
    close(ends[0]);
    int status;
    waitpid(child, &status, 0);
    if (n == 0) assert_int_equal(status, 0);
}

static void test_llvm_knows_every_cpu_of_the_list(void **state)
{
    (void)state;
    char text[201];
    for (size_t i = 0; backend_cpu_at(i); i++) {
        assert_true(backend_cpu_ok(backend_cpu_at(i)));
        complaints(backend_cpu_at(i), text);
        if (text[0]) fail_msg("%s: %s", backend_cpu_at(i), text);
    }
    complaints("pentium9000", text);
    assert_non_null(strstr(text, "not a recognized processor"));
}

static void test_names(void **state)
{
    (void)state;
    assert_true(backend_cpu_ok(NULL));
    assert_true(backend_cpu_ok("native"));
    assert_true(backend_cpu_runs_here("native"));
    assert_false(backend_cpu_ok("pentium9000"));
    assert_false(backend_cpu_ok(""));
    assert_false(backend_cpu_runs_here("pentium9000"));
    Arena *a = arena_new("names");
    assert_string_equal(backend_cpu_name(a, "x86-64-v3"), "x86-64-v3");
    assert_true(strlen(backend_cpu_name(a, "native")) > 0);
    arena_drop(a);
}

static void test_object_files(void **state)
{
    (void)state;
    Hand h = gate_kernels(4);
    const char *error = NULL;
    char path[] = "/tmp/rq_object_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    Module *m = module_new(h.k->c, h.k, "x86-64-v2");
    assert_true(module_write_object(m, path, &error));
    struct stat s;
    assert_int_equal(stat(path, &s), 0);
    assert_true(s.st_size > 500);
    assert_false(module_write_object(m, "/nonexistent/x.o", &error));
    assert_non_null(error);
    module_drop(m);
    unlink(path);
    hand_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_inner_loop_is_vectors_without_calls),
        cmocka_unit_test(test_the_same_kernels_give_the_same_text),
        cmocka_unit_test(test_code_for_other_cpus_runs_here),
        cmocka_unit_test(test_llvm_knows_every_cpu_of_the_list),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_object_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

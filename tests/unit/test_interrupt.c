/* test_interrupt.c: standard files that the parent closed, and the signals that stop a run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "train/interrupt.h"

/* The next file that is opened gets none of the three numbers, and what is written to a closed one fails. */
static int with_closed_files(void)
{
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    close(STDERR_FILENO);
    rq_standard_files();
    char byte;
    int next = open("/dev/null", O_RDWR);
    return next > STDERR_FILENO && write(STDOUT_FILENO, "x", 1) == -1 && write(STDERR_FILENO, "x", 1) == -1 &&
                   read(STDIN_FILENO, &byte, 1) == -1
               ? 0
               : 1;
}

static int with_open_files(void)
{
    int pair[2];
    if (pipe(pair) || dup2(pair[1], STDOUT_FILENO) < 0) return 1;
    rq_standard_files();
    return write(STDOUT_FILENO, "x", 1) == 1 ? 0 : 1;
}

/* A pipe without a reader sets the flag, again and again, and ends nothing. */
static int with_broken_pipe(void)
{
    int pair[2];
    if (pipe(pair)) return 1;
    const volatile sig_atomic_t *stop = rq_interrupt_flag();
    if (*stop) return 2;
    close(pair[0]);
    for (int i = 0; i < 3; i++)
        if (write(pair[1], "x", 1) != -1) return 3;
    return *stop ? 0 : 4;
}

static int in_child(int (*body)(void))
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) _exit(body());
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void standard_files(void **state)
{
    (void)state;
    assert_int_equal(in_child(with_closed_files), 0);
    assert_int_equal(in_child(with_open_files), 0);
}

static void broken_pipe(void **state)
{
    (void)state;
    assert_int_equal(in_child(with_broken_pipe), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(standard_files), cmocka_unit_test(broken_pipe)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_options.c: command lines and what they are read as; every mistake is one message and exit
 * code 2.
 *
 * options.c is compiled into the test, with verbs of the test's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/options.c"

#include <cmocka.h>

enum { WORDS_MAX = 16 };

static const Verb test_verbs[] = {
    {"run", "FILE", "json quiet set threads seed precision deny output compare", "", "", NULL},
    {"emit", "FILE [MORE]", "stage", "", "", NULL},
};

const Verb *verbs_all(size_t *n)
{
    *n = COUNT(test_verbs);
    return test_verbs;
}

/* Splits "run f.rq --json" at its blanks; "_" stands for an empty word. */
static int split(char *line, char **words)
{
    int n = 0;
    for (char *s = strtok(line, " "); s; s = strtok(NULL, " ")) {
        assert_true(n < WORDS_MAX);
        words[n++] = strcmp(s, "_") ? s : s + 1;
    }
    return n;
}

static bool read_line(Arena *a, const char *line, Options *o)
{
    char *words[WORDS_MAX];
    int n = split(arena_strdup(a, line), words);
    const Verb *verb = strcmp(words[0], "emit") ? &test_verbs[0] : &test_verbs[1];
    return options_read(a, verb, n - 1, words + 1, o);
}

/* The line ends the program with exit code 2 and one line that contains `message`. */
static void refuses(const char *line, const char *message)
{
    int ends[2];
    char text[512] = "";
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        Arena *a = arena_new("child");
        Options o;
        read_line(a, line, &o);
        _exit(0);
    }
    close(ends[1]);
    ssize_t len = 0;
    for (ssize_t got; (got = read(ends[0], text + len, sizeof text - 1 - (size_t)len)) > 0;) {
        len += got;
    }
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 2 || !strstr(text, message) ||
        strchr(text, '\n') != text + len - 1) {
        fail_msg("'%s': status %d, '%s', not '%s'", line, status, text, message);
    }
}

static void values_arrive(void **state)
{
    (void)state;
    Arena *a = arena_new("test");
    Options o;
    assert_true(read_line(a,
                          "run --json f.rq --threads 2 --seed=9223372036854775807 --set a=1 "
                          "--set=b=2 -o y.npy --deny none,unused --precision f64",
                          &o));
    assert_string_equal(o.verb, "run");
    assert_string_equal(o.file, "f.rq");
    assert_true(o.json);
    assert_false(o.quiet);
    assert_int_equal(o.threads, 2);
    assert_true(o.seed.given);
    assert_true(o.seed.value == INT64_MAX);
    assert_int_equal(o.set.len, 2);
    assert_string_equal(o.set.at[0], "a=1");
    assert_string_equal(o.set.at[1], "b=2");
    assert_string_equal(o.output, "y.npy");
    assert_string_equal(o.deny, "none,unused");
    assert_string_equal(o.precision, "f64");
    assert_null(o.compare);

    assert_true(read_line(a, "run f.rq --seed 0", &o));
    assert_true(o.seed.given && o.seed.value == 0);
    assert_true(read_line(a, "run f.rq --json --json -oy", &o));
    assert_true(o.json && !o.seed.given && o.threads == 0);
    assert_string_equal(o.output, "y");
    assert_true(read_line(a, "emit -- --odd -h", &o));
    assert_string_equal(o.file, "--odd");
    assert_int_equal(o.rest.len, 1);
    assert_string_equal(o.rest.at[0], "-h");
    arena_drop(a);
}

static void help_is_wanted(void **state)
{
    (void)state;
    Arena *a = arena_new("test");
    Options o;
    assert_false(read_line(a, "run -h", &o));
    assert_false(read_line(a, "run --nonsense --threads 0 --help", &o));
    arena_drop(a);
}

static void numbers_are_checked(void **state)
{
    (void)state;
    const char *wrong[] = {"0",   "-1",  "+1",   "1x",      "x",
                           "1.5", "1e3", "0x10", "1000001", "99999999999999999999999"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        char line[100], message[200];
        snprintf(line, sizeof line, "run f.rq --threads %s", wrong[i]);
        snprintf(message, sizeof message,
                 "--threads takes a whole number from 1 to 1000000, not '%s'", wrong[i]);
        refuses(line, message);
    }
    refuses("run f.rq --threads _", "--threads takes a whole number from 1 to 1000000, not ''");
    refuses("run f.rq --threads=", "--threads takes a whole number from 1 to 1000000, not ''");
    refuses("run f.rq --seed -1", "--seed takes a whole number from 0 to 9223372036854775807");
    refuses("run f.rq --seed 9223372036854775808", "not '9223372036854775808'");
}

static void mistakes_are_named(void **state)
{
    (void)state;
    refuses("run", "'rq run' lacks an argument; usage: rq run FILE [options]");
    refuses("run a b", "'rq run' takes 1 argument, but there are 2");
    refuses("emit a b c", "'rq emit' takes 2 arguments, but there are 3");
    refuses("run f.rq --thread 2", "has no option '--thread'; did you mean '--threads'?");
    refuses("run f.rq --nonsense", "has no option '--nonsense'; 'rq help run' lists them");
    refuses("run f.rq --nonsense=3", "has no option '--nonsense'; 'rq help run' lists them");
    refuses("run f.rq --stage x", "'rq run' has no option '--stage'; these verbs have it: emit");
    refuses("train f.rq --epochs 3", "has no option '--epochs'; it is a field of an action, which the file gives, or --set ACTION.epochs=VALUE");
    refuses("run f.rq --rate 3", "it is a field of an action");
    refuses("train f.rq --rate 3", "has no option '--rate'");
    refuses("run f.rq -x", "'rq run' has no option '-x'");
    refuses("emit f.rq -o x", "'rq emit' has no option '-o'");
    refuses("run f.rq --json=1", "--json takes no value, but '1' is given");
    refuses("run f.rq --threads", "--threads lacks its value: --threads N");
    refuses("run f.rq -o", "-o lacks its value: -o FILE");
    refuses("run f.rq --set --json", "--set lacks its value: --set NAME=VALUE");
    refuses("run f.rq --threads 1 --threads 2", "--threads is given twice");
    refuses("run f.rq -o a --output b", "--output is given twice");
    refuses("run f.rq -o _", "-o takes FILE, not an empty text");
    refuses("run f.rq --precision f16", "--precision takes 'f32' or 'f64', not 'f16'");
    refuses("run f.rq --compare inexact", "--compare takes 'exact', not 'inexact'");
    refuses("run f.rq --deny none,ded",
            "--deny takes 'none', 'unused', 'partial' or 'dead', not 'ded'");
    refuses("run f.rq --deny none,", "not ''");
    refuses("run f.rq --deny=", "not ''");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_arrive),
        cmocka_unit_test(help_is_wanted),
        cmocka_unit_test(numbers_are_checked),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

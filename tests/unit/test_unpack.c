/* test_unpack.c: tar archives: what is kept, and that no damage gets through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "data/fetch.h"

static char folder[] = "/tmp/rq-unpack-XXXXXX";
static char archive[64];

static size_t add(unsigned char *tar, size_t at, const char *name, char kind, const char *text)
{
    unsigned char *h = tar + at;
    unsigned sum = 0;
    memset(h, 0, 1024);
    strcpy((char *)h, name);
    snprintf((char *)h + 124, 12, "%011o", (unsigned)strlen(text));
    h[156] = (unsigned char)kind;
    memset(h + 148, ' ', 8);
    for (int i = 0; i < 512; i++) sum += h[i];
    snprintf((char *)h + 148, 8, "%06o", sum);
    memcpy(h + 512, text, strlen(text));
    return at + (*text ? 1024 : 512);
}

static void save(const unsigned char *bytes, size_t size)
{
    FILE *f = fopen(archive, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    fclose(f);
}

static int read_back(const char *name, char text[64])
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    if (!f) return -1;
    int n = (int)fread(text, 1, 63, f);
    text[n] = 0;
    fclose(f);
    unlink(path);
    return n;
}

static size_t example(unsigned char *tar)
{
    size_t n = add(tar, 0, "cifar/", '5', "");
    n = add(tar, n, "cifar/a.bin", '0', "first");
    n = add(tar, n, "cifar/readme.html", '0', "not wanted");
    n = add(tar, n, "../../b.bin", '0', "second"); /* no way out of the folder */
    memset(tar + n, 0, 1024);
    return n + 1024;
}

static void keeps_bin_files(void **state)
{
    (void)state;
    unsigned char tar[8192];
    char text[64];
    int count;
    rq_error err;
    save(tar, example(tar));
    assert_true(rq_unpack(archive, folder, &count, &err));
    assert_int_equal(count, 2);
    assert_int_equal(read_back("a.bin", text), 5);
    assert_string_equal(text, "first");
    assert_int_equal(read_back("b.bin", text), 6);
    assert_string_equal(text, "second");
    assert_int_equal(read_back("readme.html", text), -1);
}

static void any_cut_is_found(void **state)
{
    (void)state;
    unsigned char tar[8192];
    char text[64];
    int count;
    rq_error err;
    size_t size = example(tar);
    for (size_t n = 0; n < size - 512; n += 37) { /* one header of zeros is an end */
        save(tar, n);
        assert_false(rq_unpack(archive, folder, &count, &err));
        assert_true(strlen(err.text) > 0);
    }
    for (size_t at = 512; at < 1024; at++) { /* a header whose sum is wrong; its last byte, 155, says nothing */
        if (at == 512 + 155) continue;
        tar[at] ^= 1;
        save(tar, size);
        assert_false(rq_unpack(archive, folder, &count, &err));
        tar[at] ^= 1;
    }
    read_back("a.bin", text);
    read_back("b.bin", text);
    assert_int_equal(rq_memory_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(keeps_bin_files), cmocka_unit_test(any_cut_is_found)};
    if (!mkdtemp(folder)) return 1;
    snprintf(archive, sizeof archive, "%s/x.tar", folder);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(archive);
    rmdir(folder);
    return failed;
}

/* Philox against its published vectors; streams by name, distributions, shuffles; SHA-256 against
 * FIPS vectors; memory. */
#include "data/sha256.h"
#include "faults/fault.h"
#include "memory.h"
#include "random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void philox_published_vectors(void **state)
{
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], out[4];
    } rows[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint32_t out[4];
        rq_philox(rows[i].counter, rows[i].key, out);
        assert_memory_equal(out, rows[i].out, sizeof out);
    }
}

static void streams_differ_by_each_part_of_their_name(void **state)
{
    (void)state;
    rq_random base = rq_random_stream(42, RQ_PURPOSE_init, "q1.theta");
    rq_random again = rq_random_stream(42, RQ_PURPOSE_init, "q1.theta");
    rq_random other[] = {
        rq_random_stream(43, RQ_PURPOSE_init, "q1.theta"),
        rq_random_stream(42 + (UINT64_C(1) << 32), RQ_PURPOSE_init, "q1.theta"),
        rq_random_stream(42, RQ_PURPOSE_batches, "q1.theta"),
        rq_random_stream(42, RQ_PURPOSE_init, "q2.theta"),
        rq_random_stream(42, RQ_PURPOSE_init, ""),
        rq_random_stream_id(42, RQ_PURPOSE_init, 0),
        rq_random_stream_id(42, RQ_PURPOSE_init, 1),
    };
    assert_int_equal(rq_random_u64(&base, 7), rq_random_u64(&again, 7));
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        assert_true(rq_random_u64(&other[i], 7) != rq_random_u64(&base, 7));
        for (size_t j = 0; j < i; j++)
            assert_true(rq_random_u64(&other[i], 7) != rq_random_u64(&other[j], 7));
    }
}

/* These bits are what a seed means: a change of them changes every stored run. */
static void streams_keep_their_bits(void **state)
{
    (void)state;
    rq_random r = rq_random_stream(42, RQ_PURPOSE_init, "q1.theta");
    assert_int_equal(rq_random_u64(&r, 0), UINT64_C(0xb621177a8a5527da));
    assert_int_equal(rq_random_u64(&r, 1), UINT64_C(0x64df540887baa1fc));
    assert_int_equal(rq_random_u64(&r, UINT64_C(1) << 40), UINT64_C(0xb2f66f68cda0b1d0));
    rq_random id = rq_random_stream_id(1, RQ_PURPOSE_glyph, 5);
    assert_int_equal(rq_random_u64(&id, 0), UINT64_C(0x2bbdf8bdce06ff7c));
}

static void uniform_and_normal_have_their_moments(void **state)
{
    (void)state;
    enum { N = 200000 };
    rq_random r = rq_random_stream(1, RQ_PURPOSE_scan, "moments");
    double mean = 0, square = 0, normal = 0, normal2 = 0, normal4 = 0, neighbours = 0;
    for (uint64_t i = 0; i < N; i++) {
        double u = rq_random_uniform01(&r, i);
        assert_true(u >= 0 && u < 1);
        mean += u;
        square += u * u;
        double z = rq_random_normal(&r, i);
        normal += z;
        normal2 += z * z;
        normal4 += z * z * z * z;
        neighbours += z * rq_random_normal(&r, i + 1);
    }
    double tolerance = 5 / sqrt(N);
    assert_true(fabs(mean / N - 0.5) < 0.3 * tolerance);
    assert_true(fabs(square / N - 1.0 / 3) < 0.3 * tolerance);
    assert_true(fabs(normal / N) < tolerance);
    assert_true(fabs(normal2 / N - 1) < 1.5 * tolerance);
    assert_true(fabs(normal4 / N - 3) < 10 * tolerance);
    assert_true(fabs(neighbours / N) < tolerance);
}

static void permutation_is_one_and_is_fair(void **state)
{
    (void)state;
    int first[5] = {0};
    for (uint64_t trial = 0; trial < 5000; trial++) {
        rq_random r = rq_random_stream_id(9, RQ_PURPOSE_shuffle, trial);
        int64_t p[5];
        rq_random_permutation(&r, p, 5);
        int seen = 0;
        for (int i = 0; i < 5; i++) seen |= 1 << p[i];
        assert_int_equal(seen, 31);
        first[p[0]]++;
    }
    for (int i = 0; i < 5; i++) assert_in_range(first[i], 860, 1140);
    rq_random r = rq_random_stream_id(9, RQ_PURPOSE_shuffle, 0);
    rq_random_permutation(&r, NULL, 0);
    for (uint64_t i = 0; i < 1000; i++) assert_true(rq_random_below(&r, i, 3) < 3);
}

static void sha256_published_vectors(void **state)
{
    (void)state;
    static const struct {
        const char *text, *hex;
    } rows[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrl"
         "mno"
         "pqrsmnopqrstnopqrstu",
         "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char hex[65];
        rq_sha256_bytes(rows[i].text, strlen(rows[i].text), hex);
        assert_string_equal(hex, rows[i].hex);
    }
    rq_sha256 s;
    rq_sha256_start(&s);
    char chunk[1000];
    memset(chunk, 'a', sizeof chunk);
    for (int i = 0; i < 1000; i++) rq_sha256_add(&s, chunk, sizeof chunk);
    char hex[65];
    rq_sha256_end(&s, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void sha256_in_any_pieces(void **state)
{
    (void)state;
    unsigned char bytes[200];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(i * 7);
    for (size_t n = 0; n <= sizeof bytes; n++) {
        char whole[65], parts[65];
        rq_sha256_bytes(bytes, n, whole);
        rq_sha256 s;
        rq_sha256_start(&s);
        for (size_t at = 0; at < n; at += 3) rq_sha256_add(&s, bytes + at, n - at < 3 ? n - at : 3);
        rq_sha256_end(&s, parts);
        assert_string_equal(whole, parts);
    }
}

static void sha256_of_files(void **state)
{
    (void)state;
    rq_error err;
    char hex[65];
    assert_false(rq_sha256_file("/nonexistent/file", hex, &err));
    assert_non_null(strstr(err.text, "/nonexistent/file"));
    assert_false(rq_sha256_file("/", hex, &err));
    assert_true(rq_sha256_file("/dev/null", hex, &err));
    assert_memory_equal(hex, "e3b0c442", 8);
}

static void memory_is_zeroed_aligned_counted(void **state)
{
    (void)state;
    int64_t before = rq_memory_live();
    for (size_t n = 0; n < 300; n += 13) {
        unsigned char *p = rq_alloc(n);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 64, 0);
        for (size_t i = 0; i < n; i++) assert_int_equal(p[i], 0);
        memset(p, 255, n);
        assert_int_equal(rq_memory_live(), before + 1);
        rq_free(p);
    }
    rq_free(NULL);
    assert_int_equal(rq_memory_live(), before);
    assert_int_equal(rq_memory_bytes(), 0);
}

static void memory_says_no_before_it_is_taken(void **state)
{
    (void)state;
    rq_error err;
    assert_null(rq_alloc_array(UINT64_MAX / 2, 16, "everything", &err));
    assert_non_null(strstr(err.text, "no memory for everything"));
    assert_null(rq_alloc_array(UINT64_C(1) << 50, 4, "a petabyte", &err));
    assert_null(rq_alloc(SIZE_MAX));
    rq_memory_limit(1000);
    void *p = rq_alloc(500);
    assert_non_null(p);
    assert_null(rq_alloc_array(500, 1, "the second half", &err));
    assert_non_null(strstr(err.text, "500 bytes are needed"));
    rq_free(p);
    rq_memory_limit(0);
    fault_after(FAULT_memory, 2);
    void *a = rq_alloc(1), *b = rq_alloc(1);
    assert_true(a && b && !rq_alloc(1) && !rq_alloc(1));
    fault_after(FAULT_memory, -1);
    rq_free(a);
    rq_free(b);
    assert_int_equal(rq_memory_live(), 0);
}

static void errors_are_worded(void **state)
{
    (void)state;
    rq_error err;
    assert_false(rq_fail(&err, "%d apples", 3));
    assert_false(rq_fail_at(&err, "basket %s", "A"));
    assert_string_equal(err.text, "basket A: 3 apples");
    assert_false(rq_fail(NULL, "nobody listens"));
    char *longest = rq_alloc(3000);
    memset(longest, 'x', 2999);
    rq_fail(&err, "%s", longest);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    rq_fail_at(&err, "%s", longest);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    rq_free(longest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_published_vectors),
        cmocka_unit_test(streams_differ_by_each_part_of_their_name),
        cmocka_unit_test(streams_keep_their_bits),
        cmocka_unit_test(uniform_and_normal_have_their_moments),
        cmocka_unit_test(permutation_is_one_and_is_fair),
        cmocka_unit_test(sha256_published_vectors),
        cmocka_unit_test(sha256_in_any_pieces),
        cmocka_unit_test(sha256_of_files),
        cmocka_unit_test(memory_is_zeroed_aligned_counted),
        cmocka_unit_test(memory_says_no_before_it_is_taken),
        cmocka_unit_test(errors_are_worded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

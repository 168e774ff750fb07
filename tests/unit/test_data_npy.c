/* npy files: what numpy writes, what we write, and every kind of damage. */
#include "unit/scratch.h"

#include "data/array.h"
#include "data/file.h"
#include "faults/fault.h"

/* Writes an npy file of version 1 with this header text and `bytes` bytes 0, 1, 2, ... behind it.
 */
static const char *write_npy(const char *header, size_t bytes)
{
    unsigned char b[1024] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
    size_t length = strlen(header);
    b[8] = (unsigned char)length, b[9] = (unsigned char)(length >> 8);
    memcpy(b + 10, header, length);
    for (size_t i = 0; i < bytes; i++) b[10 + length + i] = (unsigned char)i;
    return scratch_write("x.npy", b, 10 + length + bytes);
}

static void refused(const char *path, const char *expected)
{
    rq_array a;
    rq_error err = {0};
    assert_false(rq_npy_read(path, &a, &err));
    if (!strstr(err.text, expected)) fail_msg("'%s' is not in: %s", expected, err.text);
    assert_int_equal(rq_memory_live(), 0);
}

static rq_array read_back(const char *path)
{
    rq_array a;
    rq_error err = {0};
    if (!rq_npy_read(path, &a, &err)) fail_msg("%s", err.text);
    return a;
}

/* The bytes of numpy.save of arange(3) as float64. */
static void the_bytes_of_numpy(void **state)
{
    (void)state;
    char numpy[128 + 24 + 1];
    memset(numpy, ' ', sizeof numpy);
    memcpy(numpy, "\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }",
           67);
    numpy[127] = '\n';
    const double values[3] = {0, 1, 2};
    memcpy(numpy + 128, values, sizeof values);
    const char *path = scratch_write("numpy.npy", numpy, 152);
    rq_array a = read_back(path);
    assert_int_equal(a.dtype, RQ_DTYPE_f64);
    assert_int_equal(a.ndim, 1);
    assert_int_equal(a.dims[0], 3);
    for (int i = 0; i < 3; i++) assert_true(rq_array_get(&a, i) == i);
    rq_error err;
    assert_true(rq_npy_write(scratch_path("ours.npy"), &a, &err));
    rq_array_free(&a);
    unsigned char *ours;
    size_t size;
    assert_true(rq_file_load(scratch_path("ours.npy"), 1000, &ours, &size, &err));
    assert_int_equal(size, 152);
    assert_memory_equal(ours, numpy, 152);
    rq_free(ours);
    assert_int_equal(rq_memory_live(), 0);
}

static void every_type_and_shape_comes_back(void **state)
{
    (void)state;
    static const struct {
        int ndim;
        int64_t dims[4];
    } shapes[] = {{0, {0}}, {1, {1}}, {1, {0}}, {2, {3, 2}}, {4, {2, 1, 3, 2}}, {2, {0, 5}}};
    for (int dtype = 1; dtype < RQ_DTYPE_COUNT; dtype++) {
        for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
            rq_array a;
            rq_error err;
            assert_true(
                rq_array_new(&a, (rq_dtype)dtype, shapes[s].ndim, shapes[s].dims, "a", &err));
            for (int64_t i = 0; i < a.size * rq_dtype_bytes(a.dtype); i++)
                ((unsigned char *)a.values)[i] = (unsigned char)(i * 3 + 1);
            assert_true(rq_npy_write(scratch_path("a.npy"), &a, &err));
            rq_array b = read_back(scratch_path("a.npy"));
            assert_int_equal(b.dtype, a.dtype);
            assert_int_equal(b.ndim, a.ndim);
            assert_memory_equal(b.dims, a.dims, sizeof a.dims);
            if (a.size)
                assert_memory_equal(b.values, a.values, (size_t)(a.size * rq_dtype_bytes(a.dtype)));
            rq_array_free(&a);
            rq_array_free(&b);
        }
    }
}

static void headers_of_all_versions_and_orders(void **state)
{
    (void)state;
    rq_array a =
        read_back(write_npy("{\"shape\":(2,2) ,'fortran_order':False,'descr':'|u1'}\n", 4));
    assert_int_equal(a.ndim, 2);
    assert_true(rq_array_get(&a, 3) == 3);
    rq_array_free(&a);
    a = read_back(write_npy("{'descr': '<c8', 'fortran_order': False, 'shape': (2,), }", 16));
    assert_int_equal(a.ndim, 2);
    assert_int_equal(a.dims[1], 2);
    rq_array_free(&a);
    a = read_back(write_npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2,), }", 8));
    assert_int_equal(a.size, 2);
    rq_array_free(&a);
    char two[] = "\x93NUMPY\x02\x00\x3a\x00\x00\x00{'descr': '<i4', 'fortran_order': False, "
                 "'shape': (1,) }  \x07\x00\x00\x00";
    for (char version = 2; version <= 3; version++) {
        two[6] = version;
        a = read_back(scratch_write("two.npy", two, sizeof two - 1));
        assert_true(rq_array_get(&a, 0) == 7);
        rq_array_free(&a);
    }
    two[6] = 4;
    refused(scratch_write("two.npy", two, sizeof two - 1),
            "is of npy version 4; 1 to 3 can be read");
    two[6] = 2, two[10] = 1, two[11] = 1;
    refused(scratch_write("two.npy", two, sizeof two - 1),
            "an npy header of 16842810 bytes is promised; at most 1048576");
}

static void headers_that_are_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *header, *message;
    } rows[] = {
        {"{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }",
         "has the type '>f4'; little-endian"},
        {"{'descr': '<f2', 'fortran_order': False, 'shape': (2,), }", "has the type '<f2'"},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (2,), }", "has the type '|O'"},
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (2, 1), }",
         "Fortran order; save it with numpy.ascontiguousarray"},
        {"{'descr': '<f4', 'fortran_order': 0, 'shape': (2,), }", "neither True nor False"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }",
         "promises shape [3] of '<f4', but 8 bytes follow it"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", "but 8 bytes follow it"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }", "not a list of sizes"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296, 4294967296), "
         "}",
         "but 8 bytes follow it"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999999), }",
         "too large"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1), }",
         "at most 7 axes"},
        {"{'descr': '<f4', 'fortran_order': False, }", "lacks 'shape'"},
        {"{'descr': '<f4', 'shape': (2,)}", "lacks 'fortran_order'"},
        {"{}", "lacks 'descr'"},
        {"{'colour': 'red'}", "has the key 'colour'"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), } x", "something stands behind"},
        {"{'descr': '<f4' 'fortran_order': False, 'shape': (2,), }",
         "has ''' where '}' is expected"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,", "not a list of sizes"},
        {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }",
         "has '[' where ''' is expected"},
        {"", "has its end where '{' is expected"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        refused(write_npy(rows[i].header, 8), rows[i].message);
    refused(scratch_path("none.npy"), "cannot open '");
    refused(scratch_write("x.npy", "PK\x03\x04 a zip file", 16), "is not an npy file");
    refused("/dev/zero", "is not a regular file");
}

static void truncated_at_every_byte_and_flipped(void **state)
{
    (void)state;
    rq_array a;
    rq_error err;
    const int64_t dims[] = {2, 3};
    assert_true(rq_array_new(&a, RQ_DTYPE_f32, 2, dims, "a", &err));
    assert_true(rq_npy_write(scratch_path("a.npy"), &a, &err));
    rq_array_free(&a);
    unsigned char *whole;
    size_t size;
    assert_true(rq_file_load(scratch_path("a.npy"), 1000, &whole, &size, &err));
    for (size_t n = 0; n < size; n++) {
        const char *path = scratch_write("cut.npy", whole, n);
        assert_false(rq_npy_read(path, &a, &err));
        assert_non_null(strstr(err.text, path));
    }
    for (size_t bit = 0; bit < size * 8; bit++) {
        whole[bit / 8] ^= (unsigned char)(1 << bit % 8);
        if (rq_npy_read(scratch_write("flip.npy", whole, size), &a, &err)) {
            assert_int_equal(a.size * rq_dtype_bytes(a.dtype), 24);
            rq_array_free(&a);
        }
        whole[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    rq_free(whole);
    assert_int_equal(rq_memory_live(), 0);
}

static void a_failed_write_leaves_the_old_file(void **state)
{
    (void)state;
    rq_array a;
    rq_error err;
    const int64_t dims[] = {3};
    assert_true(rq_array_new(&a, RQ_DTYPE_i64, 1, dims, "a", &err));
    const char *path = scratch_path("kept.npy");
    assert_true(rq_npy_write(path, &a, &err));
    ((int64_t *)a.values)[0] = 5;
    for (int n = 0; n < 3; n++) {
        fault_after(FAULT_write, n);
        assert_false(rq_npy_write(path, &a, &err));
        fault_after(FAULT_write, -1);
        assert_non_null(strstr(err.text, "cannot write '"));
        assert_non_null(strstr(err.text, "No space left"));
        rq_array old = read_back(path);
        assert_true(rq_array_get(&old, 0) == 0);
        rq_array_free(&old);
    }
    char temporary[300];
    snprintf(temporary, sizeof temporary, "%s.%ld.tmp", path, (long)getpid());
    assert_int_not_equal(access(temporary, F_OK), 0);
    assert_false(rq_npy_write("/nonexistent/a.npy", &a, &err));
    assert_non_null(strstr(err.text, "'/nonexistent/a.npy': No such file"));
    rq_array_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bytes_of_numpy),
        cmocka_unit_test(every_type_and_shape_comes_back),
        cmocka_unit_test(headers_of_all_versions_and_orders),
        cmocka_unit_test(headers_that_are_wrong),
        cmocka_unit_test(truncated_at_every_byte_and_flipped),
        cmocka_unit_test(a_failed_write_leaves_the_old_file),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}

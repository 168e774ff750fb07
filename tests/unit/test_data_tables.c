/* The sources csv and npy: what is read, and each kind of mistake with its place. */
#include "unit/open_data.h"

#include <math.h>

#include "data/array.h"
#include "data/data.h"

static rq_data_spec csv(const char *text, const char *label)
{
    rq_data_spec s = rq_data_spec_default("csv");
    s.file = scratch_write("t.csv", text, strlen(text));
    s.label = label;
    return s;
}

static void names_numbers_and_quotes(void **state)
{
    (void)state;
    rq_data_spec s =
        csv("\xef\xbb\xbf a , kind,\"b, \"\"x\"\"\" \r\n"
            "1,setosa,2e1\r\n\n  \n\"-3.5\", virginica ,4\n 5 ,\"set\nosa\",6\n7,setosa,8",
            "kind");
    rq_data d = opened(&s);
    assert_int_equal(d.ndim, 1);
    assert_int_equal(d.size, 2);
    assert_int_equal(d.count[RQ_SPLIT_train], 4);
    assert_int_equal(d.count[RQ_SPLIT_test], 0);
    assert_int_equal(d.classes, 3);
    assert_string_equal(d.class_names[0], "set\nosa");
    assert_string_equal(d.class_names[1], "setosa");
    assert_string_equal(d.class_names[2], "virginica");
    static const double wanted[4][2] = {{1, 20}, {-3.5, 4}, {5, 6}, {7, 8}};
    static const int32_t labels[4] = {1, 2, 0, 1};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(rq_data_label(&d, RQ_SPLIT_train, i), labels[i]);
        for (int e = 0; e < 2; e++)
            assert_true(rq_data_value(&d, RQ_SPLIT_train, i, e) == wanted[i][e]);
    }
    assert_int_equal(d.file_count, 1);
    rq_data_free(&d);
    assert_int_equal(rq_memory_live(), 0);
}

static void labels_by_number_and_value(void **state)
{
    (void)state;
    rq_data_spec s = csv("1,10\n2,9\n3,10.0\n4,-1\n", "1");
    rq_data d = opened(&s);
    assert_int_equal(d.classes, 3);
    static const int32_t labels[4] = {2, 1, 2, 0};
    for (int i = 0; i < 4; i++) assert_int_equal(rq_data_label(&d, RQ_SPLIT_train, i), labels[i]);
    assert_true(rq_data_value(&d, RQ_SPLIT_train, 3, 0) == 4);
    rq_data_free(&d);
    s.train = 1, s.val = 1, s.test = 2;
    d = opened(&s);
    assert_true(rq_data_value(&d, RQ_SPLIT_val, 0, 0) == 2);
    assert_true(rq_data_value(&d, RQ_SPLIT_test, 0, 0) == 3);
    rq_data_free(&d);
    s.train = RQ_DATA_ALL, s.val = 0, s.test = 1;
    d = opened(&s);
    assert_int_equal(d.count[RQ_SPLIT_train], 3);
    rq_data_free(&d);
    const double mean[] = {1}, std[] = {2};
    s.mean = mean, s.std = std, s.norm_count = 1;
    d = opened(&s);
    assert_true(rq_data_value(&d, RQ_SPLIT_test, 0, 0) == 1.5);
    rq_data_free(&d);
    s = csv("1,0\n2,1\n3,0\n", "1");
    s.class_count = 1;
    d = opened(&s);
    assert_int_equal(d.count[RQ_SPLIT_train], 2);
    rq_data_free(&d);
    s.test = 4;
    refused(
        &s,
        "'csv' has 2 rows of the 1 classes asked for; train: 0, val: 0 and test: 4 ask for more");
}

static void mistakes_in_tables(void **state)
{
    (void)state;
    static const struct {
        const char *text, *label, *message;
    } rows[] = {
        {"a,b\n1,2\n3\n", "b", "line 3 has 1 columns; the first line has 2"},
        {"a,b\n1,2,3\n", "b", "line 2 has 3 columns; the first line has 2"},
        {"a,b\n1,2\nx,3\n", "b", "line 3, column 1: 'x' is not a finite number"},
        {"a,b\n1,2\n,3\n", "b", "line 3, column 1: '' is not a finite number"},
        {"a,b\nnan,2\n", "b", "line 2, column 1: 'nan' is not a finite number"},
        {"a,b\n1,2\n\n\n1e999,2\n", "b", "line 5, column 1: '1e999' is not a finite number"},
        {"a,b\n1,\"2\n\"\nx,3\n", "b", "line 4, column 1: 'x'"},
        {"a,b\n1,\n", "b", "line 2 has no label"},
        {"a,b\n1,2\n", "c", "has no column 'c'; it has a, b"},
        {"1,2\n", "c", "has no column 'c'; it has no names, so a number from 0 is expected"},
        {"1,2\n", "2", "has no column '2'"},
        {"1,2\n", NULL, "csv needs the column of the labels"},
        {"a,b\n", "b", "has names but no rows"},
        {"", "b", "has no lines"},
        {"\n \n", "b", "has no lines"},
        {"a\nb\n", "a", "has no column besides the labels"},
        {"a,b\n\"1,2\n", "b", "line 2: a quoted field does not end, or something follows it"},
        {"a,b\n\"1\"x,2\n", "b", "line 2: a quoted field does not end, or something follows it"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        rq_data_spec s = csv(rows[i].text, rows[i].label);
        refused(&s, rows[i].message);
    }
    rq_data_spec s = csv("a,b\n1,2\n", "b");
    s.file = scratch_write("zero.csv", "a,b\n1\0,2\n", 9);
    refused(&s, "is not text: byte 5 is 0");
    s.file = "nowhere.csv";
    refused(&s, "'nowhere.csv' was not found here");
    s.file = NULL;
    refused(&s, "'csv' needs the name of a file");
    s = csv("a,b\n1,2\n", "b");
    s.height = 3;
    refused(&s, "resize is for images");
}

static void tables_cut_or_flipped(void **state)
{
    (void)state;
    char text[] = "a,\"b\"\"q\",kind\n1,2,\"x\"\n-3e2,4,y\n";
    size_t size = strlen(text);
    rq_data_spec s = rq_data_spec_default("csv");
    s.label = "2";
    rq_data d;
    rq_error err;
    for (size_t n = 0; n < size; n++) {
        s.file = scratch_write("cut.csv", text, n);
        if (rq_data_open(&s, &d, &err)) rq_data_free(&d);
        assert_int_equal(rq_memory_live(), 0);
    }
    for (size_t bit = 0; bit < size * 8; bit++) {
        text[bit / 8] ^= (char)(1 << bit % 8);
        s.file = scratch_write("flip.csv", text, size);
        if (rq_data_open(&s, &d, &err)) rq_data_free(&d);
        text[bit / 8] ^= (char)(1 << bit % 8);
        assert_int_equal(rq_memory_live(), 0);
    }
}

static void tables_run_out_of_memory(void **state)
{
    (void)state;
    rq_data_spec s = csv("a,b,c\n1,2,x\n3,4,y\n", "c");
    opened_without_memory(&s);
}

static void long_tables(void **state)
{
    (void)state;
    enum { ROWS = 3000 };
    char *text = rq_alloc(ROWS * 32);
    size_t used = 0;
    for (int i = 0; i < ROWS; i++) used += (size_t)sprintf(text + used, "%d,%d,%d\n", i, -i, i % 7);
    rq_data_spec s = csv(text, "2");
    rq_free(text);
    rq_data d = opened(&s);
    assert_int_equal(d.count[RQ_SPLIT_train], ROWS);
    for (int i = 0; i < ROWS; i++) {
        assert_true(rq_data_value(&d, RQ_SPLIT_train, i, 1) == -i);
        assert_int_equal(rq_data_label(&d, RQ_SPLIT_train, i), i % 7);
    }
    rq_data_free(&d);
}

/* ---- npy ---- */

static const char *save(const char *name, rq_dtype dtype, int ndim, const int64_t *dims,
                        const void *values)
{
    rq_array a;
    rq_error err;
    assert_true(rq_array_new(&a, dtype, ndim, dims, name, &err));
    memcpy(a.values, values, (size_t)(a.size * rq_dtype_bytes(dtype)));
    const char *path = scratch_path(name);
    assert_true(rq_npy_write(path, &a, &err));
    rq_array_free(&a);
    return path;
}

static void arrays_of_reals_and_labels(void **state)
{
    (void)state;
    const float x[4][2][3] = {{{1, 2, 3}, {4, 5, 6}}, {{7, 8, 9}, {10, 11, 12}}, {{13}}, {{14}}};
    const int64_t y[4] = {2, 0, 1, 2};
    rq_data_spec s = rq_data_spec_default("npy");
    s.file = save("x.npy", RQ_DTYPE_f32, 3, (const int64_t[]){4, 2, 3}, x);
    s.label = save("y.npy", RQ_DTYPE_i64, 1, (const int64_t[]){4}, y);
    s.test = 1;
    rq_data d = opened(&s);
    assert_int_equal(d.ndim, 3);
    assert_int_equal(d.dims[0], 1);
    assert_int_equal(d.dims[1], 2);
    assert_int_equal(d.dims[2], 3);
    assert_int_equal(d.classes, 3);
    assert_int_equal(d.count[RQ_SPLIT_train], 3);
    assert_true(rq_data_value(&d, RQ_SPLIT_train, 1, 4) == 11);
    assert_int_equal(rq_data_label(&d, RQ_SPLIT_train, 0), 2);
    assert_true(rq_data_value(&d, RQ_SPLIT_test, 0, 0) == 14);
    assert_int_equal(d.file_count, 2);
    rq_data_free(&d);
    s.label = NULL;
    d = opened(&s);
    assert_int_equal(rq_data_label(&d, RQ_SPLIT_train, 0), -1);
    assert_int_equal(rq_data_target_rows(&d), 0);
    rq_data_free(&d);
}

static void arrays_of_bytes_and_targets(void **state)
{
    (void)state;
    const unsigned char x[2][3][2][2] = {
        {{{0, 255}, {51, 102}}, {{1, 1}, {1, 1}}, {{2, 2}, {2, 2}}}};
    const double y[2][2] = {{0.25, 0.75}, {-1, 1}};
    rq_data_spec s = rq_data_spec_default("npy");
    s.file = save("x.npy", RQ_DTYPE_u8, 4, (const int64_t[]){2, 3, 2, 2}, x);
    s.label = save("y.npy", RQ_DTYPE_f64, 2, (const int64_t[]){2, 2}, y);
    rq_data d = opened(&s);
    assert_int_equal(d.channels, 3);
    assert_true(rq_data_value(&d, RQ_SPLIT_train, 0, 1) == 1);
    assert_true(rq_data_value(&d, RQ_SPLIT_train, 0, 2) == 0.2);
    assert_int_equal(rq_data_target_rows(&d), 2);
    const int64_t pick[] = {1, 0};
    double out[2][2];
    rq_data_pack_target(&d, RQ_SPLIT_train, pick, 2, 2, 8, out);
    assert_true(out[0][0] == -1 && out[1][0] == 1 && out[0][1] == 0.25 && out[1][1] == 0.75);
    rq_data_free(&d);
    s.height = s.width = 1;
    d = opened(&s);
    assert_int_equal(d.bytes[0], 102);
    assert_int_equal(d.bytes[1], 1);
    rq_data_free(&d);
    s.height = s.width = 0, s.label = NULL;
    s.file = save("x.npy", RQ_DTYPE_u8, 2, (const int64_t[]){3, 4}, x);
    d = opened(&s);
    assert_int_equal(d.ndim, 1);
    assert_int_equal(d.dims[0], 4);
    assert_int_equal(d.count[RQ_SPLIT_train], 3);
    assert_true(rq_data_value(&d, RQ_SPLIT_train, 0, 3) == 0.4);
    assert_true(rq_data_value(&d, RQ_SPLIT_train, 1, 3) == 1 / 255.0);
    rq_data_free(&d);
    s.height = 2;
    refused(&s, "resize is for images; '");
    s.height = 0;
    s.file = save("x.npy", RQ_DTYPE_u8, 1, (const int64_t[]){5}, x);
    d = opened(&s);
    assert_int_equal(d.size, 1);
    assert_int_equal(d.count[RQ_SPLIT_train], 5);
    assert_true(rq_data_value(&d, RQ_SPLIT_train, 1, 0) == 1);
    rq_data_free(&d);
}

static void one_hot_rows_are_labels(void **state)
{
    (void)state;
    const float x[3][2] = {{1, 2}, {3, 4}, {5, 6}};
    double y[3][3] = {{0, 1, 0}, {1, 0, 0}, {0, 1, 0}};
    rq_data_spec s = rq_data_spec_default("npy");
    s.file = save("x.npy", RQ_DTYPE_f32, 2, (const int64_t[]){3, 2}, x);
    s.label = save("y.npy", RQ_DTYPE_f64, 2, (const int64_t[]){3, 3}, y);
    rq_data d = opened(&s);
    assert_int_equal(d.classes, 3);
    assert_null(d.targets);
    for (int i = 0; i < 3; i++) assert_int_equal(rq_data_label(&d, RQ_SPLIT_train, i), i == 1 ? 0 : 1);
    double out[3][1];
    const int64_t second[] = {1};
    rq_data_pack_target(&d, RQ_SPLIT_train, second, 1, 1, 8, out);
    assert_true(out[0][0] == 1 && out[1][0] == 0 && out[2][0] == 0);
    rq_data_free(&d);
    const double others[] = {0.5, 2, 1};
    for (int i = 0; i < 3; i++) { /* a share, another number, a second 1: targets */
        y[0][2] = others[i];
        save("y.npy", RQ_DTYPE_f64, 2, (const int64_t[]){3, 3}, y);
        d = opened(&s);
        assert_null(d.labels);
        assert_int_equal(rq_data_target_rows(&d), 3);
        rq_data_free(&d);
    }
}

static void arrays_that_do_not_fit(void **state)
{
    (void)state;
    double x[4] = {1, 2, NAN, 4};
    float y[3] = {0, 1, 2};
    rq_data_spec s = rq_data_spec_default("npy");
    s.file = save("x.npy", RQ_DTYPE_f64, 2, (const int64_t[]){2, 2}, x);
    refused(&s, "element 0 of sample 1 is nan");
    x[2] = 3;
    s.file = save("x.npy", RQ_DTYPE_f64, 2, (const int64_t[]){2, 2}, x);
    s.label = save("y.npy", RQ_DTYPE_f32, 1, (const int64_t[]){3}, y);
    refused(&s, "has 3 entries on its first of 1 axes; '");
    y[1] = 0.5f;
    s.label = save("y.npy", RQ_DTYPE_f32, 1, (const int64_t[]){2}, y);
    refused(&s, "the label of sample 1 is 0.5; 0, 1, 2, ... are expected");
    y[1] = -1;
    s.label = save("y.npy", RQ_DTYPE_f32, 1, (const int64_t[]){2}, y);
    refused(&s, "the label of sample 1 is -1");
    y[1] = INFINITY;
    s.label = save("y.npy", RQ_DTYPE_f32, 1, (const int64_t[]){2}, y);
    refused(&s, "the label of sample 1 is inf");
    s.label = save("y.npy", RQ_DTYPE_f32, 2, (const int64_t[]){2, 0}, y);
    refused(&s, "has targets of no values");
    s.label = save("y.npy", RQ_DTYPE_f32, 0, NULL, y);
    refused(&s, "has 1 entries on its first of 0 axes");
    s.label = scratch_path("missing.npy");
    refused(&s, "missing.npy' was not found here");
    s.label = NULL;
    s.file = save("x.npy", RQ_DTYPE_f64, 0, NULL, x);
    refused(&s, "has 0 axes and 1 values; samples are");
    s.file = save("x.npy", RQ_DTYPE_f64, 2, (const int64_t[]){0, 3}, x);
    refused(&s, "has 2 axes and 0 values");
    s.file = save("x.npy", RQ_DTYPE_f64, 5, (const int64_t[]){1, 1, 1, 1, 1}, x);
    refused(&s, "has 5 axes");
    s.file = NULL;
    refused(&s, "'npy' needs the name of a file");
}

static void files_are_found_in_the_data_folder(void **state)
{
    (void)state;
    rq_data_spec s = csv("1,2\n", "0");
    s.file = "t.csv";
    s.dir = scratch_folder;
    rq_data d = opened(&s);
    rq_data_free(&d);
    s.dir = NULL;
    setenv("RQ_DATA", scratch_folder, 1);
    d = opened(&s);
    rq_data_free(&d);
    setenv("RQ_DATA", "/nonexistent/place", 1);
    refused(&s, "'t.csv' was not found here, nor in /nonexistent/place");
    unsetenv("RQ_DATA");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_numbers_and_quotes),
        cmocka_unit_test(labels_by_number_and_value),
        cmocka_unit_test(mistakes_in_tables),
        cmocka_unit_test(tables_cut_or_flipped),
        cmocka_unit_test(tables_run_out_of_memory),
        cmocka_unit_test(long_tables),
        cmocka_unit_test(arrays_of_reals_and_labels),
        cmocka_unit_test(arrays_of_bytes_and_targets),
        cmocka_unit_test(one_hot_rows_are_labels),
        cmocka_unit_test(arrays_that_do_not_fit),
        cmocka_unit_test(files_are_found_in_the_data_folder),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}

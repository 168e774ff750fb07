/* safetensors files: round trips, the format's rules, and every kind of damage. */
#include "unit/scratch.h"

#include "data/file.h"
#include "data/safetensors.h"
#include "faults/fault.h"

/* Writes length, header and `bytes` bytes 0, 1, 2, ... */
static const char *write_st(const char *header, size_t bytes)
{
    unsigned char b[2048] = {0};
    size_t length = strlen(header);
    b[0] = (unsigned char)length, b[1] = (unsigned char)(length >> 8);
    memcpy(b + 8, header, length);
    for (size_t i = 0; i < bytes; i++) b[8 + length + i] = (unsigned char)i;
    return scratch_write("x.safetensors", b, 8 + length + bytes);
}

static void refused(const char *path, const char *expected)
{
    rq_tensors t;
    rq_error err = {0};
    assert_false(rq_safetensors_read(path, &t, &err));
    if (!strstr(err.text, expected)) fail_msg("'%s' is not in: %s", expected, err.text);
    assert_non_null(strstr(err.text, path));
    assert_int_equal(rq_memory_live(), 0);
}

static rq_tensors read_back(const char *path)
{
    rq_tensors t;
    rq_error err = {0};
    if (!rq_safetensors_read(path, &t, &err)) fail_msg("%s", err.text);
    return t;
}

static void add(rq_tensors *t, const char *name, rq_dtype dtype, int ndim, int64_t first,
                int64_t second)
{
    rq_error err;
    rq_tensor *to = &t->tensors[t->count++];
    const int64_t dims[] = {first, second};
    to->name = rq_copy_text(name, &err);
    assert_true(rq_array_new(&to->array, dtype, ndim, dims, name, &err));
    for (int64_t i = 0; i < to->array.size * rq_dtype_bytes(dtype); i++)
        ((unsigned char *)to->array.values)[i] = (unsigned char)(i * 5 + name[0]);
}

static void add_text(rq_tensors *t, const char *key, const char *value)
{
    rq_error err;
    t->texts[t->text_count++] = (rq_text){rq_copy_text(key, &err), rq_copy_text(value, &err)};
}

static rq_tensors sample(bool is_reversed)
{
    rq_tensors t = {0};
    t.tensors = rq_alloc(sizeof *t.tensors * 8);
    t.texts = rq_alloc(sizeof *t.texts * 2);
    static const struct {
        const char *name;
        rq_dtype dtype;
        int ndim;
        int64_t first, second;
    } rows[] = {{"q1.theta", RQ_DTYPE_f32, 2, 4, 2},
                {"head.w", RQ_DTYPE_f64, 2, 3, 5},
                {"step", RQ_DTYPE_i64, 0, 0, 0},
                {"bytes", RQ_DTYPE_u8, 1, 3, 0},
                {"skip(a->b).w", RQ_DTYPE_f32, 1, 1, 0},
                {"none", RQ_DTYPE_f32, 2, 0, 7},
                {"n", RQ_DTYPE_i32, 1, 2, 0}};
    enum { ROWS = sizeof rows / sizeof *rows };
    for (int i = 0; i < ROWS; i++) {
        int k = is_reversed ? ROWS - 1 - i : i;
        add(&t, rows[k].name, rows[k].dtype, rows[k].ndim, rows[k].first, rows[k].second);
    }
    add_text(&t, is_reversed ? "seed" : "model",
             is_reversed ? "42" : "quote \" newline \n \xc3\xa4");
    add_text(&t, is_reversed ? "model" : "seed",
             is_reversed ? "quote \" newline \n \xc3\xa4" : "42");
    return t;
}

static void tensors_and_texts_come_back(void **state)
{
    (void)state;
    rq_error err;
    rq_tensors t = sample(false), reversed = sample(true);
    const char *path = scratch_path("a.safetensors"), *other = scratch_path("b.safetensors");
    assert_true(rq_safetensors_write(path, &t, &err));
    assert_true(rq_safetensors_write(other, &reversed, &err));
    rq_tensors back = read_back(path);
    assert_int_equal(back.count, t.count);
    for (int i = 0; i < t.count; i++) {
        const rq_array *a = &t.tensors[i].array, *b = rq_tensors_find(&back, t.tensors[i].name);
        assert_non_null(b);
        assert_int_equal(a->dtype, b->dtype);
        assert_int_equal(a->ndim, b->ndim);
        assert_memory_equal(a->dims, b->dims, sizeof a->dims);
        if (a->size)
            assert_memory_equal(a->values, b->values, (size_t)(a->size * rq_dtype_bytes(a->dtype)));
        if (i) assert_true(strcmp(back.tensors[i - 1].name, back.tensors[i].name) < 0);
    }
    assert_null(rq_tensors_find(&back, "q2.theta"));
    assert_string_equal(rq_tensors_text(&back, "seed"), "42");
    assert_string_equal(rq_tensors_text(&back, "model"), "quote \" newline \n \xc3\xa4");
    assert_null(rq_tensors_text(&back, "epoch"));
    unsigned char *bytes[2];
    size_t size[2];
    assert_true(rq_file_load(path, 10000, &bytes[0], &size[0], &err) &&
                rq_file_load(other, 10000, &bytes[1], &size[1], &err));
    assert_int_equal(size[0], size[1]);
    assert_memory_equal(bytes[0], bytes[1], size[0]);
    assert_int_equal(bytes[0][0] % 8, 0); /* the values are aligned */
    rq_free(bytes[0]);
    rq_free(bytes[1]);
    rq_tensors_free(&t);
    rq_tensors_free(&reversed);
    rq_tensors_free(&back);
    assert_int_equal(rq_memory_live(), 0);
}

static void empty_files_are_files(void **state)
{
    (void)state;
    rq_tensors t = {0};
    rq_error err;
    assert_true(rq_safetensors_write(scratch_path("empty"), &t, &err));
    t = read_back(scratch_path("empty"));
    assert_int_equal(t.count, 0);
    rq_tensors_free(&t);
}

static void the_files_of_others_are_read(void **state)
{
    (void)state;
    rq_tensors t = read_back(
        write_st("{\"b\":{\"data_offsets\":[4,6],\"dtype\":\"U8\",\"shape\":[2],\"more\":1},"
                 "\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}   ",
                 6));
    assert_int_equal(t.count, 2);
    assert_string_equal(t.tensors[0].name, "a");
    assert_true(rq_array_get(&t.tensors[1].array, 1) == 5);
    rq_tensors_free(&t);
}

static void headers_that_are_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        size_t bytes;
        const char *message;
    } rows[] = {
        {"{\"a\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4,
         "tensor 'a' has the type 'F16'; F32, F64"},
        {"{\"a\":{\"shape\":[2],\"data_offsets\":[0,4]}}", 4, "tensor 'a' has no 'dtype'"},
        {"{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, "tensor 'a' has no list 'shape'"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4,
         "the shape of tensor 'a' is not a list of sizes"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,4]}}", 4,
         "not a list of sizes"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}", 4,
         "tensor 'a' has 9 axes"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "has no 'data_offsets'"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", 4,
         "has no 'data_offsets' [begin, end]"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}}", 4,
         "has no 'data_offsets' [begin, end]"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,8]}}", 4,
         "tensor 'a' ends at byte 8 of the values, but the file has 4"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4,
         "tensor 'a' of shape [2] and type F32 does not have the 4 bytes"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387905],\"data_offsets\":[0,4]}}", 4,
         "does not have the 4 bytes"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"b\":{\"dtype\":\"U8\","
         "\"shape\":[2],\"data_offsets\":[3,5]}}",
         5, "tensors 'a' and 'b' overlap at byte 3"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"b\":{\"dtype\":\"U8\","
         "\"shape\":[1],\"data_offsets\":[5,6]}}",
         6, "bytes 4 to 5 of the values, in front of 'b', belong to no tensor"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 7,
         "the last 3 bytes of the file belong to no tensor"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"a\":{\"dtype\":\"F32\","
         "\"shape\":[1],\"data_offsets\":[0,4]}}",
         4, "duplicate object key"},
        {"{\"__metadata__\":{\"seed\":1}}", 0, "'seed' in '__metadata__' is not a text"},
        {"{\"__metadata__\":[]}", 0, "'__metadata__' is not an object"},
        {"{\"a\":[]}", 0, "tensor 'a' is not described by an object"},
        {"[]", 0, "the header is not a JSON object"},
        {"{\"a\":", 0, "the header is not the JSON that is expected"},
        {"", 0, "the header is not the JSON that is expected"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        refused(write_st(rows[i].header, rows[i].bytes), rows[i].message);
    refused(scratch_write("x", "\xff\xff\xff\xff\xff\xff\xff\xff{}", 10),
            "a header of 18446744073709551615 bytes is promised; at most 16777216");
    refused(scratch_write("x", "\x40\x42\x0f\0\0\0\0\0{}", 10),
            "a header of 1000000 bytes is promised, but 2 follow");
    refused(scratch_path("missing"), "cannot open '");
}

static void nested_without_end(void **state)
{
    (void)state;
    static char deep[200008];
    memset(deep, '[', sizeof deep);
    memcpy(deep, "\x40\x0d\x03\0\0\0\0\0", 8);
    refused(scratch_write("deep", deep, sizeof deep), "maximum parsing depth reached");
}

static void truncated_at_every_byte_and_flipped(void **state)
{
    (void)state;
    rq_error err;
    rq_tensors t = sample(false);
    assert_true(rq_safetensors_write(scratch_path("a"), &t, &err));
    rq_tensors_free(&t);
    unsigned char *whole;
    size_t size;
    assert_true(rq_file_load(scratch_path("a"), 10000, &whole, &size, &err));
    for (size_t n = 0; n < size; n++) {
        assert_false(rq_safetensors_read(scratch_write("cut", whole, n), &t, &err));
        assert_int_equal(rq_memory_live(), 1);
    }
    for (size_t bit = 0; bit < size * 8; bit++) {
        whole[bit / 8] ^= (unsigned char)(1 << bit % 8);
        if (rq_safetensors_read(scratch_write("flip", whole, size), &t, &err)) rq_tensors_free(&t);
        whole[bit / 8] ^= (unsigned char)(1 << bit % 8);
        assert_int_equal(rq_memory_live(), 1);
    }
    rq_free(whole);
}

static void every_allocation_and_write_may_fail(void **state)
{
    (void)state;
    rq_error err;
    rq_tensors t = sample(false), back;
    int64_t live = rq_memory_live();
    const char *path = scratch_path("kept");
    assert_true(rq_safetensors_write(path, &t, &err));
    bool good = false;
    for (int64_t n = 0; !good; n++) {
        fault_after(FAULT_memory, n);
        good = rq_safetensors_write(path, &t, &err);
        fault_after(FAULT_memory, -1);
        assert_int_equal(rq_memory_live(), live);
    }
    good = false;
    for (int64_t n = 0; !good; n++) {
        fault_after(FAULT_write, n);
        good = rq_safetensors_write(path, &t, &err);
        fault_after(FAULT_write, -1);
        back = read_back(path);
        rq_tensors_free(&back);
    }
    good = false;
    for (int64_t n = 0; !good; n++) {
        fault_after(FAULT_memory, n);
        good = rq_safetensors_read(path, &back, &err);
        fault_after(FAULT_memory, -1);
        if (!good) assert_int_equal(rq_memory_live(), live);
    }
    rq_tensors_free(&back);
    rq_tensors_free(&t);
    assert_int_equal(rq_memory_live(), 0);
}

static void names_that_cannot_be_written(void **state)
{
    (void)state;
    rq_error err;
    rq_tensors t = {0};
    t.tensors = rq_alloc(sizeof *t.tensors * 2);
    add(&t, "a", RQ_DTYPE_f32, 1, 1, 0);
    add(&t, "a", RQ_DTYPE_f32, 1, 1, 0);
    assert_false(rq_safetensors_write(scratch_path("twice"), &t, &err));
    assert_non_null(strstr(err.text, "there are two tensors 'a'"));
    t.tensors[1].name[0] = (char)0xff;
    assert_false(rq_safetensors_write(scratch_path("twice"), &t, &err));
    assert_non_null(strstr(err.text, "is not UTF-8"));
    assert_int_not_equal(access(scratch_path("twice"), F_OK), 0);
    rq_tensors_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_and_texts_come_back),
        cmocka_unit_test(empty_files_are_files),
        cmocka_unit_test(the_files_of_others_are_read),
        cmocka_unit_test(headers_that_are_wrong),
        cmocka_unit_test(nested_without_end),
        cmocka_unit_test(truncated_at_every_byte_and_flipped),
        cmocka_unit_test(every_allocation_and_write_may_fail),
        cmocka_unit_test(names_that_cannot_be_written),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}

/* The sources cifar10 and images, PNG files that are read: order, sizes, and damage. */
#include "unit/open_data.h"

#include "data/data.h"
#include "data/file.h"
#include "data/png.h"

enum { RECORD = 3073 };

/* Writes records whose label is (start + i) % 10 and whose channels c are filled with start + i +
 * 50 c. */
static void write_batch(const char *name, int start, int count, int extra)
{
    unsigned char *b = rq_alloc((size_t)(count + 1) * RECORD);
    for (int i = 0; i < count; i++) {
        b[i * RECORD] = (unsigned char)((start + i) % 10);
        for (int p = 0; p < 3072; p++)
            b[i * RECORD + 1 + p] = (unsigned char)(start + i + 50 * (p / 1024));
    }
    char path[100];
    snprintf(path, sizeof path, "cifar-10-batches-bin/%s.bin", name);
    scratch_write(path, b, (size_t)(count * RECORD + extra));
    rq_free(b);
}

static int group_open(void **state)
{
    unsetenv("RQ_DATA");
    if (scratch_open(state) != 0) return -1;
    setenv("XDG_DATA_HOME", scratch_path("nothing"), 1);
    scratch_folder_make("cifar-10-batches-bin");
    return 0;
}

static rq_data_spec cifar(void)
{
    rq_data_spec s = rq_data_spec_default("cifar10");
    s.dir = scratch_folder;
    return s;
}

static void cifar_batches_follow_each_other(void **state)
{
    (void)state;
    write_batch("data_batch_1", 0, 12, 0);
    write_batch("data_batch_2", 12, 7, 0);
    write_batch("test_batch", 100, 5, 0);
    rq_data_spec s = cifar();
    s.train = 15, s.val = 2;
    rq_data d = opened(&s);
    assert_int_equal(d.dims[0], 3);
    assert_int_equal(d.dims[1], 32);
    assert_int_equal(d.file_count, 3);
    assert_int_equal(d.count[RQ_SPLIT_test], 5);
    for (int i = 0; i < 15; i++) {
        assert_int_equal(rq_data_label(&d, RQ_SPLIT_train, i), i % 10);
        for (int c = 0; c < 3; c++)
            assert_true(rq_data_value(&d, RQ_SPLIT_train, i, c * 1024 + 5) == (i + 50 * c) / 255.0);
    }
    assert_true(rq_data_value(&d, RQ_SPLIT_val, 1, 0) == 16 / 255.0);
    assert_true(rq_data_value(&d, RQ_SPLIT_test, 4, 0) == 104 / 255.0);
    rq_data_free(&d);
    const int32_t eight[] = {8};
    const double mean[] = {0, 0.5, 1}, std[] = {1, 2, 4};
    s = cifar();
    s.classes = eight, s.class_count = 1, s.shuffle = true;
    s.mean = mean, s.std = std, s.norm_count = 3, s.height = s.width = 8;
    d = opened(&s);
    assert_int_equal(d.count[RQ_SPLIT_train], 2);
    assert_int_equal(d.size, 192);
    assert_true(rq_data_value(&d, RQ_SPLIT_train, 0, 64) ==
                ((d.source_index[0] + 50) / 255.0 - 0.5) / 2);
    rq_data_free(&d);
}

static void cifar_damage(void **state)
{
    (void)state;
    rq_data_spec s = cifar();
    write_batch("data_batch_2", 12, 7, 17);
    refused(&s, "data_batch_2.bin' is cut off: a record has 3073 bytes, but the file ends 17 bytes "
                "into record 7");
    write_batch("data_batch_2", 12, 0, 0);
    refused(&s, "ends 0 bytes into record 0");
    unsigned char wrong[RECORD] = {11};
    scratch_write("cifar-10-batches-bin/data_batch_2.bin", wrong, RECORD);
    refused(&s, "record 0 has the label 11; 0 to 9 are expected");
    write_batch("data_batch_2", 12, 7, 0);
    s.train = 20;
    refused(&s, "'cifar10' has 19 training images");
    s.train = 3;
    opened_without_memory(&s);
    unlink(scratch_path("cifar-10-batches-bin/test_batch.bin"));
    refused(&s, "has no test_batch.bin");
    write_batch("test_batch", 0, 1, 0);
    unlink(scratch_path("cifar-10-batches-bin/data_batch_1.bin"));
    refused(&s, "has no data_batch_1.bin");
    unlink(scratch_path("cifar-10-batches-bin/test_batch.bin"));
    refused(&s, "the data set 'cifar10' was not found");
}

/* ---- images ---- */

static void write_png(const char *name, int64_t width, int64_t height, int channels, int value)
{
    unsigned char pixels[64 * 3];
    for (int64_t i = 0; i < width * height * channels; i++) pixels[i] = (unsigned char)(value + i);
    rq_error err;
    if (!rq_png_write(scratch_path(name), pixels, width, height, channels, &err))
        fail_msg("%s", err.text);
}

static rq_data_spec images(void)
{
    rq_data_spec s = rq_data_spec_default("images");
    s.file = "pets";
    s.dir = scratch_folder;
    return s;
}

static void images_go_round_the_classes(void **state)
{
    (void)state;
    scratch_folder_make("pets");
    rq_data_spec s = images();
    refused(&s, "has no folders; one with PNG files for each class is expected");
    scratch_folder_make("pets/dog");
    scratch_folder_make("pets/cat");
    scratch_folder_make("pets/.git");
    write_png("pets/dog/1.png", 4, 3, 1, 10);
    refused(&s, "pets/cat' has no PNG files");
    write_png("pets/cat/b.png", 4, 3, 1, 20);
    write_png("pets/cat/a.PNG", 4, 3, 1, 30);
    write_png("pets/cat/c.png", 4, 3, 1, 40);
    scratch_write("pets/cat/notes.txt", "x", 1);
    rq_data d = opened(&s);
    assert_int_equal(d.count[RQ_SPLIT_train], 4);
    assert_int_equal(d.dims[0], 1);
    assert_int_equal(d.dims[1], 3);
    assert_int_equal(d.dims[2], 4);
    assert_string_equal(d.class_names[0], "cat");
    assert_string_equal(d.class_names[1], "dog");
    static const int values[4] = {30, 10, 20, 40}, labels[4] = {0, 1, 0, 0};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(d.bytes[i * 12], values[i]);
        assert_int_equal(d.bytes[i * 12 + 11], values[i] + 11);
        assert_int_equal(rq_data_label(&d, RQ_SPLIT_train, i), labels[i]);
    }
    rq_data_free(&d);
    const int32_t dog[] = {1};
    s.classes = dog, s.class_count = 1;
    d = opened(&s);
    assert_int_equal(d.count[RQ_SPLIT_train], 1);
    assert_string_equal(d.class_names[0], "dog");
    rq_data_free(&d);
}

static void colours_and_sizes(void **state)
{
    (void)state;
    rq_data_spec s = images();
    write_png("pets/dog/2.png", 4, 3, 3, 50);
    rq_data d = opened(&s);
    assert_int_equal(d.channels, 3);
    assert_int_equal(d.bytes[0], 30);
    assert_int_equal(d.bytes[12], 30); /* grey: the three channels are the same */
    assert_int_equal(d.bytes[3 * 36], 50);
    assert_int_equal(d.bytes[3 * 36 + 1], 53);
    assert_int_equal(d.bytes[3 * 36 + 12], 51);
    rq_data_free(&d);
    write_png("pets/dog/2.png", 2, 6, 1, 50);
    refused(&s, "dog/2.png' has 6 x 2 pixels, others before it have 3 x 4; resize: [height, width] "
                "gives all one size");
    s.height = 3, s.width = 2;
    d = opened(&s);
    assert_int_equal(d.size, 6);
    assert_int_equal(d.bytes[3 * 6], 51); /* 50 and 52 */
    rq_data_free(&d);
    unlink(scratch_path("pets/dog/2.png"));
    s.train = 0;
    refused(&s, "no images of '");
}

static void images_damaged_anywhere(void **state)
{
    (void)state;
    rq_data_spec s = images();
    unsigned char *whole;
    size_t size;
    rq_error err;
    rq_data d;
    assert_true(rq_file_load(scratch_path("pets/dog/1.png"), 10000, &whole, &size, &err));
    for (size_t n = 0; n < size; n++) {
        scratch_write("pets/dog/1.png", whole, n);
        bool good = rq_data_open(&s, &d, &err);
        if (good) rq_data_free(&d);
        if (good && n < size - 12)
            fail_msg("cut to %zu of %zu bytes and read", n, size); /* IEND has 12 */
        assert_int_equal(rq_memory_live(), 1);
        if (!good) assert_non_null(strstr(err.text, "dog/1.png'"));
    }
    for (size_t bit = 0; bit < size * 8; bit++) {
        whole[bit / 8] ^= (unsigned char)(1 << bit % 8);
        scratch_write("pets/dog/1.png", whole, size);
        if (rq_data_open(&s, &d, &err)) rq_data_free(&d);
        whole[bit / 8] ^= (unsigned char)(1 << bit % 8);
        assert_int_equal(rq_memory_live(), 1);
    }
    scratch_write("pets/dog/1.png", whole, size);
    rq_free(whole);
}

static void images_run_out_of_memory(void **state)
{
    (void)state;
    rq_data_spec s = images();
    opened_without_memory(&s);
}

/* In whatever order and number of batches: the test set is balanced, the colours are the known
 * ones. */
static void the_real_cifar(void **state)
{
    (void)state;
    rq_data_spec s = rq_data_spec_default("cifar10");
    s.dir = getenv("RQ_DATA_REAL");
    s.train = 10000;
    rq_data d;
    rq_error err;
    if (!s.dir || !rq_data_open(&s, &d, &err)) skip();
    int have[10] = {0};
    for (int i = 0; i < 10000; i++) have[rq_data_label(&d, RQ_SPLIT_test, i)]++;
    for (int k = 0; k < 10; k++) assert_int_equal(have[k], 1000);
    static const double known[3] = {0.4914, 0.4822, 0.4465};
    for (int c = 0; c < 3; c++) {
        uint64_t sum = 0;
        for (int64_t i = 0; i < 10000; i++)
            for (int p = 0; p < 1024; p++) sum += d.bytes[i * 3072 + c * 1024 + p];
        double mean = (double)sum / (10000 * 1024) / 255;
        assert_true(mean > known[c] - 0.01 && mean < known[c] + 0.01);
    }
    rq_data_free(&d);
}

int main(void)
{
    const char *real = getenv("RQ_DATA");
    if (real) setenv("RQ_DATA_REAL", real, 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cifar_batches_follow_each_other),
        cmocka_unit_test(cifar_damage),
        cmocka_unit_test(images_go_round_the_classes),
        cmocka_unit_test(colours_and_sizes),
        cmocka_unit_test(images_damaged_anywhere),
        cmocka_unit_test(images_run_out_of_memory),
        cmocka_unit_test(the_real_cifar),
    };
    return cmocka_run_group_tests(tests, group_open, scratch_close);
}

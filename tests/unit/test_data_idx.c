/* IDX files: selection of samples, and each kind of damage, by name and place. */
#include "unit/open_data.h"

#include "data/data.h"

enum { TRAIN = 40, TEST = 20, SIDE = 4, PIXELS = SIDE * SIDE };

typedef struct Bytes {
    unsigned char b[4096];
    size_t size;
} Bytes;

static Bytes train_images, train_labels, test_images, test_labels;

static void put32(Bytes *f, uint32_t v)
{
    for (int i = 3; i >= 0; i--) f->b[f->size++] = (unsigned char)(v >> (8 * i));
}

/* Sample i of a pool: label (i * 7 + pool) % 10, every pixel 10 * pool + i. */
static void make_pool(Bytes *images, Bytes *labels, int count, int pool)
{
    images->size = labels->size = 0;
    put32(images, 0x803);
    put32(images, (uint32_t)count);
    put32(images, SIDE);
    put32(images, SIDE);
    put32(labels, 0x801);
    put32(labels, (uint32_t)count);
    for (int i = 0; i < count; i++) {
        labels->b[labels->size++] = (unsigned char)((i * 7 + pool) % 10);
        for (int p = 0; p < PIXELS; p++)
            images->b[images->size++] = (unsigned char)(100 * pool + i);
    }
}

static void write_all(void)
{
    scratch_write("mnist/train-images-idx3-ubyte", train_images.b, train_images.size);
    scratch_write("mnist/train-labels-idx1-ubyte", train_labels.b, train_labels.size);
    scratch_write("mnist/t10k-images-idx3-ubyte", test_images.b, test_images.size);
    scratch_write("mnist/t10k-labels-idx1-ubyte", test_labels.b, test_labels.size);
}

static int fresh(void **state)
{
    (void)state;
    make_pool(&train_images, &train_labels, TRAIN, 0);
    make_pool(&test_images, &test_labels, TEST, 1);
    write_all();
    return 0;
}

static int group_open(void **state)
{
    if (scratch_open(state) != 0) return -1;
    unsetenv("RQ_DATA");
    setenv("XDG_DATA_HOME", scratch_path("nothing"), 1);
    scratch_folder_make("mnist");
    return 0;
}

static rq_data_spec spec_here(void)
{
    rq_data_spec s = rq_data_spec_default("mnist");
    s.dir = scratch_folder;
    return s;
}

static int pixel(const rq_data *d, rq_split split, int64_t i)
{
    return (int)(rq_data_value(d, split, i, 0) * 255 + 0.5);
}

static void everything_by_default(void **state)
{
    (void)state;
    rq_data_spec s = spec_here();
    rq_data d = opened(&s);
    assert_int_equal(d.count[RQ_SPLIT_train], TRAIN);
    assert_int_equal(d.count[RQ_SPLIT_val], 0);
    assert_int_equal(d.count[RQ_SPLIT_test], TEST);
    assert_int_equal(d.classes, 10);
    assert_int_equal(d.ndim, 3);
    assert_int_equal(d.size, PIXELS);
    for (int i = 0; i < TRAIN; i++) {
        assert_int_equal(rq_data_label(&d, RQ_SPLIT_train, i), i * 7 % 10);
        assert_int_equal(pixel(&d, RQ_SPLIT_train, i), i);
    }
    for (int i = 0; i < TEST; i++) assert_int_equal(pixel(&d, RQ_SPLIT_test, i), 100 + i);
    assert_int_equal(d.file_count, 4);
    assert_int_equal(strlen(d.files[3].sha256), 64);
    rq_data_free(&d);
    assert_int_equal(rq_memory_live(), 0);
}

static void splits_in_file_order_and_disjoint(void **state)
{
    (void)state;
    rq_data_spec s = spec_here();
    s.train = 10, s.val = 5, s.test = 3;
    rq_data d = opened(&s);
    for (int i = 0; i < 10; i++) assert_int_equal(pixel(&d, RQ_SPLIT_train, i), i);
    for (int i = 0; i < 5; i++) assert_int_equal(pixel(&d, RQ_SPLIT_val, i), 10 + i);
    for (int i = 0; i < 3; i++) assert_int_equal(pixel(&d, RQ_SPLIT_test, i), 100 + i);
    rq_data_free(&d);
    s.train = RQ_DATA_ALL;
    d = opened(&s);
    assert_int_equal(d.count[RQ_SPLIT_train], TRAIN - 5);
    assert_int_equal(pixel(&d, RQ_SPLIT_val, 0), TRAIN - 5);
    rq_data_free(&d);
}

static void classes_filter_before_counting(void **state)
{
    (void)state;
    rq_data_spec s = spec_here();
    const int32_t wanted[] = {8, 3};
    s.classes = wanted, s.class_count = 2, s.train = 4;
    rq_data d = opened(&s);
    assert_int_equal(d.classes, 2);
    int64_t i = 0;
    for (int k = 0; i < 4; k++) {
        if (k * 7 % 10 != 8 && k * 7 % 10 != 3) continue;
        assert_int_equal(pixel(&d, RQ_SPLIT_train, i), k);
        assert_int_equal(rq_data_label(&d, RQ_SPLIT_train, i), k * 7 % 10 == 8 ? 0 : 1);
        assert_int_equal(d.source_index[i], k);
        i++;
    }
    assert_int_equal(d.class_labels[0], 8);
    rq_data_free(&d);
    s.classes = NULL, s.class_count = 3, s.train = RQ_DATA_ALL;
    d = opened(&s);
    assert_int_equal(d.count[RQ_SPLIT_train], 12);
    for (i = 0; i < 12; i++) assert_in_range(rq_data_label(&d, RQ_SPLIT_train, i), 0, 2);
    rq_data_free(&d);
}

static void shuffle_changes_order_only(void **state)
{
    (void)state;
    rq_data_spec s = spec_here();
    s.train = 20, s.val = 10, s.test = 5, s.shuffle = true, s.shuffle_seed = 3;
    rq_data d = opened(&s), again = opened(&s);
    s.shuffle_seed = 4;
    rq_data other = opened(&s);
    uint64_t seen = 0;
    int moved = 0, different = 0;
    for (int i = 0; i < 20; i++) {
        int p = pixel(&d, RQ_SPLIT_train, i);
        assert_in_range(p, 0, 19);
        seen |= UINT64_C(1) << p;
        moved += p != i;
        different += p != pixel(&other, RQ_SPLIT_train, i);
        assert_int_equal(p, pixel(&again, RQ_SPLIT_train, i));
        assert_int_equal(rq_data_label(&d, RQ_SPLIT_train, i), p * 7 % 10);
    }
    assert_int_equal(seen, (1 << 20) - 1);
    assert_true(moved > 10 && different > 10);
    for (int i = 0; i < 10; i++) assert_in_range(pixel(&d, RQ_SPLIT_val, i), 20, 29);
    for (int i = 0; i < 5; i++) assert_in_range(pixel(&d, RQ_SPLIT_test, i), 100, 104);
    rq_data_free(&d);
    rq_data_free(&again);
    rq_data_free(&other);
}

static void asking_for_too_much_names_the_numbers(void **state)
{
    (void)state;
    rq_data_spec s = spec_here();
    s.train = 36, s.val = 5;
    refused(&s, "'mnist' has 40 training images; train: 36 and val: 5 ask for more");
    s = spec_here();
    s.val = 41;
    refused(&s, "40 training images");
    s = spec_here();
    s.test = 21;
    refused(&s, "'mnist' has 20 test images; test: 21 asks for more");
    s = spec_here();
    s.class_count = 3, s.train = 13;
    refused(&s, "'mnist' has 12 training images of the 3 classes asked for; train: 13 and val: 0 "
                "ask for more");
    s = spec_here();
    s.train = INT64_MAX, s.val = INT64_MAX;
    refused(&s, "ask for more");
    s = spec_here();
    s.train = -5;
    refused(&s, "not below 0");
    s = spec_here();
    s.class_count = 11;
    refused(&s, "'mnist' has 10 classes; 11 are asked for");
    const int32_t twice[] = {4, 4}, far[] = {4, 10};
    s.class_count = 2, s.classes = twice;
    refused(&s, "names 4 twice");
    s.classes = far;
    refused(&s, "'mnist' has the labels 0 to 9; the list of classes names 10");
    s = rq_data_spec_default("emnist");
    refused(&s, "there is no data source 'emnist'; there are mnist,");
}

static void missing_data_say_where_and_what(void **state)
{
    (void)state;
    rq_data_spec s = rq_data_spec_default("fashion_mnist");
    s.dir = scratch_path("elsewhere");
    setenv("RQ_DATA", "/nonexistent/data", 1);
    refused(&s, "the data set 'fashion_mnist' was not found: no train-images-idx3-ubyte (plain or "
                ".gz) in /tmp/rq-test-");
    refused(&s, "/elsewhere/fashion_mnist, ");
    refused(&s, "/nonexistent/data/fashion-mnist, ");
    refused(&s, "/nothing/rq");
    refused(&s,
            "\ndownload it with 'rq data fetch fashion_mnist', name its folder with --data DIR or "
            "RQ_DATA, or use glyphs(...), which needs no download");
    setenv("RQ_DATA", scratch_folder, 1);
    s = rq_data_spec_default("mnist");
    rq_data d = opened(&s);
    rq_data_free(&d);
    unsetenv("RQ_DATA");
    refused(&s, "was not found");
    s.dir = scratch_path("mnist");
    d = opened(&s);
    rq_data_free(&d);
    unlink(scratch_path("mnist/t10k-labels-idx1-ubyte"));
    refused(&s, "has no t10k-labels-idx1-ubyte (plain or .gz), though other files of the data set "
                "are there");
}

static void headers_that_lie(void **state)
{
    (void)state;
    rq_data_spec s = spec_here();
    train_images.b[3] = 1;
    write_all();
    refused(&s, "begins with 00000801 instead of 00000803");
    fresh(state);
    train_images.b[4] = 0xff;
    write_all();
    refused(&s, "the header promises 4278190120 images of 4 x 4, which is 68451041936 bytes, but "
                "the file has 656");
    fresh(state);
    train_labels.b[4] = 0xff;
    write_all();
    refused(&s, "the header promises 4278190120 labels");
    fresh(state);
    train_images.b[8] = 0xff;
    write_all();
    refused(&s, "the header promises images of 4278190084 x 4 pixels; 1 to 4096 are expected");
    fresh(state);
    train_images.b[11] = 0;
    write_all();
    refused(&s, "images of 0 x 4 pixels");
    fresh(state);
    train_labels.b[7] = 39, train_labels.size--;
    write_all();
    refused(&s, "has 39 labels, but");
    fresh(state);
    test_images.b[15] = 2, test_images.size = 16 + TEST * 8;
    write_all();
    refused(&s, "has images of 4 x 4 pixels, '");
    fresh(state);
    test_labels.b[8 + 5] = 10;
    write_all();
    refused(&s, "the label at offset 13 is 10; 0 to 9 are expected");
    fresh(state);
    test_labels.size++;
    write_all();
    refused(&s, "has 1 bytes too many: its header promises an end at offset 28");
    fresh(state);
    train_images.size += 3;
    write_all();
    refused(&s, "has 3 bytes too many: its header promises an end at offset 656");
}

static void truncated_at_every_byte(void **state)
{
    (void)state;
    rq_data_spec s = spec_here();
    Bytes *files[] = {&train_images, &train_labels, &test_images, &test_labels};
    for (int f = 0; f < 4; f++) {
        size_t whole = files[f]->size;
        for (size_t n = 0; n < whole; n++) {
            files[f]->size = n;
            write_all();
            refused(&s, n < (f % 2 ? 8 : 16) ? "the IDX header needs" : "the header promises");
        }
        files[f]->size = whole;
    }
}

static void write_gzip(const unsigned char *bytes, size_t size)
{
    scratch_write("mnist/train-images-idx3-ubyte.gz", bytes, size);
    unlink(scratch_path("mnist/train-images-idx3-ubyte"));
}

static int remove_gzip(void **state)
{
    (void)state;
    return unlink(scratch_path("mnist/train-images-idx3-ubyte.gz"));
}

static void gzip_reads_the_same(void **state)
{
    (void)state;
    unsigned char packed[8192];
    size_t first = scratch_gzip(train_images.b, 100, packed, sizeof packed);
    size_t both = first + scratch_gzip(train_images.b + 100, train_images.size - 100,
                                       packed + first, sizeof packed - first);
    write_gzip(packed, both);
    rq_data_spec s = spec_here();
    rq_data d = opened(&s);
    for (int i = 0; i < TRAIN; i++) assert_int_equal(pixel(&d, RQ_SPLIT_train, i), i);
    rq_data_free(&d);
    packed[both] = 7;
    write_gzip(packed, both + 1);
    refused(&s, "has 1 bytes of something else behind the end of the gzip data");
    size_t longer = scratch_gzip(train_images.b, train_images.size + 2, packed, sizeof packed);
    write_gzip(packed, longer);
    refused(&s, "has 2 bytes too many");
    train_images.b[4] = 0xff;
    size_t lying = scratch_gzip(train_images.b, train_images.size, packed, sizeof packed);
    write_gzip(packed, lying);
    refused(&s, "too few even packed");
    train_images.b[4] = 0, train_images.b[7]++;
    lying = scratch_gzip(train_images.b, train_images.size, packed, sizeof packed);
    write_gzip(packed, lying);
    refused(&s, "has 40 labels, but");
}

static void gzip_truncated_or_flipped_anywhere(void **state)
{
    (void)state;
    unsigned char packed[8192];
    size_t size = scratch_gzip(train_images.b, train_images.size, packed, sizeof packed);
    rq_data_spec s = spec_here();
    s.train = 1; /* damage behind what is needed is found, too */
    for (size_t n = 0; n < size; n++) {
        write_gzip(packed, n);
        refused(&s, n < 2 ? "too short" : "is cut off");
    }
    s.train = RQ_DATA_ALL;
    size_t harmless = 0;
    for (size_t bit = 0; bit < size * 8; bit++) {
        packed[bit / 8] ^= (unsigned char)(1 << bit % 8);
        write_gzip(packed, size);
        rq_data d;
        rq_error err;
        if (rq_data_open(&s, &d,
                         &err)) { /* a bit of the time stamp and the like: the bytes are right */
            harmless++;
            assert_memory_equal(d.bytes, train_images.b + 16, TRAIN * PIXELS);
            rq_data_free(&d);
        }
        packed[bit / 8] ^= (unsigned char)(1 << bit % 8);
        assert_int_equal(rq_memory_live(), 0);
    }
    assert_true(harmless < size);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    unsigned char packed[8192];
    write_gzip(packed, scratch_gzip(train_images.b, train_images.size, packed, sizeof packed));
    rq_data_spec s = spec_here();
    s.shuffle = true;
    assert_true(opened_without_memory(&s) > 15);
    assert_int_equal(rq_memory_live(), 0);
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    unlink(scratch_path("mnist/train-images-idx3-ubyte"));
    assert_int_equal(mkfifo(scratch_path("mnist/train-images-idx3-ubyte"), 0600), 0);
    rq_data_spec s = spec_here();
    refused(&s, "is not a regular file");
    unlink(scratch_path("mnist/train-images-idx3-ubyte"));
}

static void the_real_mnist(void **state)
{
    (void)state;
    const char *dir = getenv("RQ_DATA_REAL");
    rq_data_spec s = rq_data_spec_default("mnist");
    s.dir = dir;
    s.train = 2000, s.val = 500, s.test = 500;
    rq_data d;
    rq_error err;
    if (!dir || !rq_data_open(&s, &d, &err)) skip();
    static const int32_t first[] = {5, 0, 4, 1, 9, 2, 1, 3, 1, 4};
    for (int i = 0; i < 10; i++) assert_int_equal(rq_data_label(&d, RQ_SPLIT_train, i), first[i]);
    assert_int_equal(rq_data_label(&d, RQ_SPLIT_test, 0), 7);
    rq_data_free(&d);
    s.train = s.val = s.test = RQ_DATA_ALL;
    assert_true(rq_data_open(&s, &d, &err));
    assert_int_equal(d.count[RQ_SPLIT_train], 60000);
    assert_int_equal(d.count[RQ_SPLIT_test], 10000);
    uint64_t sum = 0;
    for (int64_t i = 0; i < 60000 * d.size; i++) sum += d.bytes[i];
    assert_int_equal(sum, 1567298545);
    rq_data_free(&d);
}

int main(void)
{
    const char *real = getenv("RQ_DATA");
    if (real) setenv("RQ_DATA_REAL", real, 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(everything_by_default, fresh),
        cmocka_unit_test_setup(splits_in_file_order_and_disjoint, fresh),
        cmocka_unit_test_setup(classes_filter_before_counting, fresh),
        cmocka_unit_test_setup(shuffle_changes_order_only, fresh),
        cmocka_unit_test_setup(asking_for_too_much_names_the_numbers, fresh),
        cmocka_unit_test_setup(missing_data_say_where_and_what, fresh),
        cmocka_unit_test_setup(headers_that_lie, fresh),
        cmocka_unit_test_setup(truncated_at_every_byte, fresh),
        cmocka_unit_test_setup_teardown(gzip_reads_the_same, fresh, remove_gzip),
        cmocka_unit_test_setup_teardown(gzip_truncated_or_flipped_anywhere, fresh, remove_gzip),
        cmocka_unit_test_setup_teardown(every_allocation_may_fail, fresh, remove_gzip),
        cmocka_unit_test_setup(what_is_no_file_is_refused, fresh),
        cmocka_unit_test(the_real_mnist),
    };
    return cmocka_run_group_tests(tests, group_open, scratch_close);
}

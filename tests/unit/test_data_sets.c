/* Drawn digits, resizing, normalisation, lane layout, pictures. */
#include "unit/open_data.h"

#include <math.h>
#include <png.h>

#include "data/data.h"
#include "data/png.h"
#include "data/sha256.h"

static rq_data_spec glyphs(int64_t train, int64_t val, int64_t test)
{
    rq_data_spec s = rq_data_spec_default("glyphs");
    s.train = train, s.val = val, s.test = test, s.seed = 1;
    return s;
}

/* The same image by padding and cutting: each shift and mirror is found among all that crop and flip allow, and all of them turn up. */
static void augmented_images_are_cut_out_of_padded_ones(void **state)
{
    (void)state;
    enum { CROP = 2, SIDE = 8, WIDE = SIDE + 2 * CROP, EPOCHS = 400, WAYS = 2 * (2 * CROP + 1) * (2 * CROP + 1) };
    rq_data_spec s = glyphs(3, 1, 1);
    s.size = SIDE, s.crop = CROP, s.flip = 0.5;
    rq_data d = opened(&s);
    int seen[WAYS] = {0}, mirrored = 0;
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        const int64_t sample = 1;
        double got[SIDE * SIDE], again[SIDE * SIDE][2], padded[WIDE][WIDE];
        rq_data_pack_augmented(&d, 7, epoch, &sample, 1, 1, 8, got);
        rq_data_pack_augmented(&d, 7, epoch, (const int64_t[]){0, 1}, 2, 2, 8, again);
        int way, found = -1;
        for (way = 0; way < WAYS; way++) {
            bool mirror = way % 2;
            for (int y = 0; y < WIDE; y++)
                for (int x = 0; x < WIDE; x++) {
                    int r = abs(y - CROP), c = abs(x - CROP);
                    if (r >= SIDE) r = 2 * SIDE - 2 - r;
                    if (c >= SIDE) c = 2 * SIDE - 2 - c;
                    padded[y][x] = rq_data_value(&d, RQ_SPLIT_train, sample, r * SIDE + c);
                }
            int top = way / 2 / (2 * CROP + 1), left = way / 2 % (2 * CROP + 1);
            bool same = true;
            for (int i = 0; i < SIDE * SIDE; i++) {
                int x = i % SIDE;
                same &= got[i] == padded[top + i / SIDE][left + (mirror ? SIDE - 1 - x : x)];
            }
            if (same) found = way;
        }
        assert_true(found >= 0);
        for (int i = 0; i < SIDE * SIDE; i++) assert_true(again[i][1] == got[i]);
        seen[found]++;
        mirrored += found % 2;
    }
    int ways = 0;
    for (int w = 0; w < WAYS; w++) ways += seen[w] > 0;
    assert_true(ways > WAYS * 9 / 10);
    assert_true(abs(mirrored - EPOCHS / 2) < 50);
    rq_data_free(&d);
    s.crop = SIDE;
    refused(&s, "crop: 8 is too large for images of 8 x 8 pixels; 7 is the most");
}

static void glyphs_are_balanced_and_independent_of_counts(void **state)
{
    (void)state;
    rq_data_spec s = glyphs(200, 50, 100), t = glyphs(30, 20, 40);
    rq_data d = opened(&s), e = opened(&t);
    int have[10] = {0};
    for (int i = 0; i < 200; i++) have[rq_data_label(&d, RQ_SPLIT_train, i)]++;
    for (int k = 0; k < 10; k++) assert_int_equal(have[k], 20);
    for (int split = RQ_SPLIT_train; split < RQ_SPLIT_COUNT; split++) {
        for (int64_t i = 0; i < e.count[split]; i++) {
            assert_int_equal(rq_data_label(&d, split, i), rq_data_label(&e, split, i));
            assert_memory_equal(d.bytes + (d.first[split] + i) * d.size,
                                e.bytes + (e.first[split] + i) * e.size, (size_t)d.size);
        }
    }
    int in_order = 0;
    for (int i = 0; i < 200; i++) in_order += rq_data_label(&d, RQ_SPLIT_train, i) == i % 10;
    assert_true(in_order < 60);
    rq_data_free(&d);
    rq_data_free(&e);
}

static void glyphs_differ_by_seed_split_and_number(void **state)
{
    (void)state;
    rq_data_spec s = glyphs(20, 20, 20);
    rq_data d = opened(&s);
    s.seed = 2;
    rq_data e = opened(&s);
    for (int64_t i = 0; i < d.total; i++) {
        assert_memory_not_equal(d.bytes + i * d.size, e.bytes + i * d.size, (size_t)d.size);
        for (int64_t j = 0; j < i; j++)
            assert_memory_not_equal(d.bytes + i * d.size, d.bytes + j * d.size, (size_t)d.size);
    }
    rq_data_free(&d);
    rq_data_free(&e);
}

/* Every compiler and every level of optimisation draws these bytes. */
static void glyphs_keep_their_bits(void **state)
{
    (void)state;
    rq_data_spec s = glyphs(300, 0, 100);
    rq_data d = opened(&s);
    char hex[65];
    rq_sha256_bytes(d.bytes, (size_t)(d.total * d.size), hex);
    assert_string_equal(hex, "28e7bc724906d2ef00de3a019c7a51f021fe8650b15f86b102da45d34c17c191");
    rq_data_free(&d);
}

static void glyphs_of_some_classes(void **state)
{
    (void)state;
    const int32_t wanted[] = {7, 1};
    rq_data_spec s = glyphs(21, 5, 6), all = glyphs(200, 0, 0);
    s.classes = wanted, s.class_count = 2;
    rq_data d = opened(&s), whole = opened(&all);
    assert_int_equal(d.count[RQ_SPLIT_train], 21);
    assert_int_equal(d.count[RQ_SPLIT_val], 5);
    for (int64_t i = 0, at = 0; i < 21; i++, at++) {
        int32_t label = rq_data_label(&d, RQ_SPLIT_train, i);
        assert_in_range(label, 0, 1);
        while (rq_data_label(&whole, RQ_SPLIT_train, at) != 7 &&
               rq_data_label(&whole, RQ_SPLIT_train, at) != 1)
            at++;
        assert_int_equal(rq_data_label(&whole, RQ_SPLIT_train, at), wanted[label]);
        assert_memory_equal(d.bytes + i * d.size, whole.bytes + at * d.size, (size_t)d.size);
    }
    assert_int_equal(d.source_index[d.first[RQ_SPLIT_val]] / 10, 0);
    rq_data_free(&d);
    rq_data_free(&whole);
}

static void glyphs_take_sizes_and_noise(void **state)
{
    (void)state;
    rq_data_spec s = glyphs(10, 0, 0);
    s.size = 12;
    rq_data d = opened(&s);
    assert_int_equal(d.dims[1], 12);
    rq_data_free(&d);
    s.size = 28, s.noise = 0;
    d = opened(&s);
    int64_t black = 0;
    for (int64_t i = 0; i < d.total * d.size; i++) black += d.bytes[i] == 0;
    assert_true(black > d.total * d.size * 6 / 10);
    rq_data_free(&d);
    s.size = 7;
    refused(&s, "glyphs takes size: 8 to 256, not 7");
    s.size = 28, s.noise = NAN;
    refused(&s, "glyphs takes noise: 0 to 1, not nan");
    s.noise = 0, s.train = INT64_MAX;
    refused(&s, "at most 10000000 samples");
    s.train = -3;
    refused(&s, "not below 0");
    const int32_t none[] = {12};
    s.train = 5, s.classes = none, s.class_count = 1;
    refused(&s, "the list of classes names 12");
    s.classes = NULL, s.class_count = 99;
    refused(&s, "'glyphs' has 10 classes; 99 are asked for");
}

static void glyphs_by_default(void **state)
{
    (void)state;
    rq_data_spec s = rq_data_spec_default("glyphs");
    rq_data d = opened(&s);
    assert_int_equal(d.count[RQ_SPLIT_train], 2000);
    assert_int_equal(d.count[RQ_SPLIT_val], 0);
    assert_int_equal(d.count[RQ_SPLIT_test], 500);
    assert_int_equal(d.file_count, 0);
    rq_data_free(&d);
}

/* The nearest class mean finds well over a half of the digits, and far from all of them. */
static void glyphs_are_neither_hopeless_nor_trivial(void **state)
{
    (void)state;
    rq_data_spec s = glyphs(1000, 0, 500);
    rq_data d = opened(&s);
    static double mean[10][784];
    for (int64_t i = 0; i < 1000; i++)
        for (int p = 0; p < 784; p++)
            mean[rq_data_label(&d, RQ_SPLIT_train, i)][p] +=
                rq_data_value(&d, RQ_SPLIT_train, i, p) / 100;
    int right = 0;
    for (int64_t i = 0; i < 500; i++) {
        double best = INFINITY;
        int found = -1;
        for (int k = 0; k < 10; k++) {
            double sum = 0;
            for (int p = 0; p < 784; p++) {
                double v = rq_data_value(&d, RQ_SPLIT_test, i, p) - mean[k][p];
                sum += v * v;
            }
            if (sum < best) best = sum, found = k;
        }
        right += found == rq_data_label(&d, RQ_SPLIT_test, i);
    }
    assert_in_range(right, 300, 420);
    rq_data_free(&d);
}

static void resize_means_areas_and_interpolates(void **state)
{
    (void)state;
    const unsigned char four[16] = {0,   4,   8,   12,  0,   4,   8,   12,
                                    100, 100, 100, 101, 100, 100, 100, 100};
    unsigned char out[64];
    rq_resize_plane(four, 4, 4, out, 2, 2);
    const unsigned char halves[4] = {2, 10, 100, 100};
    assert_memory_equal(out, halves, 4);
    rq_resize_plane(four, 4, 4, out, 4, 4);
    assert_memory_equal(out, four, 16);
    const unsigned char three[3] = {0, 90, 255};
    rq_resize_plane(three, 1, 3, out, 1, 2); /* (0 + 90/2) / 1.5 = 30, (90/2 + 255) / 1.5 = 200 */
    const unsigned char two[2] = {30, 200};
    assert_memory_equal(out, two, 2);
    const unsigned char pair[2] = {0, 100};
    rq_resize_plane(pair, 1, 2, out, 1, 4); /* centres at -1/4, 1/4, 3/4, 5/4 of the old pixels */
    const unsigned char stretched[4] = {0, 25, 75, 100};
    assert_memory_equal(out, stretched, 4);
    rq_resize_plane(pair, 2, 1, out, 4, 1);
    assert_memory_equal(out, stretched, 4);
    for (int n = 1; n < 9; n++) {
        for (int m = 1; m < 9; m++) {
            unsigned char flat[64];
            memset(flat, 77, sizeof flat);
            rq_resize_plane(flat, n, m, out, m, n);
            for (int i = 0; i < n * m; i++) assert_int_equal(out[i], 77);
        }
    }
}

static void spec_resizes_and_normalises(void **state)
{
    (void)state;
    const double mean[] = {0.25, 0}, std[] = {0.5, 1};
    rq_data_spec s = glyphs(5, 0, 0);
    rq_data plain = opened(&s);
    s.mean = mean, s.std = std, s.norm_count = 1;
    rq_data d = opened(&s);
    for (int i = 0; i < 784; i++) {
        double v = plain.bytes[i] / 255.0;
        assert_true(rq_data_value(&plain, RQ_SPLIT_train, 0, i) == v);
        assert_true(rq_data_value(&d, RQ_SPLIT_train, 0, i) == (v - 0.25) / 0.5);
    }
    rq_data_free(&plain);
    rq_data_free(&d);
    s.norm_count = 2;
    refused(
        &s,
        "normalize has 2 means; one, or one for each of the 1 channels of 'glyphs' is expected");
    const double zero[] = {0};
    s.norm_count = 1, s.std = zero;
    refused(&s, "a deviation above 0");
    s = glyphs(5, 0, 0);
    s.height = 14, s.width = 20;
    d = opened(&s);
    assert_int_equal(d.dims[1], 14);
    assert_int_equal(d.dims[2], 20);
    assert_int_equal(d.size, 280);
    rq_data_free(&d);
    s.height = -1;
    refused(&s, "resize takes sizes from 1");
    s.height = s.width = 65536, s.train = 5000; /* 20 TiB */
    refused(&s, "no memory for");
}

static void lanes_are_innermost_and_padded(void **state)
{
    (void)state;
    rq_data_spec s = glyphs(10, 6, 0);
    rq_data d = opened(&s);
    enum { LANES = 8, COUNT = 5 };
    const int64_t pick[COUNT] = {5, 0, 3, 3, 1};
    float *f = rq_alloc(sizeof *f * LANES * 784);
    double *g = rq_alloc(sizeof *g * LANES * 784);
    rq_data_pack(&d, RQ_SPLIT_val, pick, COUNT, LANES, 4, f);
    rq_data_pack(&d, RQ_SPLIT_val, pick, COUNT, LANES, 8, g);
    float hot[10][LANES];
    double hot8[10][LANES];
    int32_t labels[LANES];
    rq_data_pack_target(&d, RQ_SPLIT_val, pick, COUNT, LANES, 4, hot);
    rq_data_pack_target(&d, RQ_SPLIT_val, pick, COUNT, LANES, 8, hot8);
    rq_data_pack_labels(&d, RQ_SPLIT_val, pick, COUNT, LANES, labels);
    assert_int_equal(rq_data_target_rows(&d), 10);
    for (int lane = 0; lane < LANES; lane++) {
        int64_t sample = pick[lane < COUNT ? lane : COUNT - 1];
        for (int e = 0; e < 784; e++) {
            double v = rq_data_value(&d, RQ_SPLIT_val, sample, e);
            assert_true(g[e * LANES + lane] == v);
            assert_true(f[e * LANES + lane] == (float)v);
        }
        assert_int_equal(labels[lane], rq_data_label(&d, RQ_SPLIT_val, sample));
        for (int k = 0; k < 10; k++) {
            assert_true(hot[k][lane] == (k == labels[lane] ? 1.0f : 0.0f));
            assert_true(hot8[k][lane] == (k == labels[lane] ? 1.0 : 0.0));
        }
    }
    rq_free(f);
    rq_free(g);
    rq_data_free(&d);
}

static void dense_targets_and_channels_are_packed(void **state)
{
    (void)state;
    double reals[2][4] = {{1, 2, 3, 4}, {5, 6, 7, 8}},
           targets[2][3] = {{0.1, 0.2, 0.3}, {0.4, 0.5, 0.6}};
    rq_data d = {.total = 2,
                 .count = {0, 2},
                 .ndim = 1,
                 .dims = {4},
                 .size = 4,
                 .channels = 1,
                 .reals = reals[0],
                 .targets = targets[0],
                 .target_size = 3};
    const int64_t pick[] = {1, 0};
    double out[4][2], wanted[3][2];
    rq_data_pack(&d, RQ_SPLIT_train, pick, 2, 2, 8, out);
    rq_data_pack_target(&d, RQ_SPLIT_train, pick, 2, 2, 8, wanted);
    for (int lane = 0; lane < 2; lane++) {
        for (int e = 0; e < 4; e++) assert_true(out[e][lane] == reals[1 - lane][e]);
        for (int k = 0; k < 3; k++) assert_true(wanted[k][lane] == targets[1 - lane][k]);
    }
    assert_int_equal(rq_data_label(&d, RQ_SPLIT_train, 0), -1);
    unsigned char bytes[4] = {0, 1, 0, 1};
    double table[2][256] = {{10, 11}, {20, 21}};
    rq_data two = {.total = 1,
                   .count = {0, 1},
                   .ndim = 3,
                   .dims = {2, 1, 2},
                   .size = 4,
                   .channels = 2,
                   .bytes = bytes,
                   .table = table[0]};
    const int64_t first[] = {0};
    float channel[4];
    rq_data_pack(&two, RQ_SPLIT_train, first, 1, 1, 4, channel);
    for (int e = 0; e < 4; e++) {
        assert_true(channel[e] == (float)(10 * (e / 2 + 1) + e % 2));
        assert_true(rq_data_value(&two, RQ_SPLIT_train, 0, e) == channel[e]);
    }
}

static void sheets_are_png_files(void **state)
{
    (void)state;
    rq_data_spec s = glyphs(7, 0, 0);
    rq_data d = opened(&s);
    rq_error err;
    const char *path = scratch_path("sheet.png");
    assert_true(rq_png_sheet(path, &d, RQ_SPLIT_train, 2, 4, 2, &err));
    png_image image;
    memset(&image, 0, sizeof image);
    image.version = PNG_IMAGE_VERSION;
    assert_true(png_image_begin_read_from_file(&image, path));
    assert_int_equal(image.width, 4 * 58 + 2);
    assert_int_equal(image.height, 2 * 58 + 2);
    image.format = PNG_FORMAT_GRAY;
    unsigned char *pixels = rq_alloc(PNG_IMAGE_SIZE(image));
    assert_true(png_image_finish_read(&image, NULL, pixels, 0, NULL));
    int high = 0;
    for (int i = 0; i < 7 * 784; i++) high = d.bytes[i] > high ? d.bytes[i] : high;
    assert_int_equal(high, 255);  /* so that the sheet shows the very bytes */
    for (int i = 0; i < 784; i++) /* sample 5 of the sheet: row 1, column 1 */
        assert_int_equal(pixels[(60 + i / 28 * 2) * 234 + 60 + i % 28 * 2], d.bytes[5 * 784 + i]);
    rq_free(pixels);
    const unsigned char rgb[6] = {255, 0, 0, 0, 0, 255};
    assert_true(rq_png_write(path, rgb, 2, 1, 3, &err));
    assert_false(rq_png_write(path, rgb, 0, 1, 3, &err));
    assert_false(rq_png_write(scratch_path("none/x.png"), rgb, 2, 1, 3, &err));
    assert_non_null(strstr(err.text, "/none/x.png"));
    rq_data_free(&d);
    assert_int_equal(rq_memory_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(augmented_images_are_cut_out_of_padded_ones),
        cmocka_unit_test(glyphs_are_balanced_and_independent_of_counts),
        cmocka_unit_test(glyphs_differ_by_seed_split_and_number),
        cmocka_unit_test(glyphs_keep_their_bits),
        cmocka_unit_test(glyphs_of_some_classes),
        cmocka_unit_test(glyphs_take_sizes_and_noise),
        cmocka_unit_test(glyphs_by_default),
        cmocka_unit_test(glyphs_are_neither_hopeless_nor_trivial),
        cmocka_unit_test(resize_means_areas_and_interpolates),
        cmocka_unit_test(spec_resizes_and_normalises),
        cmocka_unit_test(lanes_are_innermost_and_padded),
        cmocka_unit_test(dense_targets_and_channels_are_packed),
        cmocka_unit_test(sheets_are_png_files),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}

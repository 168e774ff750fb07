/* test_pictures.c: colours that can be read, charts whose points lie where they belong, texts that fit and are escaped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "report/chart.h"

/* Relative luminance and contrast as in WCAG 2. */
static double luminance(uint32_t rgb)
{
    static const double weight[] = {0.2126, 0.7152, 0.0722};
    double sum = 0;
    for (int k = 0; k < 3; k++) {
        double v = (double)(rgb >> (16 - 8 * k) & 255) / 255;
        sum += weight[k] * (v <= 0.03928 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4));
    }
    return sum;
}

static double contrast(uint32_t a, uint32_t b)
{
    double x = luminance(a), y = luminance(b);
    return (fmax(x, y) + 0.05) / (fmin(x, y) + 0.05);
}

static void test_contrast(void **state)
{
    static const rq_colour words[] = {RQ_COLOUR_ink, RQ_COLOUR_soft, RQ_COLOUR_good, RQ_COLOUR_warn, RQ_COLOUR_bad};
    (void)state;
    for (int dark = 0; dark < 2; dark++) {
        uint32_t back = rq_colour_rgb(RQ_COLOUR_back, dark), panel = rq_colour_rgb(RQ_COLOUR_panel, dark);
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            assert_true(contrast(rq_colour_rgb(words[i], dark), back) >= 4.5 && contrast(rq_colour_rgb(words[i], dark), panel) >= 4.5);
        for (int i = 0; i < RQ_SERIES; i++) assert_true(contrast(rq_colour_rgb(rq_colour_series(i), dark), back) >= 3);
    }
    for (int i = 0; i <= 20; i++)
        for (int pale = 0; pale < 2; pale++) {
            rq_colour ink, fill = rq_colour_scale(i / 20.0, pale, &ink);
            assert_true(contrast(rq_colour_rgb(fill, false), rq_colour_rgb(ink, false)) >= 3.5);
        }
    assert_int_equal(rq_colour_series(RQ_SERIES), rq_colour_series(0));
}

static rq_picture *draw(const rq_chart *c)
{
    rq_error err;
    rq_picture *p = rq_chart_picture(c, &err);
    assert_non_null(p);
    assert_true(rq_picture_ok(p, &err));
    for (int64_t i = 0; i < p->count; i++) /* nothing is drawn outside */
        for (int k = 0; k < p->shape[i].points; k++) {
            double x = p->shape[i].point[2 * k], y = p->shape[i].point[2 * k + 1];
            assert_true(x >= 0 && x <= p->width && y >= 0 && y <= p->height);
        }
    return p;
}

/* The circles of a colour, in order. */
static int circles(const rq_picture *p, rq_colour colour, double *x, double *y)
{
    int n = 0;
    for (int64_t i = 0; i < p->count; i++)
        if (p->shape[i].kind == RQ_SHAPE_circle && p->shape[i].pen.fill == colour) x[n] = p->shape[i].x, y[n++] = p->shape[i].y;
    return n;
}

static void test_points(void **state)
{
    const double x[] = {0, 1, 2, 3, 4, 5}, linear[] = {1, 2, NAN, 4, 5, 6}, log[] = {1e-4, 1e-3, 1e-2, 0, 1, 10};
    double u[8], v[8];
    (void)state;
    for (int is_log = 0; is_log < 2; is_log++) {
        rq_series s = {.name = "a", .x = x, .y = is_log ? log : linear, .count = 6};
        rq_chart c = {.title = "t", .x_label = "x", .y_label = "y", .log_y = is_log, .series = &s, .series_count = 1};
        rq_picture *p = draw(&c);
        assert_int_equal(circles(p, RQ_COLOUR_s0, u, v), 5); /* without the gap */
        double step = (v[0] - v[1]); /* equal steps up, in value or in its logarithm */
        assert_true(step > 10 && u[1] > u[0]);
        assert_true(fabs((v[3] - v[4]) - step) < 1e-9 && fabs((u[4] - u[3]) - (u[1] - u[0])) < 1e-9);
        int lines = 0;
        for (int64_t i = 0; i < p->count; i++)
            lines += p->shape[i].kind == RQ_SHAPE_path && p->shape[i].pen.stroke == RQ_COLOUR_s0 && p->shape[i].points > 1 && p->shape[i].pen.width == 2;
        assert_int_equal(lines, 2); /* before and behind the gap */
        rq_picture_free(p);
    }
}

static void test_bands_and_nothing(void **state)
{
    const double x[] = {1, 2, 3}, y[] = {0.5, 0.6, 0.7}, low[] = {0.4, 0.5, 0.6}, high[] = {0.6, 0.7, 0.8}, none[] = {NAN, NAN, INFINITY};
    (void)state;
    rq_series s = {.name = "a", .x = x, .y = y, .count = 3, .low = low, .high = high};
    rq_chart c = {.title = "t", .x_label = "x", .y_label = "y", .series = &s, .series_count = 1};
    rq_picture *p = draw(&c);
    int bands = 0;
    for (int64_t i = 0; i < p->count; i++) bands += p->shape[i].closed && p->shape[i].pen.fill == RQ_COLOUR_s0 && p->shape[i].points == 6;
    assert_int_equal(bands, 1);
    rq_picture_free(p);
    s = (rq_series){.name = "a", .x = x, .y = none, .count = 3};
    p = draw(&c);
    assert_int_equal(p->count, 1);
    assert_string_equal(p->shape[0].text, "no finite values");
    rq_picture_free(p);
}

static void test_bars_and_heat(void **state)
{
    const rq_bar bar[] = {{"a", 0.2, 0.1, 0.3, NAN, NAN, NAN}, {"b", -0.1, NAN, NAN, 0.4, 0.3, 0.5}};
    const rq_bars bars = {.name = "n", .title = "t", .x_label = "x", .first = "one", .second = "two", .bar = bar, .count = 2, .from_zero = true};
    const char *const row[] = {"r1", "r2"}, *const column[] = {"c1", "c2", "c3"}, *const text[] = {"1", "2", "3", "4", "", "none"};
    const double value[] = {1, 2, 3, 4, NAN, NAN};
    const rq_heat heat = {.name = "h", .title = "t", .scale = "v", .row = row, .column = column, .value = value, .text = text, .rows = 2,
                          .columns = 3, .row_title = "", .column_title = ""};
    rq_error err;
    (void)state;
    double x[8], y[8];
    rq_picture *p = rq_bars_picture(&bars, &err);
    assert_non_null(p);
    assert_int_equal(circles(p, RQ_COLOUR_s0, x, y), 3); /* the legend's and two estimates */
    assert_true(x[2] < x[1] && y[2] > y[1]);
    rq_picture_free(p);
    p = rq_heat_picture(&heat, &err);
    assert_non_null(p);
    int cells = 0, words = 0;
    for (int64_t i = 0; i < p->count; i++) {
        cells += p->shape[i].kind == RQ_SHAPE_rect && p->shape[i].h == 24;
        words += p->shape[i].kind == RQ_SHAPE_text && !strcmp(p->shape[i].text, "none");
    }
    assert_true(cells == 6 && words == 1);
    rq_picture_free(p);
    assert_int_equal(rq_memory_live(), 0);
}

static void test_texts(void **state)
{
    const rq_font font = {.size = 12};
    char out[64], *page = NULL;
    rq_error err;
    (void)state;
    rq_text_fit(font, "a name that is far too long for its place", 60, out, sizeof out);
    assert_true(strlen(out) < 14 && !strcmp(out + strlen(out) - 2, ".."));
    assert_true(rq_text_width(font, out) <= 60);
    rq_text_fit(font, "short", 60, out, sizeof out);
    assert_string_equal(out, "short");
    rq_picture *p = rq_picture_new("n", "1 < 2 & \"3\"", "d", &err);
    rq_draw_text(p, font, 0, 0, RQ_ANCHOR_start, 0, "<b>");
    FILE *f = tmpfile();
    assert_true(rq_picture_svg(f, p, &err));
    long size = ftell(f);
    rewind(f);
    page = rq_alloc((size_t)size + 1);
    assert_int_equal(fread(page, 1, (size_t)size, f), size);
    fclose(f);
    assert_non_null(strstr(page, "1 &lt; 2 &amp; &quot;3&quot;"));
    assert_non_null(strstr(page, ">&lt;b&gt;</text>"));
    assert_null(strstr(page, "<b>"));
    rq_free(page);
    rq_picture_free(p);
    assert_int_equal(rq_memory_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contrast), cmocka_unit_test(test_points), cmocka_unit_test(test_bands_and_nothing),
        cmocka_unit_test(test_bars_and_heat), cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* glyphs.c: digits 0 .. 9 drawn from a seed, a data set that needs no download.
 *
 * A sample takes one of its digit's styles (glyphs.def), moves its points a little, bends the whole
 * by slow waves, turns, shears, scales and shifts it, and draws it with a pen of its own width,
 * softness and strength; then comes noise. All of it is a function of (seed, split, number of the
 * sample): how many samples there are changes none of them.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/source.h"
#include "random.h"

/* Pixel noise has blocks of the sample's stream that no other draw reaches. */
enum { DIGITS = 10, POINTS = 16, STEPS = 6, SIDE_MIN = 8, SIDE_MAX = 256, NOISE_BLOCK = 1 << 20 };

static const struct {
    int digit;
    const char *strokes;
} styles[] = {
#define GLYPH(digit, strokes) {digit, strokes},
#include "data/glyphs.def"
#undef GLYPH
};

enum { STYLES = sizeof styles / sizeof *styles };

/* What a sample draws its numbers from, in order. */
typedef struct Dice {
    rq_random r;
    uint64_t next;
} Dice;

static double uniform(Dice *d, double from, double to)
{
    return from + (to - from) * rq_random_uniform01(&d->r, d->next++);
}

/* Nearly normal and within +-3.5 deviations, the sum of twelve uniform numbers: no stray point far
 * off the page. */
static double nearly_normal(Dice *d, double deviation)
{
    double sum = -6;
    for (int i = 0; i < 6; i++) {
        uint64_t bits = rq_random_u64(&d->r, d->next++);
        sum += (double)(bits >> 32) * 0x1p-32 + (double)(uint32_t)bits * 0x1p-32;
    }
    return deviation * sum;
}

typedef struct Point {
    double x, y;
    bool is_corner, is_start;
} Point;

static int read_strokes(const char *text, Point points[POINTS])
{
    int n = 0;
    bool is_start = true;
    while (*text && n < POINTS) {
        char *rest;
        points[n].x = (double)strtol(text, &rest, 10) / 100 - 0.5;
        points[n].y = (double)strtol(rest + 1, &rest, 10) / 100 - 0.5;
        points[n].is_start = is_start;
        points[n].is_corner = *rest == '!';
        n++;
        text = rest + strspn(rest, "! ");
        is_start = *text == '/';
        text += strspn(text, "/ ");
    }
    return n;
}

/* The page of one sample: from the digit's box to pixels, and the pen. */
typedef struct Page {
    unsigned char *pixels;
    float *ink;
    int side;
    double a, b, c, d, x, y; /* x' = a x + b y + x0, y' = c x + d y + y0 */
    double wave[2][3];       /* per axis: height, frequency, phase */
    double radius, softness, swell, turn;
} Page;

static Page new_page(Dice *dice, int side, unsigned char *pixels, float *ink)
{
    Page p = {.pixels = pixels, .ink = ink, .side = side};
    double size = side * 20.0 / 28 * uniform(dice, 0.86, 1.14);
    double wide = size * uniform(dice, 0.80, 1.20), tall = size * uniform(dice, 0.95, 1.10);
    double angle = nearly_normal(dice, 0.15), shear = nearly_normal(dice, 0.20);
    double cosine = cos(angle), sine = sin(angle);
    p.a = wide * cosine;
    p.b = tall * (shear * cosine - sine);
    p.c = wide * sine;
    p.d = tall * (shear * sine + cosine);
    p.x = side * 0.5 + nearly_normal(dice, side * 0.040);
    p.y = side * 0.5 + nearly_normal(dice, side * 0.040);
    for (int axis = 0; axis < 2; axis++) {
        p.wave[axis][0] = nearly_normal(dice, 0.030);
        p.wave[axis][1] = uniform(dice, 3, 8);
        p.wave[axis][2] = uniform(dice, 0, 6.283185307179586);
    }
    p.radius = side / 28.0 * uniform(dice, 0.65, 1.65);
    p.softness = side / 28.0 * uniform(dice, 0.45, 0.95);
    p.swell = uniform(dice, 0, 0.30);
    p.turn = uniform(dice, 0, 6.283185307179586);
    return p;
}

static Point to_pixels(const Page *p, double x, double y)
{
    double u = x + p->wave[0][0] * sin(p->wave[0][1] * y + p->wave[0][2]);
    double v = y + p->wave[1][0] * sin(p->wave[1][1] * x + p->wave[1][2]);
    return (Point){.x = p->a * u + p->b * v + p->x, .y = p->c * u + p->d * v + p->y};
}

/* Square of the distance from (x, y) to the line from a to b. */
static double distance2(double x, double y, Point a, Point b)
{
    double dx = b.x - a.x, dy = b.y - a.y, length2 = dx * dx + dy * dy;
    double t = length2 > 0 ? ((x - a.x) * dx + (y - a.y) * dy) / length2 : 0;
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    double ex = x - a.x - t * dx, ey = y - a.y - t * dy;
    return ex * ex + ey * ey;
}

static int clamp_pixel(double v, int side) { return v < 0 ? 0 : v > side - 1 ? side - 1 : (int)v; }

/* Inks the pixels near a line; the darkest line wins. */
static void draw_line(Page *p, Point a, Point b, double radius)
{
    double reach = radius + p->softness;
    int left = clamp_pixel(fmin(a.x, b.x) - reach, p->side),
        right = clamp_pixel(fmax(a.x, b.x) + reach, p->side);
    int top = clamp_pixel(fmin(a.y, b.y) - reach, p->side),
        bottom = clamp_pixel(fmax(a.y, b.y) + reach, p->side);
    for (int y = top; y <= bottom; y++) {
        for (int x = left; x <= right; x++) {
            double d2 = distance2(x + 0.5, y + 0.5, a, b);
            if (d2 >= reach * reach) continue;
            double t = (reach - sqrt(d2)) / (2 * p->softness);
            float ink = (float)(t >= 1 ? 1 : t * t * (3 - 2 * t));
            float *at = &p->ink[y * p->side + x];
            if (ink > *at) *at = ink;
        }
    }
}

static double slope(double before, double here, double after, bool has_before)
{
    return has_before ? (after - before) / 2 : after - here;
}

/* The curve from point i to i + 1: cubic with the slopes of its neighbours, straight out of ends
 * and corners. */
static void draw_curve(Page *p, const Point *q, int n, int i)
{
    bool before = i > 0 && !q[i].is_start && !q[i].is_corner;
    bool after = i + 2 < n && !q[i + 2].is_start && !q[i + 1].is_corner;
    const Point *a = &q[i], *b = &q[i + 1], *z = before ? a - 1 : a, *c = after ? b + 1 : b;
    double ax = slope(z->x, a->x, b->x, before), ay = slope(z->y, a->y, b->y, before);
    double bx = -slope(c->x, b->x, a->x, after), by = -slope(c->y, b->y, a->y, after);
    Point last = to_pixels(p, a->x, a->y);
    for (int k = 1; k <= STEPS; k++) {
        double t = (double)k / STEPS, s = 1 - t;
        double h0 = (1 + 2 * t) * s * s, h1 = t * s * s, h2 = t * t * (3 - 2 * t), h3 = -t * t * s;
        Point next = to_pixels(p, h0 * a->x + h1 * ax + h2 * b->x + h3 * bx,
                               h0 * a->y + h1 * ay + h2 * b->y + h3 * by);
        double width = 1 + p->swell * sin(p->turn + 1.3 * (i + t));
        draw_line(p, last, next, p->radius * width);
        last = next;
    }
}

static int style_of(int digit, Dice *dice)
{
    int first = 0, count = 0;
    while (styles[first].digit != digit) first++;
    while (first + count < STYLES && styles[first + count].digit == digit) count++;
    return first + (int)rq_random_below(&dice->r, dice->next++, (uint64_t)count);
}

/* Normal to a good part, from the sum of four bytes: mean 0, deviation 1. */
static float pixel_noise(uint32_t word)
{
    int sum =
        (int)(word & 255) + (int)(word >> 8 & 255) + (int)(word >> 16 & 255) + (int)(word >> 24);
    return (float)(sum - 510) * (1.0f / 147.8f);
}

static void finish(Page *p, Dice *dice, double noise)
{
    float strength = (float)uniform(dice, 0.75, 1.05), deviation = (float)noise;
    uint32_t word[4];
    for (int i = 0; i < p->side * p->side; i++) {
        if (i % 4 == 0) rq_random_block(&dice->r, NOISE_BLOCK + (uint64_t)i / 4, word);
        float v = strength * p->ink[i] + deviation * pixel_noise(word[i % 4]);
        v = v < 0 ? 0 : v > 1 ? 1 : v;
        p->pixels[i] = (unsigned char)(v * 255 + 0.5f);
    }
}

/* Draws sample i of a split; ink is room for side * side floats. */
static void draw(const rq_data_spec *spec, int split, int64_t i, int digit, unsigned char *pixels,
                 float *ink)
{
    Dice dice = {
        rq_random_stream_id(spec->seed, RQ_PURPOSE_glyph, (uint64_t)split << 56 | (uint64_t)i), 0};
    int side = (int)spec->size;
    memset(ink, 0, (size_t)side * (size_t)side * sizeof *ink);
    Point points[POINTS];
    int n = read_strokes(styles[style_of(digit, &dice)].strokes, points);
    Page page = new_page(&dice, side, pixels, ink);
    for (int k = 0; k < n; k++) {
        points[k].x += nearly_normal(&dice, 0.028);
        points[k].y += nearly_normal(&dice, 0.028);
    }
    for (int k = 0; k + 1 < n; k++)
        if (!points[k + 1].is_start) draw_curve(&page, points, n, k);
    finish(&page, &dice, spec->noise);
}

/* Every ten samples hold each digit once, in an order of their own. */
static int32_t label_of(uint64_t seed, int split, int64_t i)
{
    rq_random r =
        rq_random_stream_id(seed, RQ_PURPOSE_label, (uint64_t)split << 56 | (uint64_t)(i / DIGITS));
    int64_t order[DIGITS];
    rq_random_permutation(&r, order, DIGITS);
    return (int32_t)order[i % DIGITS];
}

static bool check_spec(const rq_data_spec *spec, rq_error *err)
{
    if (spec->size < SIDE_MIN || spec->size > SIDE_MAX)
        return rq_fail(err, "glyphs takes size: %d to %d, not %lld", SIDE_MIN, SIDE_MAX,
                       (long long)spec->size);
    if (!(spec->noise >= 0 && spec->noise <= 1))
        return rq_fail(err, "glyphs takes noise: 0 to 1, not %g", spec->noise);
    if (spec->train < RQ_DATA_ALL || spec->val < RQ_DATA_ALL || spec->test < RQ_DATA_ALL)
        return rq_fail(err, "a number of samples is not below 0");
    return true;
}

static bool is_kept(const rq_data_spec *spec, int32_t label)
{
    if (!spec->class_count) return true;
    if (!spec->classes) return label < spec->class_count;
    for (int k = 0; k < spec->class_count; k++)
        if (spec->classes[k] == label) return true;
    return false;
}

/* Samples among which there are count of the kept classes: of every ten, one of each class. */
static int64_t room_for(const rq_data_spec *spec, int64_t count)
{
    int kept = 0;
    for (int32_t label = 0; label < DIGITS; label++) kept += is_kept(spec, label);
    return kept ? (count / kept + 1) * DIGITS : 0;
}

/* Writes the labels of a split up to its count-th kept one; returns how many. */
static int64_t list_labels(const rq_data_spec *spec, int split, int64_t count, int32_t *labels)
{
    int64_t i = 0, room = room_for(spec, count);
    for (int64_t kept = 0; kept < count && i < room; i++) {
        labels[i] = label_of(spec->seed, split, i);
        kept += is_kept(spec, labels[i]);
    }
    return i;
}

/* The picks from .. to - 1 of a pool. */
static bool draw_some(const rq_data_spec *spec, int pool, const rq_pick *picks, int64_t from, int64_t to,
                      int64_t train_end, rq_data *out, rq_error *err)
{
    uint64_t pixels = (uint64_t)(spec->size * spec->size);
    float *ink = rq_alloc_array(pixels, sizeof *ink, "a drawing", err);
    unsigned char *raw = ink ? rq_alloc_array(pixels, 1, "a drawing", err) : NULL;
    for (int64_t k = from; raw && k < to; k++) {
        int64_t i = picks[k].source, slot = picks[k].slot;
        int split = pool == 1 ? RQ_SPLIT_test : i < train_end ? RQ_SPLIT_train : RQ_SPLIT_val;
        if (split == RQ_SPLIT_val) i -= train_end;
        draw(spec, split, i, out->class_labels[out->labels[slot]], raw, ink);
        rq_image_store(out, slot, raw, spec->size, spec->size);
        out->source_index[slot] = i;
    }
    bool good = raw != NULL;
    rq_free(ink);
    rq_free(raw);
    return good;
}

/* Side by side: a drawing depends on nothing but its number. */
static bool draw_all(const rq_data_spec *spec, const rq_pick *picks[2], const int64_t picked[2],
                     int64_t train_end, rq_data *out, rq_error *err)
{
    enum { SOME = 64 };
    if (!rq_images_prepare(spec, 1, spec->size, spec->size, out, err)) return false;
    bool good = true;
    for (int pool = 0; pool < 2; pool++) {
#pragma omp parallel for schedule(dynamic, 1) if (picked[pool] > SOME)
        for (int64_t from = 0; from < picked[pool]; from += SOME) {
            rq_error own;
            int64_t to = from + SOME < picked[pool] ? from + SOME : picked[pool];
            if (draw_some(spec, pool, picks[pool], from, to, train_end, out, &own)) continue;
#pragma omp critical(glyphs_failed)
            {
                good = false;
                *err = own;
            }
        }
    }
    return good;
}

bool rq_glyphs_open(const rq_data_spec *spec, rq_data *out, rq_error *err)
{
    if (!check_spec(spec, err)) return false;
    rq_data_spec s = *spec;
    if (s.train == RQ_DATA_ALL) s.train = 2000;
    if (s.val == RQ_DATA_ALL) s.val = 0;
    if (s.test == RQ_DATA_ALL) s.test = 500;
    enum { MOST = 10000000 };
    if (s.train > MOST || s.val > MOST || s.test > MOST)
        return rq_fail(err, "glyphs draws at most %d samples", MOST);
    int64_t rooms = room_for(&s, s.train) + room_for(&s, s.val) + room_for(&s, s.test);
    int32_t *labels = rq_alloc_array((uint64_t)rooms, sizeof *labels, "labels", err);
    if (!labels) return false;
    int64_t train_end = list_labels(&s, RQ_SPLIT_train, s.train, labels);
    int64_t val_end = train_end + list_labels(&s, RQ_SPLIT_val, s.val, labels + train_end);
    int64_t tests = list_labels(&s, RQ_SPLIT_test, s.test, labels + val_end);
    rq_pools pools = {{labels, labels + val_end}, {val_end, tests}, DIGITS, "drawings"};
    rq_pick *picks[2];
    int64_t picked[2];
    bool good = rq_select(&s, &pools, out, picks, picked, err);
    if (good) good = draw_all(&s, (const rq_pick **)picks, picked, train_end, out, err);
    rq_free(picks[0]);
    rq_free(picks[1]);
    rq_free(labels);
    return good;
}

/* pictures.c: a picture into the file that -o names. */
#include "cli/pictures.h"

#include <string.h>

#include "cli/cairo.h"

static const char *ending(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot ? dot + 1 : "";
}

void picture_check_name(const char *path)
{
    static const char *const known[] = {"svg", "pdf", "png"};
    for (size_t i = 0; i < COUNT(known); i++)
        if (!strcmp(ending(path), known[i])) return;
    fatal("-o %s: a picture's file ends in .svg, .pdf or .png", path);
}

static bool save_svg(const rq_picture *p, const char *path, rq_error *err)
{
    FILE *f = fopen(path, "w");
    if (!f) return rq_fail(err, "file '%s' cannot be written", path);
    bool ok = rq_picture_svg(f, p, err);
    if (fclose(f) && ok) ok = rq_fail(err, "file '%s' could not be written completely", path);
    return ok;
}

void picture_save(rq_picture *p, const char *path, rq_error *err)
{
    if (!p || !rq_picture_ok(p, err)) fatal("%s", err->text);
    if (!(strcmp(ending(path), "svg") ? cairo_write(p, path, ending(path), err) : save_svg(p, path, err))) fatal("%s", err->text);
    rq_picture_free(p);
}

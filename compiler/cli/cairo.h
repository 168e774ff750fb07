/* cairo.h: pictures as PDF and PNG. Only the program `rq` has this library; librq writes SVG by itself. */
#ifndef RQ_CLI_CAIRO_H
#define RQ_CLI_CAIRO_H

#include "report/picture.h"

/* An rq_picture_writer; PNG has two pixels for each unit. On white. */
bool cairo_write(const rq_picture *p, const char *path, const char *format, rq_error *err);

#endif

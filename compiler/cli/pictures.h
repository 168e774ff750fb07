/* pictures.h: what the verbs draw into files: circuits and flow, as SVG, PDF or PNG. */
#ifndef RQ_CLI_PICTURES_H
#define RQ_CLI_PICTURES_H

#include "cli/session.h"
#include "export/diagram.h"
#include "report/picture.h"

/* NULL: no memory, worded. */
rq_picture *circuit_picture(const Diagram *d, const char *name, const char *title, rq_error *err);

/* Writes to a file whose name says how: .svg, .pdf or .png; frees the picture. Any failure, that of making it included, is fatal. */
void picture_save(rq_picture *p, const char *path, rq_error *err);
/* Is the name one of a picture? If not, fatal(). */
void picture_check_name(const char *path);

#endif

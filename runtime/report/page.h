/* page.h: what all report pages are made of: one file, no network, no script; readable in light, dark and on paper. */
#ifndef RQ_REPORT_PAGE_H
#define RQ_REPORT_PAGE_H

#include "report/picture.h"

void rq_page_begin(FILE *out, const char *title);
void rq_page_end(FILE *out);
/* Prints text with &, <, > and quotes escaped. */
void rq_html_text(FILE *out, const char *text);
/* A section with a heading; text in it as it stands. */
void rq_page_note(FILE *out, const char *text); /* a line that warns */
void rq_page_heading(FILE *out, const char *title);
void rq_page_text(FILE *out, const char *title, const char *text);
/* Cells of a table: left-aligned text, a number (a dash if it is not finite). */
void rq_page_cell(FILE *out, const char *text, const char *class);
void rq_page_number(FILE *out, const char *format, double x);
/* A table that scrolls within the page; `label` is for readers who do not see it. */
void rq_page_table(FILE *out, const char *label);
void rq_page_table_end(FILE *out);

#endif

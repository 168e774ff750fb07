/* page.c: head, style and small pieces of a report page. */
#include "report/page.h"

#include <math.h>

void rq_html_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&': fputs("&amp;", out); break;
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '"': fputs("&quot;", out); break;
        default: fputc(*text, out);
        }
    }
}

static const char style[] =
    "body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--back);max-width:1120px;margin:0 auto;padding:1rem}\n"
    "h1{font-size:1.6rem;margin:.5rem 0;overflow-wrap:anywhere}h2{font-size:1.15rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--line)}\n"
    "p,li{overflow-wrap:anywhere}.big{font-size:1.25rem}.soft{color:var(--soft)}.note{border-left:4px solid var(--warn);padding-left:.7rem}\n"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums}td,th{font-size:.9rem;padding:.25rem .55rem;text-align:right;"
    "border-bottom:1px solid var(--line);white-space:nowrap}td.t,th.t{text-align:left}th{font-weight:600}td.r{white-space:normal;"
    "min-width:16rem;text-align:left}\n"
    "pre{background:var(--panel);padding:.8rem;overflow-x:auto;font-size:.85rem;line-height:1.4}\n"
    "details>summary{cursor:pointer;font-weight:600;margin:.7rem 0}\n"
    ".charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:0 1.5rem}.charts>*{min-width:0}\n"
    ".good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}.wide:focus-visible,pre:focus-visible{outline:2px solid var(--s0)}\n"
    "@media print{body{max-width:none;padding:0}pre{white-space:pre-wrap}figure,tr{break-inside:avoid}.wide{overflow:visible}"
    "svg{min-width:0!important}td,th{white-space:normal;padding:.1rem .3rem}details>*{display:block}}\n";

void rq_page_begin(FILE *out, const char *title)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,"
          "initial-scale=1\"><link rel=\"icon\" href=\"data:,\">\n<title>", out);
    rq_html_text(out, title);
    fputs(" - rq</title>\n<style>\n", out);
    rq_picture_css(out);
    fputs(style, out);
    fputs("</style></head><body><main>\n", out);
}

void rq_page_end(FILE *out) { fputs("</main></body></html>\n", out); }

void rq_page_note(FILE *out, const char *text)
{
    fputs("<p class=\"note\">", out);
    rq_html_text(out, text);
    fputs("</p>\n", out);
}

void rq_page_heading(FILE *out, const char *title)
{
    fputs("<h2>", out);
    rq_html_text(out, title);
    fputs("</h2>\n", out);
}

void rq_page_text(FILE *out, const char *title, const char *text)
{
    rq_page_heading(out, title);
    fputs("<pre tabindex=\"0\">", out);
    rq_html_text(out, text);
    fputs("</pre>\n", out);
}

void rq_page_cell(FILE *out, const char *text, const char *class)
{
    fprintf(out, "<td class=\"%s\">", class);
    rq_html_text(out, text);
    fputs("</td>", out);
}

void rq_page_number(FILE *out, const char *format, double x)
{
    fputs("<td>", out);
    if (isfinite(x)) fprintf(out, format, x);
    else fputs("&#8211;", out);
    fputs("</td>", out);
}

void rq_page_table(FILE *out, const char *label)
{
    fputs("<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"", out);
    rq_html_text(out, label);
    fputs("\"><table>", out);
}

void rq_page_table_end(FILE *out) { fputs("</tbody></table></div>\n", out); }

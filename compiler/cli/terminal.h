/* terminal.h: what standard output can show. */
#ifndef RQ_CLI_TERMINAL_H
#define RQ_CLI_TERMINAL_H

#include <stdbool.h>

/* Columns of the terminal; of a file or pipe, a usual number. */
int terminal_width(void);
bool terminal_is_utf8(void);

#endif

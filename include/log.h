/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines to stderr. Off a terminal each line begins with the <N> priority prefix that
 * sd-daemon(3) describes, so that the journal files it rightly; on a terminal with a word.
 * Convention: a sentence, then key=value pairs. Only verbs and the agent log, and once. */
#pragma once

#include "util.h"

#include <syslog.h>

/* The highest priority number that is written: LOG_INFO unless set. */
void log_set_level(int level);
void log_line(int priority, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define log_error(...)   log_line(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_info(...)    log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...)   log_line(LOG_DEBUG, __VA_ARGS__)

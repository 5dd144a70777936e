/* SPDX-License-Identifier: Apache-2.0 */
/* The faces of a report. */
#pragma once

#include "report.h"

/* design's nodefit/v1 to `f`, one object and a newline. 0 or -errno. */
int render_json(const struct report *report, FILE *f);

struct terminal {
	FILE *f;
	bool color;
	bool detail; /* all figures and histograms, not one line a check */
};

/* Colour on a terminal, unless NO_COLOR (no-color.org) is set or TERM is dumb. */
void terminal_init(struct terminal *t, FILE *f);
/* The head line, a line a check with its advice, and the verdict. */
void terminal_report(const struct terminal *t, const struct report *report);
/* What apply, diff and rollback did or would do: only what differs, `all` for the rest too. */
void terminal_changes(const struct terminal *t, const struct report *report, bool all);
/* Shows `line` on stderr's last line when that is a terminal; "" wipes it. */
void terminal_progress(const char *line);

/* SPDX-License-Identifier: Apache-2.0 */
/* For people: short, plain ASCII (serial consoles and cloud-init logs), advice under each finding.
 */
#include "render.h"

#include <math.h>
#include <string.h>
#include <sys/ioctl.h>

#define RED    "31"
#define GREEN  "32"
#define YELLOW "33"
#define BOLD   "1"
#define DIM    "2"

void terminal_init(struct terminal *t, FILE *f)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	*t = (struct terminal){
		.f = f,
		.color = isatty(fileno(f)) && !(no_color && *no_color) &&
			 !(term && strcmp(term, "dumb") == 0),
	};
}

/* Prints text of at least `width` columns. Control characters from outside must not reach the
 * terminal. */
static void put(const struct terminal *t, const char *style, int width, const char *text)
{
	_cleanup_free char *clean = strdup(text);

	if (!clean)
		return;
	for (char *c = clean; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
	if (t->color && *style)
		fprintf(t->f, "\033[%sm%-*s\033[0m", style, width, clean);
	else
		fprintf(t->f, "%-*s", width, clean);
}

static const char *verdict_style(enum verdict v)
{
	switch (v) {
	case VERDICT_PASS:
		return GREEN;
	case VERDICT_FAIL:
		return RED;
	case VERDICT_SKIPPED:
		return DIM;
	default:
		return YELLOW;
	}
}

static const char *fitness_style(enum fitness f)
{
	return f == FITNESS_FIT     ? GREEN ";" BOLD
	       : f == FITNESS_UNFIT ? RED ";" BOLD
				    : YELLOW ";" BOLD;
}

/* What stands between a number and its unit. */
static const char *gap(const char *unit)
{
	return *unit && strcmp(unit, "%") != 0 ? " " : "";
}

static void print_figures(const struct terminal *t, const struct result *r)
{
	for (size_t i = 0; i < r->n_facts; i++)
		fprintf(t->f, "             %-18s %s\n", r->facts[i].name, r->facts[i].value);
	for (size_t i = 0; i < r->n_figures; i++)
		fprintf(t->f, "             %-18s %.6g%s%s\n", r->figures[i].name,
			r->figures[i].value, gap(r->figures[i].unit), r->figures[i].unit);
	for (size_t i = 0; i < r->n_thresholds; i++)
		fprintf(t->f, "             %-18s %.6g%s%s (threshold)\n", r->thresholds[i].name,
			r->thresholds[i].value, gap(r->thresholds[i].unit), r->thresholds[i].unit);
}

/* A line a bin, from the first to the last that has samples; 40 columns for the fullest. */
static void print_histogram(const struct terminal *t, const struct result *r)
{
	size_t first = r->n_bins, last = 0;
	double fullest = 0;

	for (size_t i = 0; i < r->n_bins; i++) {
		if (r->bins[i].count <= 0)
			continue;
		first = first < i ? first : i;
		last = i;
		fullest = double_max(fullest, r->bins[i].count);
	}
	for (size_t i = first; i <= last && i < r->n_bins; i++) {
		static const char bar[] = "########################################";
		int len = (int)ceil(40 * r->bins[i].count / fullest);

		if (isfinite(r->bins[i].upper))
			fprintf(t->f, "             <= %7g %s", r->bins[i].upper, r->bins_unit);
		else
			fprintf(t->f, "              > %7g %s", r->bins[i - 1].upper, r->bins_unit);
		fprintf(t->f, " %8.0f %.*s\n", r->bins[i].count, len, bar);
	}
}

/* The column of names is as wide as the longest, and a blank. */
static int name_width(const struct report *report)
{
	size_t width = 8;

	for (size_t i = 0; i < report->n_results; i++)
		if (strlen(report->results[i]->name) >= width)
			width = strlen(report->results[i]->name) + 1;
	return (int)width;
}

void terminal_report(const struct terminal *t, const struct report *report)
{
	const struct node *n = &report->node;
	int width = name_width(report);
	char seconds[32];

	fprintf(t->f, "%s: Linux %s, %u CPU%s, %s; profile %s\n\n", n->name, n->kernel, n->cpus,
		n->cpus == 1 ? "" : "s", strcmp(n->virt, "none") == 0 ? "bare metal" : n->virt,
		report->profile);
	for (size_t i = 0; i < report->n_results; i++) {
		const struct result *r = report->results[i];

		fputs("  ", t->f);
		put(t, verdict_style(r->verdict), 8, verdict_text(r->verdict));
		put(t, "", width, r->name);
		put(t, "", 0, r->message);
		fputc('\n', t->f);
		if (*r->advice) {
			fprintf(t->f, "%*s-> ", 2 + 8 + width, "");
			put(t, "", 0, r->advice);
			fputc('\n', t->f);
		}
		if (t->detail) {
			print_figures(t, r);
			print_histogram(t, r);
		}
	}
	fputc('\n', t->f);
	put(t, fitness_style(report->fitness), 0, fitness_text(report->fitness));
	fputs(": ", t->f);
	put(t, "", 0, report->message);
	snprintf(seconds, sizeof(seconds), " (%.1f s)", report->duration_s);
	put(t, DIM, 0, seconds);
	fputc('\n', t->f);
}

static const char *outcome_style(enum outcome o)
{
	return o == OUTCOME_REFUSED || o == OUTCOME_FAILED ? RED
	       : o == OUTCOME_CHANGED                      ? GREEN
	       : o == OUTCOME_UNCHANGED                    ? DIM
							   : YELLOW;
}

static void print_change(const struct terminal *t, const struct change *c)
{
	fputs("  ", t->f);
	put(t, outcome_style(c->outcome), 13, outcome_text(c->outcome));
	put(t, "", 0, c->key);
	if (c->before && c->outcome != OUTCOME_UNCHANGED) {
		fputs(": ", t->f);
		put(t, "", 0, *c->before ? c->before : "(empty)");
		fputs(" -> ", t->f);
		put(t, BOLD, 0, c->wanted && *c->wanted ? c->wanted : "(empty)");
	} else if (c->wanted) {
		fputs(" = ", t->f);
		put(t, "", 0, *c->wanted ? c->wanted : "(empty)");
	}
	if (c->origin_file) {
		char origin[300];

		snprintf(origin, sizeof(origin), "  (%.250s:%u)", c->origin_file, c->origin_line);
		put(t, DIM, 0, origin);
	}
	fputc('\n', t->f);
	if (c->error) {
		fputs("                 ", t->f);
		put(t, "", 0, c->error);
		fputc('\n', t->f);
	}
	for (size_t i = 0; i < c->notes.n; i++) {
		fputs("                 ", t->f);
		put(t, YELLOW, 0, "warning: ");
		put(t, "", 0, c->notes.v[i]);
		fputc('\n', t->f);
	}
	for (size_t i = 0; i < c->contests.n; i++) {
		fputs("                 ", t->f);
		put(t, YELLOW, 0, "contested: ");
		put(t, "", 0, c->contests.v[i]);
		fputc('\n', t->f);
	}
	if (c->writers && c->outcome != OUTCOME_UNCHANGED) {
		fputs("                 at run time written by: ", t->f);
		put(t, "", 0, c->writers);
		fputc('\n', t->f);
	}
}

static void print_counts(const struct terminal *t, const struct changes *changes)
{
	const char *between = "";

	for (int o = OUTCOME_UNCHANGED; o <= OUTCOME_FAILED; o++) {
		size_t n = changes_count(changes, (enum outcome)o);

		if (n == 0)
			continue;
		fprintf(t->f, "%s%zu %s", between, n, outcome_text((enum outcome)o));
		between = ", ";
	}
	fputs(changes->n ? "\n" : "nothing to do\n", t->f);
}

/* The files of --persist, each once: a row's is looked for among those of the rows before it. */
static void print_files(const struct terminal *t, const struct changes *changes)
{
	const char *between = "for the next boots: ";

	for (size_t i = 0; i < changes->n; i++) {
		const char *file = changes->v[i].persisted_in;
		size_t k = 0;

		if (!file)
			continue;
		while (!changes->v[k].persisted_in || strcmp(changes->v[k].persisted_in, file) != 0)
			k++;
		if (k < i)
			continue;
		fprintf(t->f, "%s%s", between, file);
		between = ", ";
	}
	if (*between == ',')
		fputc('\n', t->f);
}

void terminal_changes(const struct terminal *t, const struct report *report, bool all)
{
	const struct changes *changes = &report->changes;
	const char *between = "\nEach network namespace has its own, so that pods do not get: ";

	for (size_t i = 0; i < changes->n; i++) {
		const struct change *c = &changes->v[i];

		if (all || c->outcome != OUTCOME_UNCHANGED || c->contests.n || c->notes.n)
			print_change(t, c);
	}
	for (size_t i = 0; i < changes->n; i++) {
		const struct change *c = &changes->v[i];

		if (!c->per_netns ||
		    (c->outcome != OUTCOME_WOULD_CHANGE && c->outcome != OUTCOME_CHANGED))
			continue;
		fprintf(t->f, "%s%s", between, c->key);
		between = ", ";
	}
	if (*between == ',')
		fputc('\n', t->f);
	print_files(t, changes);
	print_counts(t, changes);
}

void terminal_progress(const char *line)
{
	static bool shown;
	struct winsize size = {.ws_col = 80};

	if (!isatty(STDERR_FILENO) || (!*line && !shown))
		return;
	ioctl(STDERR_FILENO, TIOCGWINSZ, &size);
	if (*line)
		fprintf(stderr, "\r\033[K%.*s", size.ws_col > 1 ? size.ws_col - 1 : 79, line);
	else
		fputs("\r\033[K", stderr);
	fflush(stderr);
	shown = *line;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* For who asks this node itself. */
#include <errno.h>
#include <string.h>

#include "reporter.h"

static bool is_fresh(const struct reporter *r)
{
	return r->report_at >= 0 &&
	       reporter_now(r) - r->report_at <= r->config.reporter.stale_after;
}

int pages_metrics(struct reporter *r, char **text, size_t *len)
{
	FILE *f = open_memstream(text, len);
	int error;

	if (!f)
		return -ENOMEM;
	/* An earlier boot's report is none. */
	r->counts.report_age = r->report_at >= 0 ? reporter_now(r) - r->report_at : -1;
	error = metrics_print(r->report_at >= 0 ? &r->view : NULL, &r->counts, f);
	if (fclose(f) != 0)
		error = -ENOMEM;
	if (error < 0)
		free(TAKE(*text));
	return error < 0 ? -ENOMEM : 0;
}

/* healthz: this program lives. readyz: it has a fresh report, and the cluster knows it. */
bool pages_make(void *context, const char *path, struct httpd_page *page)
{
	struct reporter *r = context;
	const char *words = NULL;

	page->status = 200;
	page->type = "text/plain";
	if (strcmp(path, "/metrics") == 0) {
		page->type = "text/plain; version=0.0.4; charset=utf-8";
		return pages_metrics(r, &page->text, &page->len) == 0;
	}
	if (strcmp(path, "/healthz") == 0) {
		words = "ok\n";
	} else if (strcmp(path, "/readyz") == 0) {
		bool ready = is_fresh(r) && r->publisher.known && !r->publisher.pending;

		page->status = ready ? 200 : 503;
		words = ready ? "ok\n" : "no fresh report, or the cluster does not have it\n";
	} else if (strcmp(path, "/report") == 0) {
		page->status = r->report ? 200 : 503;
		page->type = r->report ? "application/json" : "text/plain";
		words = r->report ? r->report : "no report\n";
	}
	page->text = words ? strdup(words) : NULL;
	page->len = words ? strlen(words) : 0;
	return page->text != NULL;
}

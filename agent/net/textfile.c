/* SPDX-License-Identifier: Apache-2.0 */
/* The text of /metrics as a file for node_exporter's textfile collector, for a node that nobody can
 * ask over the network. No sample has a time: the collector refuses those, and tells the file's
 * itself. */
#include <errno.h>
#include <string.h>

#include "reporter.h"

#define BETWEEN_S 2.0  /* news in a row are written once */
#define AGAIN_S   30.0 /* after a failure, when there is no news */

/* What people can do about it. NULL when memory is short. */
static char *explain(int error, const char *folder)
{
	char *text = NULL;

	if (error == -EACCES || error == -EPERM)
		(void)format(&text,
			     "%s: the folder %s, and the file if it is there, must be writable by "
			     "the user %u that nodefit-net runs as",
			     strerror(-error), folder, (unsigned)geteuid());
	else if (error == -EROFS)
		(void)format(&text, "%s: a unit needs ReadWritePaths=%s", strerror(-error), folder);
	else if (error == -ENOENT || error == -ENOTDIR)
		(void)format(&text, "there is no folder %s, and nodefit-net makes none", folder);
	else
		(void)format(&text, "cannot be written: %s", strerror(-error));
	return text;
}

static int write_file(struct reporter *r)
{
	const char *path = r->config.reporter.textfile;
	const char *name = strrchr(path, '/') + 1;
	_cleanup_free char *text = NULL, *folder = NULL, *words = NULL;
	size_t len;
	int error = format(&folder, "%.*s", name - path > 1 ? (int)(name - path) - 1 : 1, path);

	if (error == 0)
		error = pages_metrics(r, &text, &len);
	/* Its draft, .NAME.new, is nothing that node_exporter would read. */
	if (error == 0)
		error = sys_replace_fleeting(&r->sys, folder, name, text, len, 0644);
	if (error < 0)
		words = folder ? explain(error, folder) : NULL;
	reporter_tell(&r->textfile.trouble, path,
		      error == 0 ? NULL
		      : words    ? words
				 : strerror(-error));
	return error;
}

static int on_timer(sd_event_source *s, uint64_t usec, void *context)
{
	struct reporter *r = context;
	int error = write_file(r);
	double now = reporter_now(r);

	(void)s;
	(void)usec;
	r->textfile.next = now + BETWEEN_S;
	if (error < 0)
		reporter_timer(r, &r->textfile.timer, now + AGAIN_S, on_timer);
	return 0;
}

void textfile_plan(struct reporter *r)
{
	if (*r->config.reporter.textfile)
		reporter_timer(r, &r->textfile.timer, r->textfile.next, on_timer);
}

void textfile_close(struct reporter *r)
{
	if (r->textfile.timer && sd_event_source_get_enabled(r->textfile.timer, NULL) > 0)
		write_file(r);
	sd_event_source_disable_unref(TAKE(r->textfile.timer));
	free(TAKE(r->textfile.trouble));
}

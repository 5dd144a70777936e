/* SPDX-License-Identifier: Apache-2.0 */
/* /etc/sysctl.d/95-nodefit.conf */
#include <string.h>

#include "persist.h"
#include "sysctl.h"

#define PATH      PERSIST_DIR "/" PERSIST_FILE
#define SIGNATURE "# Written by nodefit"
#define LARGEST   ((size_t)1024 * 1024)

/* A comment's text must not begin a line of its own. */
static void print_comment(FILE *f, const struct change *c)
{
	const char *detail = c->error ? c->error : c->before ? c->before : "";

	fprintf(f, "# %s: wanted %s, %s: ", c->key, c->wish, outcome_text(c->outcome));
	for (; *detail; detail++)
		fputc(*detail == '\n' || *detail == '\r' ? ' ' : *detail, f);
	fputc('\n', f);
}

static void print_line(FILE *f, const struct change *c)
{
	if (c->tuner != &sysctl_tuner)
		return;
	if (c->persisted_in)
		/* "-": a module that is missing at boot is no failure. */
		fprintf(f, "%s%s = %s\n", c->optional || c->outcome == OUTCOME_PENDING ? "-" : "",
			c->key, c->wanted);
	else
		print_comment(f, c);
}

static int read_present(const struct sys *sys, char **text, char **why)
{
	int r = sys_read(sys, PATH, LARGEST, text, NULL);

	if (r == 0 && strncmp(*text, SIGNATURE, strlen(SIGNATURE)) != 0) {
		free(TAKE(*text));
		return format(why, PATH " was not written by nodefit: it is left alone; move it "
					"away first") < 0
			       ? -ENOMEM
			       : -EEXIST;
	}
	if (r < 0 && r != -ENOENT && format(why, "cannot read " PATH ": %s", strerror(-r)) < 0)
		return -ENOMEM;
	return r;
}

int sysctlfile_check(const struct sys *sys, char **why)
{
	_cleanup_free char *present = NULL;
	int r = read_present(sys, &present, why);

	return r == -ENOENT ? 0 : r;
}

int sysctlfile_write(const struct sys *sys, const struct profile *p, const struct changes *changes,
		     char **why)
{
	_cleanup_free char *present = NULL, *text = NULL;
	bool any = false;
	size_t size;
	FILE *f;
	int r = read_present(sys, &present, why);

	if (r < 0 && r != -ENOENT)
		return r;
	for (size_t i = 0; i < changes->n; i++)
		any = any || changes->v[i].tuner == &sysctl_tuner;
	if (!any && !present) /* of links alone there is nothing to say here */
		return 0;
	f = open_memstream(&text, &size);
	if (!f)
		return -ENOMEM;
	fprintf(f,
		SIGNATURE " from the profile %s: edits are lost at the next\n"
			  "# `nodefit apply --persist`; `nodefit rollback --persist` removes it.\n",
		p->name);
	for (size_t i = 0; i < changes->n; i++)
		print_line(f, &changes->v[i]);
	if (ferror(f) | fclose(f))
		return -ENOMEM;
	if (present && strcmp(present, text) == 0)
		return 0;
	r = sys_replace(sys, PERSIST_DIR, PERSIST_FILE, text, size, 0644);
	if (r < 0 &&
	    format(why, "the values are set, but " PATH " can't be written: %s", strerror(-r)) < 0)
		return -ENOMEM;
	return r;
}

int sysctlfile_remove(const struct sys *sys, char **why)
{
	int r = sys_remove(sys, PERSIST_DIR, PERSIST_FILE);

	if (r == -ENOENT)
		return 0;
	if (r < 0 && format(why, "cannot remove " PATH ": %s", strerror(-r)) < 0)
		return -ENOMEM;
	return r;
}

bool sysctlfile_present(const struct sys *sys)
{
	_cleanup_free char *present = NULL, *why = NULL;

	return read_present(sys, &present, &why) == 0;
}

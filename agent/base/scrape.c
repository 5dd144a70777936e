/* SPDX-License-Identifier: Apache-2.0 */
#include "scrape.h"

#include <string.h>

#include "helper.h"

int scrape_run(const struct sys *sys, const char *what, const char *request, int *fd,
	       double deadline_s, struct scrape *out)
{
	struct helper_call call = {.verb = "scrape",
				   .word = what,
				   .input = request,
				   .len = strlen(request),
				   .fd = fd,
				   .deadline_s = deadline_s,
				   .most = SCRAPE_BYTES_MOST};
	struct scrape s = {0};
	char *rest, *line;
	int r = helper_run(sys, &call, &s.text);

	if (r < 0)
		return r;
	rest = s.text;
	while ((line = strsep(&rest, "\n"))) {
		char *equals = strchr(line, '=');

		if (!*line && !rest)
			break;
		if (!equals || equals == line || !rest || s.n == SCRAPE_PAIRS_MOST) {
			scrape_clear(&s);
			return -EBADMSG;
		}
		*equals = '\0';
		s.pairs[s.n].key = line;
		s.pairs[s.n++].value = equals + 1;
	}
	*out = s;
	return 0;
}

const char *scrape_value(const struct scrape *s, const char *key)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->pairs[i].key, key) == 0)
			return s->pairs[i].value;
	return NULL;
}

void scrape_clear(struct scrape *s)
{
	free(s->text);
	*s = (struct scrape){0};
}

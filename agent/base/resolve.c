/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve.h"

#include <string.h>

#include "helper.h"

#define LINE_MOST (RESOLVE_NAME_MAX + 80)

/* Words for people: nothing that a terminal could take for an order. */
static bool printable(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return true;
}

static int read_value(const char *value, size_t len, struct resolved *out)
{
	struct resolved r = {0};
	char address[INET6_ADDRSTRLEN];

	if (len > 1 && *value == '!') {
		if (len - 1 >= sizeof(r.error) || !printable(value + 1, len - 1))
			return -EBADMSG;
		memcpy(r.error, value + 1, len - 1);
	} else {
		if (len >= sizeof(address))
			return -EBADMSG;
		memcpy(address, value, len);
		address[len] = '\0';
		if (!ip_parse(address, &r.ip))
			return -EBADMSG;
	}
	*out = r;
	return 0;
}

int names_read(const char *text, const char *const *names, size_t n, struct resolved *out)
{
	struct resolved rows[RESOLVE_MOST];

	if (n > RESOLVE_MOST)
		return -EBADMSG;
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(names[i]), line = strcspn(text, "\n");

		if (text[line] != '\n' || line <= len || strncmp(text, names[i], len) != 0 ||
		    text[len] != '=' || read_value(text + len + 1, line - len - 1, &rows[i]) < 0)
			return -EBADMSG;
		text += line + 1;
	}
	if (*text)
		return -EBADMSG;
	if (n)
		memcpy(out, rows, n * sizeof(*rows));
	return 0;
}

int names_resolve(const struct sys *sys, const char *const *names, size_t n, struct resolved *out)
{
	struct helper_call call = {.verb = "resolve",
				   /* It keeps its own time; this is for one that does not. */
				   .deadline_s = RESOLVE_DEADLINE_S + 2,
				   .most = (size_t)RESOLVE_MOST * LINE_MOST};
	char request[RESOLVE_MOST * RESOLVE_NAME_MAX];
	_cleanup_free char *answer = NULL;
	int r;

	for (size_t i = 0; i < n; i++) {
		int len =
			snprintf(request + call.len, sizeof(request) - call.len, "%s\n", names[i]);

		if (len < 0 || (size_t)len >= sizeof(request) - call.len)
			return -EINVAL;
		call.len += (size_t)len;
	}
	call.input = request;
	r = helper_run(sys, &call, &answer);
	return r < 0 ? r : names_read(answer, names, n, out);
}

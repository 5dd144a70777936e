/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of targets and patterns, and names for the resolver: what is taken is whole and within its
 * bounds, and what is refused changes nothing. */
#include "tree.h"

#include "params.h"
#include "resolve.h"

static void take_targets(const char *text)
{
	static struct targets t;
	int r;

	t.n = 77;
	r = targets_parse(text, &t);
	assert(r == 0 || (r == -EINVAL && t.n == 77));
	for (size_t i = 0; r == 0 && i < t.n; i++) {
		const struct target *v = &t.v[i];

		assert(t.n <= TARGETS_MOST && v->port > 0 && *v->name && *v->host);
		assert(strlen(v->name) < sizeof(v->name) && strlen(v->host) < sizeof(v->host));
		assert(v->ip.family == AF_INET || v->ip.family == AF_INET6 ||
		       (v->ip.family == 0 && host_name_ok(v->host)));
		assert(v->warn >= 0 && (v->fail == 0 || v->fail >= v->warn));
		assert(v->fail <= TARGET_LIMIT_MAX && v->warn <= TARGET_LIMIT_MAX);
		for (size_t k = 0; k < i; k++)
			assert(strcmp(t.v[k].name, v->name) != 0);
	}
}

static void take_globs(const char *text)
{
	if (globs_check(text) < 0)
		return;
	assert(strlen(text) < TEXT_PARAM_MAX);
	(void)globs_match(text, "eu-west-1");
}

/* A request; and the same bytes as an answer to it. */
static void take_names(const char *text)
{
	_cleanup_free char *request = strdup(text);
	struct resolved out[RESOLVE_MOST];
	const char *names[RESOLVE_MOST];
	int n;

	assert(request);
	n = resolve_names(request, names);
	assert(n == -EINVAL || (n > 0 && n <= RESOLVE_MOST));
	for (int i = 0; i < n; i++)
		assert(host_name_ok(names[i]));
	names[0] = "a.x";
	names[1] = "b.x";
	if (names_read(text, names, 2, out) == 0)
		for (int i = 0; i < 2; i++)
			assert((out[i].ip.family != 0) != (*out[i].error != '\0'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free char *text = strndup((const char *)data, size);

	assert(text);
	take_targets(text);
	take_globs(text);
	take_names(text);
	return 0;
}

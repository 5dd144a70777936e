/* SPDX-License-Identifier: Apache-2.0 */
/* A Node object as the API server answers: our condition in it can be sent and found again, and the
 * patch that takes a taint away takes all of that key and nothing else. */
#include "tree.h"

#include <jansson.h>

#include "nodeapi.h"

#define TAINT "nodefit.dev/not-ready"

static struct api_reply reply_of(const char *body, size_t len)
{
	return (struct api_reply){.status = 200, .body = body, .len = len};
}

static void check_condition(const struct api_reply *node)
{
	struct condition c, again;
	int64_t since, then;
	char *body = NULL;
	struct api_reply reply;

	if (!nodeapi_find(node, CONDITION_TYPE, &c, &since))
		return;
	assert(c.status == CONDITION_TRUE || c.status == CONDITION_FALSE ||
	       c.status == CONDITION_UNKNOWN);
	assert(nodeapi_patch(&c, 1, since, &body) == 0);
	reply = reply_of(body, strlen(body));
	assert(nodeapi_find(&reply, CONDITION_TYPE, &again, &then));
	assert(again.status == c.status && strcmp(again.reason, c.reason) == 0 &&
	       strcmp(again.message, c.message) == 0 && then == since);
	free(body);
}

static size_t count(const json_t *taints)
{
	size_t index, n = 0;
	json_t *taint;

	json_array_foreach(taints, index, taint)
	{
		const char *key = json_string_value(json_object_get(taint, "key"));

		n += key && strcmp(key, TAINT) == 0;
	}
	return n;
}

/* As the API server does it: one operation after the other. */
static void carry_out(const json_t *patch, json_t *taints)
{
	static const char place[] = "/spec/taints/";
	size_t index;
	json_t *step;

	assert(json_array_size(patch) % 2 == 0);
	json_array_foreach(patch, index, step)
	{
		const char *op = json_string_value(json_object_get(step, "op"));
		const char *path = json_string_value(json_object_get(step, "path"));
		size_t i;

		assert(op && path && strncmp(path, place, strlen(place)) == 0);
		i = strtoul(path + strlen(place), NULL, 10);
		assert(i < json_array_size(taints));
		assert(strcmp(op, index % 2 ? "remove" : "test") == 0);
		if (index % 2)
			json_array_remove(taints, i);
		else
			assert(json_equal(json_array_get(taints, i),
					  json_object_get(step, "value")));
	}
}

static void check_taints(const struct api_reply *node)
{
	json_t *root = json_loadb(node->body, node->len, 0, NULL), *patch, *taints;
	char *body = NULL;
	size_t before, ours;
	int r = nodeapi_untaint(node, TAINT, &body);

	assert(r == 0 || r == 1 || r == -EBADMSG);
	assert((r == -EBADMSG) == !root && (r == 1) == !!body);
	taints = json_object_get(json_object_get(root, "spec"), "taints");
	before = json_array_size(taints);
	ours = count(taints);
	assert((r == 1) == (ours > 0));
	if (body) {
		patch = json_loads(body, 0, NULL);
		assert(json_array_size(patch) == 2 * ours);
		carry_out(patch, taints);
		assert(count(taints) == 0 && json_array_size(taints) == before - ours);
		json_decref(patch);
	}
	json_decref(root);
	free(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *body = malloc(size + 1);
	struct api_reply reply = reply_of(body, size);

	assert(body);
	memcpy(body, data, size);
	body[size] = '\0';
	check_condition(&reply);
	check_taints(&reply);
	free(body);
	return 0;
}

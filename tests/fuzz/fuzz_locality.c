/* SPDX-License-Identifier: Apache-2.0 */
/* Where the node is: whatever cloud-init's JSON holds, nodefit-net's lines are such that nodefit
 * takes them all; whatever lines nodefit gets, what it takes are plain words; and labels. */
#include "tree.h"

#include "locality.h"

static void assert_plain(const struct instance *i)
{
	assert(!*i->cloud || instance_word(i->cloud));
	assert(!*i->region || instance_word(i->region));
	assert(!*i->zone || instance_word(i->zone));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free char *text = strndup((const char *)data, size);
	struct instance i = {0}, labels = {0};
	char *lines = NULL;
	size_t len;
	FILE *out = open_memstream(&lines, &len);
	int r;

	assert(text && out);
	r = instance_lines((const char *)data, size, out);
	assert(fclose(out) == 0);
	assert(len <= INSTANCE_LINES_MOST);
	assert(r == 0 || (r == -EBADMSG && len == 0));
	assert(instance_parse(lines, &i) == 0);
	assert_plain(&i);
	free(lines);
	if (instance_parse(text, &i) == 0)
		assert_plain(&i);
	labels_parse(text, &labels);
	assert_plain(&labels);
	return 0;
}

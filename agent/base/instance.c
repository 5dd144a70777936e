/* SPDX-License-Identifier: Apache-2.0 */
#include "instance.h"

#include <string.h>

#include "helper.h"

#define DEADLINE_S 5

bool instance_word(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789._-/:");

	return len > 0 && len < INSTANCE_WORD_MAX && !text[len];
}

static int take_pair(const char *key, size_t key_len, const char *value, size_t len,
		     struct instance *i)
{
	const struct {
		const char *key;
		char *to;
	} keys[] = {{"cloud", i->cloud}, {"region", i->region}, {"zone", i->zone}};
	char word[INSTANCE_WORD_MAX];

	if (len >= sizeof(word))
		return -EBADMSG;
	memcpy(word, value, len);
	word[len] = '\0';
	if (!instance_word(word))
		return -EBADMSG;
	for (size_t k = 0; k < ARRAY_LEN(keys); k++)
		if (strlen(keys[k].key) == key_len && strncmp(keys[k].key, key, key_len) == 0)
			memcpy(keys[k].to, word, sizeof(word));
	return 0;
}

int instance_parse(const char *text, struct instance *out)
{
	struct instance i = {0};

	while (*text) {
		size_t line = strcspn(text, "\n"), key = strcspn(text, "=");

		if (text[line] != '\n' || key == 0 || key >= line ||
		    take_pair(text, key, text + key + 1, line - key - 1, &i) < 0)
			return -EBADMSG;
		text += line + 1;
	}
	*out = i;
	return 0;
}

int instance_read(const struct sys *sys, struct instance *out)
{
	_cleanup_free char *text = NULL, *answer = NULL;
	size_t len = 0;
	int r = sys_read(sys, INSTANCE_FILE, INSTANCE_FILE_MAX, &text, &len);

	if (r < 0)
		return r;
	r = helper_run(sys,
		       &(struct helper_call){.verb = "instance",
					     .input = text,
					     .len = len,
					     .deadline_s = DEADLINE_S,
					     .most = INSTANCE_LINES_MOST},
		       &answer);
	if (r < 0)
		return r == -ENOENT ? -ENOEXEC : r;
	return instance_parse(answer, out);
}

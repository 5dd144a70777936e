/* SPDX-License-Identifier: Apache-2.0 */
/* `nodefit-net instance`: cloud-init's instance data on standard input, where the machine is on
 * standard output (cloud-init: "Instance metadata", standardized keys of v1). */
#include "instance.h"

#include <jansson.h>
#include <string.h>

#include "log.h"
#include "reporter.h"

int instance_lines(const char *text, size_t len, FILE *out)
{
	static const struct {
		const char *key, *path;
	} keys[] = {{"cloud", "cloud_name"}, {"region", "region"}, {"zone", "availability_zone"}};
	json_t *root = json_loadb(text, len, 0, NULL);
	const json_t *v1 = json_object_get(root, "v1");

	if (!root)
		return -EBADMSG;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		/* Not told is null. */
		const char *value = json_string_value(json_object_get(v1, keys[i].path));

		if (value && instance_word(value))
			fprintf(out, "%s=%s\n", keys[i].key, value);
	}
	json_decref(root);
	return 0;
}

int instance_run(void)
{
	_cleanup_free char *text = NULL;
	size_t len;
	int r = privileges_drop();

	if (r == 0) {
		text = malloc(INSTANCE_FILE_MAX + 1);
		r = text ? 0 : -ENOMEM;
	}
	if (r == 0) {
		len = fread(text, 1, INSTANCE_FILE_MAX + 1, stdin);
		r = ferror(stdin) ? -EIO : len > INSTANCE_FILE_MAX ? -EFBIG : 0;
	}
	if (r == 0)
		r = instance_lines(text, len, stdout);
	if (r == 0 && (fflush(stdout) != 0 || ferror(stdout)))
		r = -EIO;
	if (r < 0)
		log_error("nodefit-net instance: %s", strerror(-r));
	return r < 0 ? REPORTER_FAILED : REPORTER_STOPPED;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* YAML becomes lines that another program can split at tabs, whatever it holds. */
#include "tree.h"

#include <ctype.h>

#include "yamllines.h"

static void check_line(const char *line, const char *end)
{
	size_t tabs = 0, part = 0;

	assert(isdigit((unsigned char)*line) && end - line > 2);
	for (; line < end; line++) {
		part = *line == '\t' ? 0 : part + 1;
		tabs += *line == '\t';
		assert(part < YAML_LINES_TEXT);
		assert(*line == '\t' || ((unsigned char)*line >= ' ' && *line != 0x7f));
	}
	assert(tabs >= 2 && tabs <= 9);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert(out && yaml_lines((const char *)data, size, out) == 0 && fclose(out) == 0);
	for (const char *line = text, *end; *line; line = end + 1) {
		end = strchr(line, '\n');
		assert(end);
		check_line(line, end);
	}
	free(text);
	return 0;
}

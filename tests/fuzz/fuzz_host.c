/* SPDX-License-Identifier: Apache-2.0 */
/* The readers of what the kernel says of the host: nothing beyond the text, outputs untouched on
 * failure, and numbers that can be. */
#include "tree.h"

#include <ctype.h>

#include "hoststat.h"
#include "listeners.h"

static void read_swaps(const char *text)
{
	struct swaps s = {.n = 77};
	int r = swaps_parse(text, &s);

	assert(r == 0 || (r == -EBADMSG && s.n == 77));
	if (r < 0)
		return;
	assert(s.used_kib <= s.kib && (s.n > 0) == (*s.first != '\0'));
	for (const char *c = s.first; *c; c++)
		assert(isgraph((unsigned char)*c));
}

static void read_numbers(const char *text)
{
	double value = 77;
	uint64_t soft = 77, hard = 77;
	struct listener l = {.port = 77};
	int r = pressure_parse(text, &value);

	assert(r == 0 ? value >= 0 && value <= 100 : r == -EBADMSG && value == 77);
	value = 77;
	r = meminfo_parse(text, "MemTotal", &value);
	assert(r == 0 ? value >= 0 : r == -EBADMSG && value == 77);
	r = open_files_parse(text, &soft, &hard);
	assert(r == 0 ? soft <= hard : r == -EBADMSG && soft == 77 && hard == 77);
	r = listener_parse(text, &l);
	assert(r == 1 || ((r == 0 || r == -EBADMSG) && l.port == 77));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free char *text = strndup((const char *)data, size);

	assert(text);
	read_swaps(text);
	read_numbers(text);
	if (modules_has(text, "overlay"))
		assert(strstr(text, "overlay.ko"));
	(void)modules_has(text, "br_netfilter");
	return 0;
}

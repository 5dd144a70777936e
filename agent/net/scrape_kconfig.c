/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/config.gz, unpacked here so that the agent needs no library for it, and the program with
 * the privileges unpacks nothing. It comes opened, as HELPER_FD. */
#include "scraper.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "helper.h"

#define PACKED_MOST   ((size_t)1 << 20)
#define UNPACKED_MOST ((size_t)4 << 20)
#define GZIP          16 /* zlib.h: a gzip header is expected, */
#define WINDOW        15 /* and the largest window */

struct unpacker {
	struct kconfig k;
	char line[256];
	size_t len, packed, unpacked;
};

/* A line that is too long is of no option that matters. */
static void take(struct unpacker *u, const unsigned char *data, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (data[i] != '\n') {
			if (u->len < sizeof(u->line) - 1)
				u->line[u->len++] = (char)data[i];
			continue;
		}
		u->line[u->len] = '\0';
		if (u->len < sizeof(u->line) - 1)
			kconfig_take_line(&u->k, u->line);
		u->len = 0;
	}
}

/* All that comes of what was read. Z_STREAM_END at its end. */
static int unpack(z_stream *z, struct unpacker *u, unsigned char *out, size_t size)
{
	int r;

	do {
		z->next_out = out;
		z->avail_out = (unsigned)size;
		r = inflate(z, Z_NO_FLUSH);
		if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
			return r;
		u->unpacked += size - z->avail_out;
		if (u->unpacked > UNPACKED_MOST)
			return Z_DATA_ERROR;
		take(u, out, size - z->avail_out);
	} while (r == Z_OK && z->avail_out == 0);
	return r;
}

int kconfig_unpack(int fd, struct kconfig *out)
{
	struct unpacker u = {.len = 0};
	unsigned char in[4096], text[16384];
	z_stream z = {0};
	int r = inflateInit2(&z, GZIP + WINDOW);

	if (r != Z_OK)
		return -ENOMEM;
	while (r != Z_STREAM_END) {
		ssize_t n = read(fd, in, sizeof(in));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || (u.packed += (size_t)n) > PACKED_MOST)
			break;
		z.next_in = in;
		z.avail_in = (unsigned)n;
		r = unpack(&z, &u, text, sizeof(text));
		if (r != Z_OK && r != Z_BUF_ERROR && r != Z_STREAM_END)
			break;
	}
	inflateEnd(&z);
	if (r == Z_MEM_ERROR)
		return -ENOMEM;
	if (r != Z_STREAM_END || !u.k.marked)
		return -EBADMSG;
	*out = u.k;
	return 0;
}

static int run(const struct scraper_request *request, FILE *out)
{
	static const struct scraper_trouble trouble = {.words =
							       "that is no kernel's configuration"};
	struct kconfig k;
	int r;

	if (request->n)
		return -EINVAL;
	r = kconfig_unpack(HELPER_FD, &k);
	if (r == -EBADMSG) {
		scraper_tell_trouble(&trouble, false, out);
		return 0;
	}
	if (r == 0)
		kconfig_print(&k, out);
	return r;
}

const struct scraper kconfig_scraper = {.name = "kernel-config", .run = run};

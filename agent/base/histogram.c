/* SPDX-License-Identifier: Apache-2.0 */
#include "histogram.h"

#include <math.h>
#include <string.h>

#include "text.h"

int histogram_add(struct histogram *h, double edge, double count)
{
	if (h->n == HISTOGRAM_BUCKETS || isnan(edge) || !(count >= 0) || count > 0x1p53 ||
	    count != (double)(int64_t)count)
		return -EINVAL;
	if (h->n && (edge <= h->v[h->n - 1].edge || count < h->v[h->n - 1].count))
		return -EINVAL;
	h->v[h->n].edge = edge;
	h->v[h->n++].count = count;
	return 0;
}

bool histogram_whole(const struct histogram *h)
{
	return h->n >= 2 && isinf(h->v[h->n - 1].edge);
}

double histogram_count(const struct histogram *h)
{
	return h->n ? h->v[h->n - 1].count : 0;
}

/* As short as it is read back as the same number. */
static void print_edge(double edge, char text[32])
{
	double again;

	if (isinf(edge)) {
		snprintf(text, 32, "+Inf");
		return;
	}
	snprintf(text, 32, "%.12g", edge);
	if (real_parse(text, &again) < 0 || again < edge || again > edge)
		snprintf(text, 32, "%.17g", edge);
}

void histogram_print(const struct histogram *h, char text[HISTOGRAM_TEXT])
{
	size_t used = 0;
	char edge[32];

	*text = '\0';
	for (size_t i = 0; i < h->n && used < HISTOGRAM_TEXT; i++) {
		print_edge(h->v[i].edge, edge);
		used += (size_t)snprintf(text + used, HISTOGRAM_TEXT - used, "%s%s:%.0f",
					 i ? " " : "", edge, h->v[i].count);
	}
}

static int add_text(struct histogram *h, char *bucket)
{
	char *colon = strchr(bucket, ':');
	double edge = INFINITY, count;

	if (!colon)
		return -EINVAL;
	*colon = '\0';
	if ((strcmp(bucket, "+Inf") != 0 && real_parse(bucket, &edge) < 0) ||
	    real_parse(colon + 1, &count) < 0)
		return -EINVAL;
	return histogram_add(h, edge, count);
}

int histogram_parse(const char *text, struct histogram *out)
{
	struct histogram h = {0};
	char copy[HISTOGRAM_TEXT], *rest = copy, *bucket;

	if (strlen(text) >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, text, strlen(text) + 1);
	while ((bucket = strsep(&rest, " ")))
		if (add_text(&h, bucket) < 0)
			return -EINVAL;
	if (!histogram_whole(&h))
		return -EINVAL;
	*out = h;
	return 0;
}

int histogram_since(const struct histogram *later, const struct histogram *earlier,
		    struct histogram *out)
{
	struct histogram h = {0};

	if (later->n != earlier->n)
		return -EINVAL;
	for (size_t i = 0; i < later->n; i++) {
		/* What was printed is read back as it was: the same edge is the same number. */
		if (later->v[i].edge < earlier->v[i].edge ||
		    later->v[i].edge > earlier->v[i].edge ||
		    histogram_add(&h, later->v[i].edge, later->v[i].count - earlier->v[i].count) <
			    0)
			return -EINVAL;
	}
	*out = h;
	return 0;
}

bool histogram_quantile(const struct histogram *h, double q, struct quantile *out)
{
	double rank = q * histogram_count(h), below = 0, low = 0;
	size_t i = 0;

	if (!histogram_whole(h) || histogram_count(h) < 1)
		return false;
	while (i + 1 < h->n && h->v[i].count < rank) {
		below = h->v[i].count;
		low = h->v[i++].edge;
	}
	out->low = low;
	out->high = h->v[i].edge;
	out->estimate = isinf(out->high) ? low
					 : low + (out->high - low) * (rank - below) /
							   (h->v[i].count - below);
	return true;
}

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

void histogram_print(const struct histogram *h, char text[HISTOGRAM_TEXT])
{
	size_t used = 0;

	*text = '\0';
	for (size_t i = 0; i < h->n && used < HISTOGRAM_TEXT; i++) {
		const char *blank = i ? " " : "";
		/* 17 digits are read back as the same number; edges are round ones. */
		int n = isinf(h->v[i].edge)
				? snprintf(text + used, HISTOGRAM_TEXT - used, "%s+Inf:%.0f", blank,
					   h->v[i].count)
				: snprintf(text + used, HISTOGRAM_TEXT - used, "%s%.12g:%.0f",
					   blank, h->v[i].edge, h->v[i].count);

		used += (size_t)n;
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
		/* The text is of 12 digits: the same edge is the same number. */
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

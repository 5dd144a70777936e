/* SPDX-License-Identifier: Apache-2.0 */
#include "findings.h"

#include <stdarg.h>

struct finding *finding_add(struct findings *f, enum verdict verdict, const char *reason,
			    const char *fmt, ...)
{
	struct finding *to = &f->v[f->n];
	va_list ap;

	if (f->n < FINDINGS_MOST)
		f->n++;
	else if (verdict_weight(to[-1].verdict) < verdict_weight(verdict))
		to--;
	*to = (struct finding){.verdict = verdict};
	snprintf(to->reason, sizeof(to->reason), "%s", reason);
	va_start(ap, fmt);
	vsnprintf(to->text, sizeof(to->text), fmt, ap);
	va_end(ap);
	return to;
}

void finding_advise(struct finding *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->advice, sizeof(f->advice), fmt, ap);
	va_end(ap);
}

void findings_tell(const struct findings *f, struct result *r)
{
	const struct finding *worst = NULL;
	size_t more = 0;
	char name[24], text[sizeof(worst->text) + sizeof(worst->advice)];

	for (size_t i = 0; i < f->n; i++)
		if (!worst || verdict_weight(f->v[i].verdict) > verdict_weight(worst->verdict))
			worst = &f->v[i];
	if (!worst) {
		result_judge(r, VERDICT_UNKNOWN, "NothingSeen", "there is nothing to judge");
		return;
	}
	/* The worst first: not all may find a place. */
	for (int w = verdict_weight(VERDICT_FAIL); w > 0; w--) {
		for (size_t i = 0; i < f->n; i++) {
			if (&f->v[i] == worst || verdict_weight(f->v[i].verdict) != w)
				continue;
			more++;
			snprintf(name, sizeof(name), "also_%zu", more);
			snprintf(text, sizeof(text), "%s%s%s", f->v[i].text,
				 *f->v[i].advice ? " -> " : "", f->v[i].advice);
			result_fact(r, name, text);
		}
	}
	if (more)
		result_judge(r, worst->verdict, worst->reason, "%s; and %zu more", worst->text,
			     more);
	else
		result_judge(r, worst->verdict, worst->reason, "%s", worst->text);
	if (*worst->advice)
		result_advise(r, "%s", worst->advice);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* agent.conf: any bytes give a configuration in which every value is in its range and fits the
 * others, or at least one error with its line. */
#include "tree.h"

#include "config.h"

static void check_row(const struct param *row, const void *values)
{
	const char *slot = (const char *)values + row->offset;
	double number;
	int choice;

	switch (row->type) {
	case PARAM_DURATION:
		memcpy(&number, slot, sizeof(number));
		assert(number >= row->least && number <= row->most);
		break;
	case PARAM_CHOICE:
		memcpy(&choice, slot, sizeof(choice));
		assert(choice >= 0);
		for (const char *c = row->choices; choice; c++) {
			assert(*c);
			choice -= *c == ' ';
		}
		break;
	default:
		assert(row->type == PARAM_TEXT);
		assert(strnlen(slot, TEXT_PARAM_MAX) >= (size_t)row->least);
		assert(strnlen(slot, TEXT_PARAM_MAX) <= (size_t)row->most);
		for (; *slot; slot++)
			assert((unsigned char)*slot >= ' ' || *slot == '\t');
	}
}

static void check(const struct config *c)
{
	const char *file = c->reporter.textfile, *dot = strrchr(file, '.');

	for (const struct param *row = agent_params; row->name; row++)
		check_row(row, &c->agent);
	for (const struct param *row = reporter_params; row->name; row++)
		check_row(row, &c->reporter);
	assert(c->agent.better_for >= c->agent.worse_for);
	assert(c->reporter.stale_after >= 2 * c->agent.report_interval);
	assert(!*file || (*file == '/' && dot && dot[-1] != '/' && strcmp(dot, ".prom") == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool made;
	struct problems problems = {0};
	struct config c;
	unsigned lines = 1;
	int r;

	if (!made)
		tree_mkdir("/etc/nodefit");
	made = true;
	tree_write(CONFIG_FILE, data, size);
	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	r = config_load(tree(), NULL, &c, &problems);
	assert(r == 0 || r == -EINVAL);
	assert((r == 0) == (problems.errors == 0));
	for (size_t i = 0; i < problems.n; i++) {
		assert(strcmp(problems.v[i].file, CONFIG_FILE) == 0);
		assert(problems.v[i].line >= 1 && problems.v[i].line <= lines);
	}
	if (r == 0)
		check(&c);
	problems_clear(&problems);
	return 0;
}

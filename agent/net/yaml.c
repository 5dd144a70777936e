/* SPDX-License-Identifier: Apache-2.0 */
/* `nodefit-net yaml`: YAML on standard input, its scalars on standard output, a line each. nodefit
 * runs it for netplan's files, so that the program with the privileges has no YAML parser. */
#include "yamllines.h"

#include <errno.h>
#include <string.h>
#include <yaml.h>

#include "log.h"
#include "reporter.h"
#include "unitfile.h"

#define DEPTH_MAX  8
#define DEEPER_MAX 100 /* libyaml's time grows with the square of the depth */

/* Where the reader stands in the document: the open maps and lists, outermost first. */
struct reader {
	struct {
		bool map;
		bool has_key; /* of a map: the next node is its value */
		char key[YAML_LINES_TEXT];
	} levels[DEPTH_MAX];
	size_t depth;
	size_t deeper; /* open ones beyond DEPTH_MAX: nothing of interest */
	FILE *out;
};

/* Fits between two tabs of a line, whole. */
static bool fits(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	return len < YAML_LINES_TEXT;
}

static void print_value(const struct reader *rd, const char *value, unsigned line)
{
	for (size_t k = 0; k < rd->depth; k++)
		if (!rd->levels[k].map || !*rd->levels[k].key)
			return;
	fprintf(rd->out, "%u", line);
	for (size_t k = 0; k < rd->depth; k++)
		fprintf(rd->out, "\t%s", rd->levels[k].key);
	fprintf(rd->out, "\t%s\n", value);
}

/* One node is complete: a key, or a value; NULL: none that fits a line, or a map, list or alias. */
static void take_node(struct reader *rd, const char *text, unsigned line)
{
	size_t top = rd->depth - 1;

	if (rd->depth == 0 || rd->deeper)
		return;
	if (rd->levels[top].map && !rd->levels[top].has_key)
		snprintf(rd->levels[top].key, YAML_LINES_TEXT, "%s", text ? text : "");
	else if (text)
		print_value(rd, text, line);
	rd->levels[top].has_key = !rd->levels[top].has_key;
}

static void take_event(struct reader *rd, const yaml_event_t *e)
{
	bool end = e->type == YAML_MAPPING_END_EVENT || e->type == YAML_SEQUENCE_END_EVENT;
	const char *text;

	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		rd->depth = rd->deeper = 0;
		break;
	case YAML_MAPPING_START_EVENT:
	case YAML_SEQUENCE_START_EVENT:
		if (rd->depth == DEPTH_MAX) {
			rd->deeper++;
			break;
		}
		rd->levels[rd->depth].map = e->type == YAML_MAPPING_START_EVENT;
		rd->levels[rd->depth++].has_key = false;
		break;
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
	case YAML_ALIAS_EVENT:
		if (end && rd->deeper)
			rd->deeper--;
		else if (end && rd->depth)
			rd->depth--;
		take_node(rd, NULL, 0);
		break;
	case YAML_SCALAR_EVENT:
		text = (const char *)e->data.scalar.value;
		take_node(rd, fits(text, e->data.scalar.length) ? text : NULL,
			  (unsigned)e->start_mark.line + 1);
		break;
	default:
		break;
	}
}

int yaml_lines(const char *text, size_t len, FILE *out)
{
	struct reader rd = {.out = out};
	yaml_parser_t parser;
	bool more = true;
	int r = 0;

	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	while (more && rd.deeper < DEEPER_MAX) {
		yaml_event_t e;

		if (!yaml_parser_parse(&parser, &e)) {
			r = parser.error == YAML_MEMORY_ERROR ? -ENOMEM : 0;
			break;
		}
		take_event(&rd, &e);
		more = e.type != YAML_STREAM_END_EVENT && e.type != YAML_NO_EVENT;
		yaml_event_delete(&e);
	}
	yaml_parser_delete(&parser);
	return r;
}

int yaml_run(void)
{
	_cleanup_free char *text = NULL;
	size_t len;
	int r = privileges_drop();

	if (r == 0) {
		text = malloc(UNIT_FILE_MAX + 1);
		r = text ? 0 : -ENOMEM;
	}
	if (r == 0) {
		len = fread(text, 1, UNIT_FILE_MAX + 1, stdin);
		r = ferror(stdin) ? -EIO : len > UNIT_FILE_MAX ? -EFBIG : 0;
	}
	if (r == 0)
		r = yaml_lines(text, len, stdout);
	if (r == 0 && (fflush(stdout) != 0 || ferror(stdout)))
		r = -EIO;
	if (r < 0)
		log_error("nodefit-net yaml: %s", strerror(-r));
	return r < 0 ? REPORTER_FAILED : REPORTER_STOPPED;
}

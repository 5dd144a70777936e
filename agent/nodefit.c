/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: options, and the table of verbs. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <string.h>

#include "log.h"
#include "text.h"
#include "verbs.h"

#ifndef NODEFIT_VERSION
#define NODEFIT_VERSION "unknown"
#endif

static const struct verb *const verbs[] = {&preflight_verb, &diff_verb,  &apply_verb,
					   &rollback_verb,  &check_verb, &profile_verb,
					   &explain_verb,   &agent_verb, NULL};

#define CONFIRM_MOST 3600

enum { OPTION_ROOT = 256, OPTION_VERSION, OPTION_FLAG };

static const struct {
	const char *name;
	unsigned flag;
	const char *argument;
	const char *help;
} flags[] = {
	{"profile", FLAG_PROFILE, "P", "a profile's name or file (default: kube-node)"},
	{"json", FLAG_JSON, NULL, "the answer as one nodefit/v1 object"},
	{"all", FLAG_ALL, NULL, "also what is unchanged"},
	{"persist", FLAG_PERSIST, NULL, "also for the next boots: sysctl.d and .link files"},
	{"dry-run", FLAG_DRY_RUN, NULL, "only show what would change"},
	{"force", FLAG_FORCE, NULL, "also what is refused for safety"},
	{"confirm", FLAG_CONFIRM, "S",
	 "seconds in which a changed link must be well, or it is put back (10; 0: never)"},
	{"apply", FLAG_APPLY, NULL, "apply the profile first"},
	{"quick", FLAG_QUICK, NULL, "measure for 3 s only, more coarsely"},
	{"config", FLAG_CONFIG, "F", "the agent's configuration, whose profile= is taken"},
	{"once", FLAG_ONCE, NULL, "one round: apply, measure, write the report, and end"},
	{"cilium", FLAG_CILIUM, "V", "judge for this version of Cilium, which is wanted then"},
	{"strict", FLAG_STRICT, NULL, "degraded is exit code 1"},
};

static void print_help(void)
{
	puts("usage: nodefit VERB [OPTIONS]\n\n"
	     "Makes a Linux machine fit to be a Kubernetes node, and proves it by measuring.\n");
	for (size_t i = 0; verbs[i]; i++)
		printf("  %-10s %s\n", verbs[i]->name, verbs[i]->summary);
	puts("\n  nodefit VERB --help tells more; nodefit --version\n"
	     "  --root DIR, with every verb: the machine whose / is DIR\n\n"
	     "Exit codes: 0 fit or degraded, 1 unfit (or something refused), 2 wrong usage or\n"
	     "configuration, 3 could not tell. See nodefit(1).");
}

static void print_verb_help(const struct verb *v)
{
	printf("usage: nodefit %s [OPTIONS]%s%s\n\n%s\n\n", v->name, v->words ? " " : "",
	       v->words ? v->words : "", v->about);
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (v->flags & flags[i].flag)
			printf("  --%s%s%-*s %s\n", flags[i].name, flags[i].argument ? " " : "",
			       12 - (int)strlen(flags[i].name) - (flags[i].argument ? 1 : 0),
			       flags[i].argument ? flags[i].argument : "", flags[i].help);
	printf("  --%-12s %s\n", "root DIR", "the machine whose / is DIR");
	if (v->more_help)
		v->more_help();
}

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; verbs[i]; i++)
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	return NULL;
}

static bool take_argument(unsigned flag, const char *text, struct command *c)
{
	wide seconds;

	if (flag == FLAG_PROFILE)
		c->profile = text;
	if (flag == FLAG_CONFIG)
		c->config = text;
	if (flag == FLAG_CILIUM)
		c->cilium = text;
	if (flag != FLAG_CONFIRM)
		return true;
	if (number_parse(text, &seconds) < 0 || seconds < 0 || seconds > CONFIRM_MOST) {
		log_error("--confirm takes whole seconds from 0 to %d, not \"%s\"", CONFIRM_MOST,
			  text);
		return false;
	}
	c->confirm_s = (double)seconds;
	return true;
}

/* Reads a verb's options. -1 to go on, or the exit code. */
static int parse(const struct verb *v, int argc, char **argv, struct command *c, const char **root)
{
	struct option options[ARRAY_LEN(flags) + 3] = {{0}};
	size_t n = 0;
	int o;

	for (; n < ARRAY_LEN(flags); n++)
		options[n] = (struct option){flags[n].name,
					     flags[n].argument ? required_argument : no_argument,
					     NULL, OPTION_FLAG + (int)n};
	options[n++] = (struct option){"help", no_argument, NULL, 'h'};
	options[n] = (struct option){"root", required_argument, NULL, OPTION_ROOT};
	opterr = 0;
	while ((o = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		size_t index = (size_t)(o - OPTION_FLAG);

		if (o == 'h') {
			print_verb_help(v);
			return verb_flush(0);
		}
		if (o == OPTION_ROOT) {
			*root = optarg;
		} else if (o == '?') {
			log_error("\"%s\" is no option, or lacks its value; see: nodefit %s --help",
				  argv[optind - 1], v->name);
			return EXIT_USAGE;
		} else if (!(v->flags & flags[index].flag)) {
			log_error("nodefit %s does not take --%s; see: nodefit %s --help", v->name,
				  flags[index].name, v->name);
			return EXIT_USAGE;
		} else {
			c->flags |= flags[index].flag;
			if (!take_argument(flags[index].flag, optarg, c))
				return EXIT_USAGE;
		}
	}
	c->words = (const char *const *)argv + optind;
	c->n_words = (size_t)(argc - optind);
	if (c->n_words && !v->takes_words) {
		log_error("nodefit %s takes no \"%s\"; see: nodefit %s --help", v->name,
			  argv[optind], v->name);
		return EXIT_USAGE;
	}
	return -1;
}

/* A closed standard stream's number would go to the next file that is opened, and the answer into
 * that file. */
static bool keep_streams_apart(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return false;
	return true;
}

int main(int argc, char **argv)
{
	const char *first = argc > 1 ? argv[1] : "", *root = NULL;
	const struct verb *v = find_verb(first);
	struct command c = {.confirm_s = -1};
	int r;

	if (!keep_streams_apart())
		return EXIT_UNSURE;
	if (strcmp(first, "--version") == 0) {
		puts("nodefit " NODEFIT_VERSION);
		return verb_flush(0);
	}
	if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0 ||
	    strcmp(first, "help") == 0) {
		print_help();
		return verb_flush(0);
	}
	if (!v) {
		log_error(*first ? "no verb \"%s\"; see: nodefit --help" : "see: nodefit --help%s",
			  first);
		return EXIT_USAGE;
	}
	r = parse(v, argc - 1, argv + 1, &c, &root);
	if (r >= 0)
		return r;
	r = sys_init(&c.sys, root);
	if (r < 0) {
		log_error("--root %s: %s", root, strerror(-r));
		return EXIT_USAGE;
	}
	r = v->run(&c);
	sys_done(&c.sys);
	return r;
}

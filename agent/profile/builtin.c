/* SPDX-License-Identifier: Apache-2.0 */
/* The shipped profiles are part of the program, so that a copied binary judges a machine alone.
 * A profile is added here by one line. */
#include "profile.h"

#include <string.h>

#define EMBED(symbol, file)                                                                        \
	extern const char symbol[], symbol##_end[];                                                \
	__asm__(".pushsection .rodata\n"                                                           \
		".global " #symbol ", " #symbol "_end\n" #symbol ":\n.incbin \"profiles/" file     \
		"\"\n" #symbol "_end:\n.byte 0\n.popsection\n")

EMBED(builtin_kube_node, "kube-node.ini");
EMBED(builtin_control_plane, "control-plane.ini");
EMBED(builtin_article, "article.ini");
EMBED(builtin_jumbo, "jumbo.ini");

static const struct {
	const char *name, *begin, *end;
} builtins[] = {
	{"article", builtin_article, builtin_article_end},
	{"control-plane", builtin_control_plane, builtin_control_plane_end},
	{"jumbo", builtin_jumbo, builtin_jumbo_end},
	{"kube-node", builtin_kube_node, builtin_kube_node_end},
};

const char *builtin_profile(const char *name, size_t *len)
{
	for (size_t i = 0; i < ARRAY_LEN(builtins); i++) {
		if (strcmp(builtins[i].name, name) == 0) {
			*len = (size_t)(builtins[i].end - builtins[i].begin);
			return builtins[i].begin;
		}
	}
	return NULL;
}

const char *builtin_profile_name(size_t index)
{
	return index < ARRAY_LEN(builtins) ? builtins[index].name : NULL;
}

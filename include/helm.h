/* SPDX-License-Identifier: Apache-2.0 */
/* The values for Cilium's Helm chart that fit this node. */
#pragma once

#include "sys.h"

/* Prints them as YAML, each with why, for that version of Cilium. */
void helm_print(const struct sys *sys, const char *version, FILE *out);

/* "https://10.0.0.1:6443": host and port of a kubeconfig's first server. False when there is none,
 * or none that a value can hold. */
bool helm_server_parse(const char *kubeconfig, char *host, size_t size, unsigned *port);

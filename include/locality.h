/* SPDX-License-Identifier: Apache-2.0 */
/* Where the node says it is, by the labels that its kubelet registers it with. */
#pragma once

#include "instance.h"

/* The values of --node-labels= (kubelet) and --node-label= (k3s) in a command line or a file of
 * one: topology.kubernetes.io/region and zone, or their older names (Kubernetes: "Well-Known
 * Labels, Annotations and Taints"). Later ones win, as they do for kubelet. What is not told stays
 * as it is. */
void labels_parse(const char *text, struct instance *out);

/* Of the kubelet that runs; else of the files that its command line comes from. False: not told. */
bool labels_read(const struct sys *sys, struct instance *out);

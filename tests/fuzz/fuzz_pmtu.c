/* SPDX-License-Identifier: Apache-2.0 */
/* What a raw ICMP socket brings: a packet that is taken for the answer is the reply to what was
 * sent, and has its size. The input: family, header of what was sent, then the packet. */
#include "tree.h"

#include "pmtu.h"

#define ASKED 24

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pmtu_ask ask = {.family = AF_INET};
	const uint8_t *packet;
	size_t len, header;

	if (size < ASKED)
		return 0;
	if (data[0] & 1)
		ask.family = AF_INET6;
	ask.id = (uint16_t)(data[1] << 8 | data[2]);
	ask.last = (uint16_t)(data[3] << 8 | data[4]);
	ask.first = (uint16_t)(ask.last - data[5] % 3);
	ask.payload = data[6];
	memcpy(ask.tag, data + 8, PMTU_TAG);
	packet = data + ASKED;
	len = size - ASKED;
	if (!pmtu_is_answer(&ask, packet, len))
		return 0;
	header = ask.family == AF_INET ? (size_t)(packet[0] & 0xf) * 4 : 0;
	assert(len == header + 8 + ask.payload && ask.payload >= PMTU_TAG);
	assert(packet[header] == (ask.family == AF_INET ? 0 : 129) && packet[header + 1] == 0);
	assert(memcmp(packet + header + 4, data + 1, 2) == 0);
	assert(memcmp(packet + header + 8, data + 8, PMTU_TAG) == 0);
	return 0;
}

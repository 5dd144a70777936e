#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# In the guest: the NIC tuner on virtio_net with 4 queues, rings of 1024 and a host's MTU of 1450.
# shellcheck source=guest.sh
. /tests/vm/guest.sh

if [ "${NIC_TESTS:-0}" != 1 ]; then
	echo "# the NIC tuner's tests are off (NIC_TESTS=1)"
	finish
fi
finish

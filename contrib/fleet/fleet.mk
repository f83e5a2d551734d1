# SPDX-License-Identifier: GPL-2.0-or-later
# GNU make as the engine: a report is a file that is there or not, so make goes on where it was stopped.
#
#   make -C DIR -f /usr/local/share/e4zero/fleet/fleet.mk -k -j8
#
# 0, 4 and 8 make a report; 12 and 32 do not, and make tries again when it is called again. With -k the other images are
# done nevertheless.
FLEET ?= $(dir $(lastword $(MAKEFILE_LIST)))fleet.sh
numbers := $(shell cat numbers)

.PHONY: all
all: $(numbers:%=reports/%.json)

reports/%.json:
	@status=0; '$(FLEET)' run . $* || status=$$?; test $$status = 8 || exit $$status

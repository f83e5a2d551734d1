# SPDX-License-Identifier: GPL-2.0-or-later
# GNU make as the engine: a report is a file that is there or not, so make goes on where it was stopped.
#
#   make -C DIR -f /usr/local/share/e4zero/fleet/fleet.mk -k -j8
#
# 0, 4 and 8 make a report; 12 and 32 do not, and make tries again when it is called again. With -k the other images are
# done nevertheless.
# beside this file, whose name is several words for make if it has spaces; some versions put a space before it
empty :=
this = $(subst //|,,$(subst //|$(empty) $(empty),,//|$(MAKEFILE_LIST)))|
FLEET ?= $(or $(wildcard $(dir $(lastword $(MAKEFILE_LIST)))fleet.sh),$(subst fleet.mk|,fleet.sh,$(this)))
numbers := $(shell cat numbers)

.PHONY: all
all: $(numbers:%=reports/%.json)

reports/%.json:
	@status=0; '$(subst ','\'',$(FLEET))' run . $* || status=$$?; test $$status = 8 || exit $$status

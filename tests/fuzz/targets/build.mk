# SPDX-License-Identifier: GPL-2.0-or-later
# The fuzz targets, with the library built again by clang with instrumentation for a fuzzer. Makefile.am calls this with
# SOURCES of the library, FLAGS to compile with, LIBS, TOP (the source directory) and OUT (the directory to be made).
#
#   CC           clang; afl-clang-fast makes targets for AFL++
#   SANITIZERS   the sanitizers to be used
CC = clang
SANITIZERS = address,undefined
# without optimisation: an input is kept if no other one takes this side of a condition, and gcov sees the same sides
fuzz_cflags = -g1 -O0 -fno-omit-frame-pointer -fno-sanitize-recover=all -w
compile = $(CC) $(FLAGS) -I$(TOP)/tests/fuzz $(fuzz_cflags) $(INSTRUMENT)
INSTRUMENT = -fsanitize=fuzzer-no-link,$(SANITIZERS)
LINK = -fsanitize=fuzzer,$(SANITIZERS)
# GCOV=1, with gcc: coverage in place of a fuzzer
ifdef GCOV
INSTRUMENT = --coverage -O0
LINK = --coverage
else
fuzzer = replay.c
endif

# the part of the program that runs scripts
script = $(patsubst $(TOP)/%,%,$(wildcard $(TOP)/src/script/*.c)) \
	$(addprefix src/,cli/words.c verbs/edit.c verbs/operation.c verbs/files.c util.c)

names = super open groups maps dirs xattrs check log journal fix script undo headers map nbd convert
here = $(TOP)/tests/fuzz/targets
own = $(filter-out $(fuzzer),$(patsubst $(here)/%,%,$(wildcard $(here)/*.c $(here)/*/*.c)))
# tests/abort.c replaces invariant.c
library = $(filter-out lib/base/invariant.c,$(SOURCES)) $(script)
objects = $(addprefix $(OUT)/,$(library:.c=.o) $(addprefix tests/fuzz/targets/,$(own:.c=.o)) \
	tests/fuzz/change.o tests/fuzz/target.o tests/fuzz/told.o tests/abort.o tests/unit/failing.o \
	tests/unit/journal/logmaker.o tests/unit/journal/revokes.o)
# functions that an input may let fail or behave as on another host
wrapped = -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup,--wrap=strndup \
	-Wl,--wrap=hostfile_open,--wrap=e4z_begin \
	-Wl,--wrap=busy_look,--wrap=lock_take,--wrap=caches_settle,--wrap=origin_open,--wrap=origin_enter

all: $(addprefix $(OUT)/fuzz-,$(names))

# one program; its name selects the target
$(OUT)/fuzz-%: $(OUT)/fuzz
	ln -sf fuzz $@

$(OUT)/fuzz: $(objects)
	$(CC) $(LINK) $(wrapped) -pthread -o $@ $^ $(LIBS)
	echo '$(objects:$(OUT)/%=%)' | tr ' ' '\n' >$(OUT)/objects
	echo 'cd $(CURDIR) && exec $(compile) "$$@"' >$(OUT)/compile
	echo 'out=$$1; shift; cd $(CURDIR)/$(OUT) && exec $(CC) $(LINK) $(wrapped) -pthread -o "$$out" "$$@" $(LIBS)' >$(OUT)/link

$(OUT)/%.o: $(TOP)/%.c
	@mkdir -p $(@D)
	$(compile) -MMD -MP -c -o $@ $<

# lib/errors.c is generated in the build directory
$(OUT)/lib/errors.o: lib/errors.c
	@mkdir -p $(@D)
	$(compile) -MMD -MP -c -o $@ $<

-include $(objects:.o=.d)
.PHONY: all

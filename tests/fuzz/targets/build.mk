# SPDX-License-Identifier: GPL-2.0-or-later
# The fuzz targets: the library once more, by clang, as a fuzzer needs it. Makefile.am calls it with SOURCES of the
# library, FLAGS to compile with, LIBS, TOP (where the sources are) and OUT (a folder that it makes).
#
#   CC           clang; afl-clang-fast makes targets for AFL++
#   SANITIZERS   what is looked for
CC = clang
SANITIZERS = address,undefined
fuzz_cflags = -g1 -O1 -fno-omit-frame-pointer -fno-sanitize-recover=all -w
compile = $(CC) $(FLAGS) -I$(TOP)/tests/fuzz $(fuzz_cflags) $(INSTRUMENT)
INSTRUMENT = -fsanitize=fuzzer-no-link,$(SANITIZERS)
LINK = -fsanitize=fuzzer,$(SANITIZERS)
# GCOV=1, with gcc: no fuzzer, but what each input reaches is counted
ifdef GCOV
INSTRUMENT = --coverage -O0
LINK = --coverage
else
fuzzer = replay.c
endif

# of the program, what a script needs
script = $(addprefix src/,script/script.c script/script_read.c script/script_text.c script/source.c \
	script/edit_log.c cli/words.c verbs/edit.c verbs/operation.c verbs/files.c util.c)

names = super groups maps dirs xattrs check log fix script undo headers map nbd
own = $(filter-out $(fuzzer),$(notdir $(wildcard $(TOP)/tests/fuzz/targets/*.c)))
# tests/abort.c has the other one
library = $(filter-out lib/base/invariant.c,$(SOURCES)) $(script)
objects = $(addprefix $(OUT)/,$(library:.c=.o) $(addprefix tests/fuzz/targets/,$(own:.c=.o)) \
	tests/fuzz/change.o tests/fuzz/target.o tests/fuzz/told.o tests/abort.o)

all: $(addprefix $(OUT)/fuzz-,$(names))

# one program; its name says which target it is
$(OUT)/fuzz-%: $(OUT)/fuzz
	ln -sf fuzz $@

$(OUT)/fuzz: $(objects)
	$(CC) $(LINK) -pthread -o $@ $^ $(LIBS)
	echo '$(objects:$(OUT)/%=%)' | tr ' ' '\n' >$(OUT)/objects
	echo 'cd $(CURDIR) && exec $(compile) "$$@"' >$(OUT)/compile
	echo 'out=$$1; shift; cd $(CURDIR)/$(OUT) && exec $(CC) $(LINK) -pthread -o "$$out" "$$@" $(LIBS)' >$(OUT)/link

$(OUT)/%.o: $(TOP)/%.c
	@mkdir -p $(@D)
	$(compile) -MMD -MP -c -o $@ $<

# what configure and compile_et made
$(OUT)/lib/errors.o: lib/errors.c
	@mkdir -p $(@D)
	$(compile) -MMD -MP -c -o $@ $<

-include $(objects:.o=.d)
.PHONY: all

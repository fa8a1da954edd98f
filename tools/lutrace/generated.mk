# SPDX-License-Identifier: GPL-2.0-only
# What is included and generated, in OBJ: for lutrace and for the tests of its files.

LUTRACE_DIR := $(dir $(lastword $(MAKEFILE_LIST)))
PROTOC_C ?= protoc-c

$(OBJ)/perfetto.pb-c.c: $(LUTRACE_DIR)report/perfetto.proto | $(OBJ)
	$(PROTOC_C) -I$(LUTRACE_DIR)report --c_out=$(OBJ) $<

# The automata as tables
SPECS := $(wildcard $(LUTRACE_DIR)../../bpf/spec/*.dot)
$(OBJ)/spec_tables.h: $(LUTRACE_DIR)judge/spec.awk $(SPECS) | $(OBJ)
	awk -f $< $(SPECS) >$@.tmp && mv $@.tmp $@

# The schemas as strings
SCHEMAS := $(patsubst $(LUTRACE_DIR)../../docs/%.schema.json,$(OBJ)/%_schema.h, \
	$(wildcard $(LUTRACE_DIR)../../docs/*.schema.json))
$(OBJ)/%_schema.h: $(LUTRACE_DIR)../../docs/%.schema.json | $(OBJ)
	sed 's/[\\"]/\\&/g; s/.*/"&\\n"/' $< >$@.tmp && mv $@.tmp $@

# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The schema compiler plugin and the C code made with it.

CAPNPC_C := $(B)/capnpc-c
CAPNPC_C_SRC := $(sort $(wildcard tools/capnpc-c/*.cc))
CAPNPC_C_OBJ := $(patsubst %.cc,$(B)/%.o,$(CAPNPC_C_SRC))
CAPOS_SCHEMA := schema/capos.capnp

# The clients are code of user programs.
CFLAGS.schema/generated/capos_client.c := -Iuser/libcapos/include

.PHONY: generate generated-code-check schema-upstream-check

$(B)/tools/capnpc-c/%.o: tools/capnpc-c/%.cc
	@mkdir -p $(@D)
	g++ -std=c++17 -O1 -Wall -Wextra -Wshadow -Werror -MMD -MP -c $< -o $@

$(CAPNPC_C): $(CAPNPC_C_OBJ)
	g++ $^ -lcapnp -lkj -o $@

# $(1): folder that gets the files
capnpc_c = rm -rf $(1) && mkdir -p $(1) && capnp compile -o ./$(CAPNPC_C):$(1) $(CAPOS_SCHEMA)

# A service with interfaces of its own: user/services/NAME/NAME.capnp, generated code in user/services/NAME/generated/.
SERVICE_SCHEMAS := $(wildcard user/services/*/*.capnp)
# $(1): schema of a service, $(2): folder that gets the files
service_capnpc_c = rm -rf $(2) && mkdir -p $(2) && \
	CAPNPC_C_FOLDER=$(dir $(1))generated capnp compile -o ./$(CAPNPC_C):$(2) $(1)

define check_service
	@$(call service_capnpc_c,$(1),$(B)/generated/service)
	diff -r $(B)/generated/service $(dir $(1))generated

endef

# Only files that differ are written, so that nothing is compiled again without need. $(1): fresh files, $(2): folder
update_files = mkdir -p $(2) && for f in $(1)/*; do cmp -s $$f $(2)/$${f\#\#*/} || cp $$f $(2)/; done

define generate_service
	@$(call service_capnpc_c,$(1),$(B)/generated/service)
	@$(call update_files,$(B)/generated/service,$(dir $(1))generated)

endef

generate: $(CAPNPC_C) ## bring schema/generated/ up to date with schema/capos.capnp, and user/services/*/generated/ with theirs
	@$(call capnpc_c,$(B)/generated/first)
	@$(call update_files,$(B)/generated/first,schema/generated)
	$(foreach s,$(SERVICE_SCHEMAS),$(call generate_service,$(s)))

generated-code-check: $(CAPNPC_C) ## compare the generated code with fresh runs of the generator
	@$(call capnpc_c,$(B)/generated/first)
	@$(call capnpc_c,$(B)/generated/second)
	diff -r $(B)/generated/first $(B)/generated/second
	diff -r $(B)/generated/first schema/generated
	$(foreach s,$(SERVICE_SCHEMAS),$(call check_service,$(s)))

schema-upstream-check: $(CAPNPC_C) ## compare the wire facts of the schema with the published one (fetches a crate)
	tests/schema/compare_upstream.sh $(CAPNPC_C)

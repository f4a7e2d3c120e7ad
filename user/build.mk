# SPDX-License-Identifier: MIT OR Apache-2.0
#
# User programs. A program is a folder: user/{init,shell,bench,services/*,examples/*} or a single file user/tests/NAME.c;
# each links the SDK archive, from which the linker takes what it needs.

USER_INCLUDES := -Iuser/libcapos/include
LIBCAPOS_SRC := $(call production,user/libcapos) core/base/bytes.c core/base/text.c \
	$(filter core/capn/% core/manifest/% core/plan/% core/line/%,$(CORE_SRC)) \
	core/cap/facet.c core/drbg/sha256.c $(SCHEMA_SRC) $(SCHEMA_CLIENT_SRC)
LIBCAPOS := $(B)/user/libcapos.a

# The generated code of services with interfaces of their own, for them and for their clients.
# Without their tables of names, which would stand in for those of the system's interfaces.
SERVICE_SRC := $(filter-out %_names.c,$(wildcard user/services/*/generated/*.c))
LIBSERVICES := $(B)/user/libservices.a

$(foreach s,$(shell find user -name '*.c'),$(eval CFLAGS.$(s) += $(USER_INCLUDES)))

$(LIBCAPOS): $(call objects,user-obj,$(LIBCAPOS_SRC))
	@mkdir -p $(@D)
	rm -f $@ && ar rcs $@ $^

$(LIBSERVICES): $(call objects,user-obj,$(SERVICE_SRC))
	@mkdir -p $(@D)
	rm -f $@ && ar rcs $@ $^

# $(1): name, $(2): sources
define user_program
PROGRAMS += $(B)/user/$(1).elf $(B)/user/$(1)
$(B)/user/$(1): $(B)/user/$(1).elf
	objcopy --strip-all $$< $$@
$(B)/user/$(1).elf: $(call objects,user-obj,$(2)) $(LIBSERVICES) $(LIBCAPOS) user/libcapos/program.ld
	$(CC) -static -nostdlib -no-pie -Wl,--build-id=none,--gc-sections,-z,max-page-size=4096,-z,noexecstack \
	  -T user/libcapos/program.ld -o $$@ $$(filter %.o,$$^) $(LIBSERVICES) $(LIBCAPOS)
endef

user_folder = $(eval $(call user_program,$(notdir $(patsubst %/,%,$(1))),$(filter-out %_test.c,$(wildcard $(1)*.c))))
user_file = $(eval $(call user_program,$(basename $(notdir $(1))),$(1)))

$(foreach d,$(sort $(dir $(wildcard $(addsuffix /*.c,user/init user/shell user/bench user/services/* user/examples/*)))),$(call user_folder,$(d)))
$(foreach f,$(wildcard user/tests/*.c),$(call user_file,$(f)))

.PHONY: user
user: $(PROGRAMS) ## build libcapos and every user program

.PHONY: new-service
new-service: ## write a new service, a client and a manifest for both (NAME=name)
	@tools/new-service $(NAME)

RUN_NEEDS += $(B)/user/shell-package.bin
$(B)/user/shell-package.bin: user/manifests/shell.capnp user/manifests/caps.capnp schema/capos.capnp $(PROGRAMS)
	tools/package $< $@

EXTRA.user/libcapos/src/heap_test := user/libcapos/src/sync.c
EXTRA.user/libcapos/src/package_test := user/libcapos/src/arguments.c user/libcapos/src/programs.c
EXTRA.user/libcapos/src/serve_test := $(addprefix user/libcapos/src/,endpoint.c narrow.c client.c status.c)

/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The writers of the plugin: each turns the model into one or two files in the current folder. */
#pragma once

#include "model.h"

#include <sstream>

std::string hex64(uint64_t value); /* 0x and 16 digits */
std::string c_type(const Model &model, const Field &field);
std::string c_struct(const Struct &s); /* struct NAME */

std::string reply_style(const Model &model, const Method &m); /* a value of enum capos_reply_style */

/* The banner every generated file starts with. */
std::string banner(const Model &model, const std::string &what);
void write_file(const std::string &name, const std::string &text);

/* Types that occur as elements of lists. */
std::vector<const Struct *> list_element_structs(const Model &model);
std::vector<const Enum *> list_element_enums(const Model &model);

void print_layout(const Model &model);
void print_codecs(const Model &model);

void emit_types(const Model &model);    /* PREFIX.h */
void emit_decode(const Model &model);   /* PREFIX_decode.c */
void emit_encode(const Model &model);   /* PREFIX_encode.c */
void emit_dispatch(const Model &model); /* PREFIX_dispatch.h, .c */
void emit_client(const Model &model);   /* PREFIX_client.h, .c */
void emit_names(const Model &model);    /* PREFIX_names.h, .c */

#include "emit.h"
void emit_client(const Model &){} void emit_names(const Model &){}

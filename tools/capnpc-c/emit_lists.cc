/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Which types occur as elements of lists, in the order of the model. */
#include "emit.h"

static bool is_element(const Model &model, uint64_t id)
{
    for (const Struct &s : model.structs)
        for (const Field &f : s.fields)
            if (f.type.kind == Kind::List && f.type.element_id == id)
                return true;
    return false;
}

std::vector<const Struct *> list_element_structs(const Model &model)
{
    std::vector<const Struct *> out;
    for (const Struct &s : model.structs)
        if (is_element(model, s.id))
            out.push_back(&s);
    return out;
}

std::vector<const Enum *> list_element_enums(const Model &model)
{
    std::vector<const Enum *> out;
    for (const Enum &e : model.enums)
        if (is_element(model, e.id))
            out.push_back(&e);
    return out;
}

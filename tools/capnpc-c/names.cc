/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Schema names (lowerCamelCase, UpperCamelCase) to C names. */
#include "model.h"

#include <cctype>
#include <set>

static bool is_upper(char c)
{
    return std::isupper(static_cast<unsigned char>(c)) != 0;
}

/* A word starts at a capital after a small letter or digit, and at the last capital of a run ("StdIOStream": std_io_stream). */
static bool starts_word(const std::string &s, size_t i)
{
    if (i == 0 || !is_upper(s[i]))
        return false;
    if (!is_upper(s[i - 1]))
        return true;
    return i + 1 < s.size() && std::islower(static_cast<unsigned char>(s[i + 1])) != 0;
}

std::string snake_case(const std::string &camel)
{
    std::string out;
    for (size_t i = 0; i < camel.size(); i++) {
        if (starts_word(camel, i))
            out += '_';
        out += static_cast<char>(std::tolower(static_cast<unsigned char>(camel[i])));
    }
    return out;
}

std::string upper_case(const std::string &text)
{
    std::string out;
    for (char c : text)
        out += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return out;
}

std::string member_name(const std::string &camel)
{
    static const std::set<std::string> keywords = {
        "auto", "bool", "break", "case", "char", "const", "continue", "default", "do", "double", "else",
        "enum", "extern", "false", "float", "for", "goto", "if", "inline", "int", "long", "register",
        "restrict", "return", "short", "signed", "sizeof", "static", "struct", "switch", "true", "typedef",
        "union", "unsigned", "void", "volatile", "while",
    };
    std::string name = snake_case(camel);
    return keywords.count(name) != 0 ? name + "_" : name;
}

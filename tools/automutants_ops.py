# SPDX-License-Identifier: MIT OR Apache-2.0
"""Mutations of a C file, found by its tokens: mutants(path, text, enumerators) yields each as a Mutant.

The operators, and what a reviewer would call them:

    relation    < and <=, > and >=, == and != for each other; < and >= too
    logic       && for ||; one side of a && or || left out
    condition   an if that is turned round, or that never holds
    not         a ! left out
    arithmetic  + for -, * for +, / for *, % for /; ++ for --, += for -=
    bits        & for |, << for >>, ^ for |; a ~ left out
    constant    a number one more, one less
    statement   a call, an assignment, or a return, break or continue left out
    success     a function that returns at once: nothing, 0 (success), or true
    enumerator  one of an enumeration's names for the next one of it
    order       a weaker memory order

Positions come from a scan that knows comments, literals and preprocessor lines; each mutant is one replacement on the text,
and what does not compile is no mutant. An identity does not depend on line numbers: it is a hash over the file, the function, the
operator, the changed line and which of equal ones it is.
"""
import hashlib
import re

_SCAN = re.compile(r"""
    (?P<skip>//[^\n]*|/\*.*?\*/|\s+|\\\n)
  | (?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
  | (?P<number>0[xX][0-9a-fA-F]+[uUlL]*|[0-9]+[uUlL]*)
  | (?P<word>[A-Za-z_]\w*)
  | (?P<mark><<=|>>=|\.\.\.|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|.)
""", re.DOTALL | re.VERBOSE)
RELATIONS = {"<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"), "==": ("!=",), "!=": ("==",)}
ARITHMETIC = {"+": "-", "-": "+", "*": "+", "/": "*", "%": "/"}
ASSIGNING = {"+=": "-=", "-=": "+=", "++": "--", "--": "++", "|=": "&=", "&=": "|=", "<<=": ">>=", ">>=": "<<="}
BITS = {"&": "|", "|": "&", "^": "|", "<<": ">>", ">>": "<<"}
ORDERS = {"memory_order_acquire", "memory_order_release", "memory_order_acq_rel", "memory_order_seq_cst"}
KEYWORDS = {"return", "case", "if", "while", "for", "switch", "else", "do", "sizeof", "goto", "break", "continue", "default",
            "struct", "enum", "union", "static", "const", "inline", "void", "typedef", "extern", "_Static_assert", "_Noreturn"}
_ENUM = re.compile(r"\benum\s+(?:__attribute__\(\([^)]*\)\)\s*)?(\w+)?\s*\{([^}]*)\}")


class Token:
    __slots__ = ("kind", "text", "start", "end", "line", "spaced")

    def __init__(self, kind, text, start, line, spaced):
        self.kind, self.text, self.start, self.end, self.line, self.spaced = kind, text, start, start + len(text), line, spaced


class Mutant:
    __slots__ = ("path", "function", "line", "operator", "start", "end", "new", "before", "after", "id", "place")

    def apply(self, text):
        return text[:self.start] + self.new + text[self.end:]


def scan(text):
    """Tokens without comments and preprocessor lines (a directive is dropped whole, with its continued lines)."""
    tokens, position, line, spaced = [], 0, 1, True
    while position < len(text):
        line_start = text.rfind("\n", 0, position) + 1
        if text[position] == "#" and not text[line_start:position].strip():
            end = position
            while True:
                end = text.find("\n", end)
                if end < 0 or text[end - 1] != "\\":
                    break
                end += 1
            end = len(text) if end < 0 else end
            line += text.count("\n", position, end)
            position, spaced = end, True
            continue
        match = _SCAN.match(text, position)
        if match.lastgroup == "skip":
            spaced = True
        else:
            tokens.append(Token(match.lastgroup, match[0], position, line, spaced))
            spaced = False
        line += match[0].count("\n")
        position = match.end()
    return tokens


def enumerators_of(texts):
    """{name: the next name of the same enumeration}"""
    following = {}
    for text in texts:
        for _, body in _ENUM.findall(re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)):
            names = re.findall(r"(?:^|,)\s*([A-Za-z_]\w*)", body)
            if len(names) > 1:
                for name, after in zip(names, names[1:] + names[:1]):
                    following.setdefault(name, after)
    return following


class Finder:
    def __init__(self, path, text, following):
        self.path, self.text, self.following, self.tokens = path, text, following, scan(text)
        self.pairs = self.match_brackets()
        self.owner = self.find_functions()
        self.asserted, self.loops = self.find_silent()

    def match_brackets(self):
        pairs, stack = {}, []
        for index, token in enumerate(self.tokens):
            if token.text in ("(", "[", "{") and token.kind == "mark":
                stack.append(index)
            elif token.text in (")", "]", "}") and token.kind == "mark" and stack:
                opened = stack.pop()
                pairs[opened], pairs[index] = index, opened
        return pairs

    def find_functions(self):
        """For each token the function whose body it is in, or None; bodies are kept as [(name, result type, first, last)]."""
        owner, self.bodies, index, begin = [None] * len(self.tokens), [], 0, 0
        while index < len(self.tokens):
            text = self.tokens[index].text
            if text == "{" and index in self.pairs:
                last, previous = self.pairs[index], self.tokens[index - 1]
                if previous.text == ")" and index - 1 in self.pairs:
                    opened = self.pairs[index - 1]
                    name = self.tokens[opened - 1].text
                    result = " ".join(token.text for token in self.tokens[begin:opened - 1])
                    self.bodies.append((name, result, index, last))
                    owner[index + 1:last] = [name] * (last - index - 1)
                index = begin = last
            if text == ";":
                begin = index + 1
            elif text == "}":
                begin = index + 1
            index += 1
        return owner

    def operand(self, index, step):
        """The last token, going by step from a && or || at index, of the operand on that side."""
        stops, position = {"&&", "||", "?", ":", ";", ",", "=", "return", "{", "}"}, index + step
        while 0 <= position < len(self.tokens):
            text = self.tokens[position].text
            if text in stops or (text in ("(", "[") if step < 0 else text in (")", "]")):
                return position - step
            position = self.pairs.get(position, position) if text in ("(", "[", ")", "]") else position
            position += step
        return None

    def is_binary(self, index):
        """Both neighbours stand apart: the tree's style for binary operators, never for * of a pointer or & of an address."""
        token, after, before = self.tokens[index], self.tokens[index + 1], self.tokens[index - 1]
        return token.spaced and after.spaced and (before.kind in ("number", "word") and before.text not in KEYWORDS
                                                  or before.text in (")", "]"))

    def replacements(self):
        """(operator, index of the token that says where, start, end, new text)"""
        for index, token in enumerate(self.tokens[:-1]):
            if index == 0 or index in self.asserted:
                continue
            yield from ((name, index, *rest) for name, *rest in self.at_token(index, token))
        for name, result, first, _ in self.bodies:
            words = result.replace("static", "").replace("inline", "").replace("const", "").split()
            place = self.tokens[first].end
            values = [""] if words == ["void"] else [" false", " true"] if words == ["bool"] else [" 0"]
            for value in values:
                yield "success", first, place, place, f" return{value};"

    def find_silent(self):
        """Indices of tokens in assertions of the compiler, and in the brackets of a for."""
        asserted, loops = set(), set()
        for index, token in enumerate(self.tokens[:-1]):
            if token.text in ("_Static_assert", "for") and index + 1 in self.pairs:
                (loops if token.text == "for" else asserted).update(range(index, self.pairs[index + 1]))
        return asserted, loops

    def at_token(self, index, token):
        text, inside = token.text, self.owner[index] is not None
        if token.kind == "number":
            yield from self.constants(token)
        elif token.kind == "word":
            if text in self.following and inside and self.tokens[index - 1].text != "case":
                yield "enumerator", token.start, token.end, self.following[text]
            elif text in ORDERS:
                yield "order", token.start, token.end, "memory_order_relaxed"
            elif text == "if" and inside and index + 1 in self.pairs:
                close = self.pairs[index + 1]
                condition = self.text[self.tokens[index + 1].end:self.tokens[close].start]
                yield "condition", self.tokens[index + 1].end, self.tokens[close].start, f"!({condition})"
                yield "condition", self.tokens[index + 1].end, self.tokens[close].start, "0"
            if inside:
                yield from self.statements(index)
        elif token.kind == "mark":
            if inside and (text in ("*", "(") or text in ASSIGNING):
                yield from self.statements(index)
            yield from self.marks(index, token)

    @staticmethod
    def constants(token):
        digits = token.text.rstrip("uUlL")
        suffix, value = token.text[len(digits):], int(digits, 16 if digits[:2] in ("0x", "0X") else 8 if digits[0] == "0" else 10)
        for changed in (value + 1, value - 1) if value else (1,):
            yield "constant", token.start, token.end, (hex(changed) if digits[:2] in ("0x", "0X") else str(changed)) + suffix

    def marks(self, index, token):
        text, after = token.text, self.tokens[index + 1]
        if text in RELATIONS and token.spaced:
            for new in RELATIONS[text]:
                yield "relation", token.start, token.end, new
        elif text in ("&&", "||"):
            yield "logic", token.start, token.end, "||" if text == "&&" else "&&"
            for step in (-1, 1):
                far = self.operand(index, step)
                if far is not None and far != index:
                    first, last = sorted((index + step, far))
                    yield "logic", self.tokens[first].start, self.tokens[last].end, "1" if text == "&&" else "0"
        elif text == "!" and not after.spaced:
            yield "not", token.start, token.end, ""
        elif text == "~":
            yield "bits", token.start, token.end, ""
        elif text in ASSIGNING:
            yield "bits" if text[0] in "|&<>" else "arithmetic", token.start, token.end, ASSIGNING[text]
        elif text in ARITHMETIC and self.is_binary(index):
            yield "arithmetic", token.start, token.end, ARITHMETIC[text]
        elif text in BITS and self.is_binary(index):
            yield "bits", token.start, token.end, BITS[text]

    def statements(self, index):
        """A whole statement that begins at index."""
        before, token = self.tokens[index - 1], self.tokens[index]
        if index in self.loops:
            return
        starts = before.text in (";", "{", "}", "else", "do", ":") or (before.text == ")" and self.after_condition(index - 1))
        if not starts or token.text in ("if", "for", "while", "switch", "case", "default", "else", "do", "struct", "enum", "const",
                                        "static", "union", "goto", "_Static_assert"):
            return
        position, jumps = index, token.text in ("return", "break", "continue")
        called = assigned = False
        while position < len(self.tokens) and self.tokens[position].text not in (";", "{", "}"):
            text = self.tokens[position].text
            called |= text == "("
            assigned |= text == "=" or (text in ASSIGNING and text not in ("<", ">"))
            if position > index and text == "=" and self.tokens[position - 1].kind == "word" and position - index >= 2 \
                    and self.tokens[position - 2].kind == "word":
                return      # a declaration: type name = ...
            position = self.pairs[position] + 1 if text in ("(", "[") and position in self.pairs else position + 1
        if position >= len(self.tokens) or self.tokens[position].text != ";" or not (called or assigned or jumps):
            return
        if token.text == "return" and (before.text == ")" or self.tokens[position + 1].text == "}" and self.is_last(position + 1)):
            return          # the condition before it does the same; or nothing would be returned
        yield "statement", token.start, self.tokens[position].start, ""

    def after_condition(self, closing):
        opened = self.pairs.get(closing)
        return opened is not None and self.tokens[opened - 1].text in ("if", "for", "while")

    def is_last(self, index):
        return any(last == index for _, _, _, last in self.bodies)


def mutants(path, text, following):
    finder, seen = Finder(path, text, following), {}
    for operator, index, start, end, new in finder.replacements():
        if text[start:end] == new:
            continue
        mutant = Mutant()
        mutant.path, mutant.operator, mutant.start, mutant.end, mutant.new = path, operator, start, end, new
        mutant.line = text.count("\n", 0, start) + 1
        mutant.function = finder.owner[index] or next((name for name, _, first, _ in finder.bodies if first == index), "")
        line_start = text.rfind("\n", 0, start) + 1
        line_end = text.find("\n", end)
        mutant.before = " ".join(text[line_start:line_end].split())
        mutant.after = " ".join((text[line_start:start] + new + text[end:line_end]).split())
        key = (path, mutant.function, operator, mutant.before, mutant.after)
        mutant.place = seen[key] = seen.get(key, 0) + 1
        mutant.id = hashlib.sha256("\0".join((*key, str(mutant.place))).encode()).hexdigest()[:12]
        yield mutant

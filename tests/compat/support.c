/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What Rust's libraries expect of a program's build: the memory functions, and the two routines of unwinding, which a
 * program that aborts on panic never calls. Linked into upstream programs for the compatibility test; no state.
 */
#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int value, size_t length);
int memcmp(const void *left, const void *right, size_t length);
int bcmp(const void *left, const void *right, size_t length);
void rust_eh_personality(void);
void _Unwind_Resume(void *exception);

void *memcpy(void *restrict to, const void *restrict from, size_t length)
{
	unsigned char *out = to;
	const unsigned char *in = from;

	for (size_t i = 0; i < length; i++)
		out[i] = in[i];
	return to;
}

void *memmove(void *to, const void *from, size_t length)
{
	unsigned char *out = to;
	const unsigned char *in = from;

	if (out < in) {
		for (size_t i = 0; i < length; i++)
			out[i] = in[i];
	} else {
		while (length-- > 0)
			out[length] = in[length];
	}
	return to;
}

void *memset(void *to, int value, size_t length)
{
	unsigned char *out = to;

	for (size_t i = 0; i < length; i++)
		out[i] = (unsigned char)value;
	return to;
}

int memcmp(const void *left, const void *right, size_t length)
{
	const unsigned char *a = left;
	const unsigned char *b = right;

	for (size_t i = 0; i < length; i++) {
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	}
	return 0;
}

int bcmp(const void *left, const void *right, size_t length)
{
	return memcmp(left, right, length);
}

void rust_eh_personality(void)
{
}

void _Unwind_Resume(void *exception)
{
	(void)exception;
	__builtin_trap();
}

/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The smallest programs: one that ends with status 0, and with WAIT defined one that waits for ever. */
	.globl	_start
_start:
#ifdef WAIT
	mov	$34, %eax
#else
	mov	$60, %eax
#endif
	xor	%edi, %edi
	syscall
	.section .note.GNU-stack, "", @progbits

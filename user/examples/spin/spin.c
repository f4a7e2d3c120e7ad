/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Uses a processor and holds nothing; something to look at with `ps` and to end with `kill`. */
int main(void)
{
    for (;;)
        __asm__ volatile("pause");
}

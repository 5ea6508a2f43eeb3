/* One image of data, made with the build, in the program's read-only part: NAME and FILE are given
 * on the command line. */
#ifdef __CET__
#include <cet.h>
#endif
#define JOIN(a, b) a##b
#define END(name)  JOIN(name, _end)

        .section .rodata
        .balign 64
        .globl NAME
        .hidden NAME
        .type NAME, %object
NAME:
        .incbin FILE
        .globl END(NAME)
        .hidden END(NAME)
END(NAME):
        .size NAME, . - NAME
        .byte 0
        .section .note.GNU-stack, "", %progbits

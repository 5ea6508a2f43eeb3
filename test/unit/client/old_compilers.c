/* The public header in C99, without extensions: compiled, and that is the test. */
#include <llmux/llmux.h>

int main(void)
{
    return llmux_version() == 0;
}

/* The public header in C++11: compiled, and that is the test. */
#include <llmux/llmux.h>

int main(void)
{
    return llmux_version() == 0;
}

/*
 * relay_stream_fuzz.c - any bytes as a provider's stream, for any client: what the client gets is
 * events of JSON, the same however the bytes came.
 */
#include "relay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0)
        check_relay(&LANGUAGE, true, data, size);
    return 0;
}

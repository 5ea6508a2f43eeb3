/*
 * keys.h - the keys that credentials were exchanged for, and which call fetches the next one.
 *
 *   age of a key   0 ............ refresh ........ expires
 *                  used as it is   used, while one  one call fetches, the others wait
 *                                  call fetches
 *
 * A failed fetch is not repeated before some time has passed, which doubles with each failure; a
 * key that still holds is used meanwhile. Pure: time and randomness are arguments. One for each
 * thread, and no locks; keys are known by what they were exchanged for, so that they outlive a
 * change of the configuration.
 */
#ifndef LX_CALL_KEYS_H
#define LX_CALL_KEYS_H

#include "call/call.h"

enum lx_key_verdict {
    LX_KEY_USE,    /* .key, until the next call of a function here */
    LX_KEY_FETCH,  /* run the credential, and tell what came of it: nobody else does */
    LX_KEY_WAIT,   /* somebody does: ask again in .wait_ms */
    LX_KEY_FAILED, /* .fault, as the last fetch ended; no other is made yet */
};

struct lx_key_answer {
    enum lx_key_verdict verdict;
    const struct lx_secret *key;
    int64_t wait_ms;
    const struct lx_fault *fault;
};

/* What a call should do for a key of this source. `fetcher` stands for the call; waits: how often
 * it has been told to wait already. */
struct lx_key_answer lx_keys_find(struct lx_keys *k, const struct lx_credential_source *source,
                                  int64_t now_ms, int waits, const void *fetcher);
/* The fetch of `fetcher` brought a key: its bytes are taken, and the secret is empty afterwards. */
void lx_keys_put(struct lx_keys *k, const void *fetcher, struct lx_secret *key, int64_t expires_ms,
                 int64_t now_ms);
/* It failed. random: spreads the next try. */
void lx_keys_fail(struct lx_keys *k, const void *fetcher, const struct lx_fault *fault,
                  int64_t now_ms, uint64_t random);
/* It will not be told what comes of it: another may fetch. */
void lx_keys_drop(struct lx_keys *k, const void *fetcher);
/* The provider refused the key: it is fetched anew, unless it came just now. */
void lx_keys_distrust(struct lx_keys *k, const struct lx_credential_source *source, int64_t now_ms);

#endif

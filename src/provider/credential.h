/*
 * credential.h - credentials that are exchanged for a key before a request can be signed.
 *
 *   source (data, of the configuration) --> run: next() -> SEND or READ --feed--> ... -> DONE: a
 * key
 *                                                                                  `-> FAILED
 *
 * A kind (a service account of Google, a role of AWS, a client of OAuth2, ...) is a const row: the
 * settings it reads, and the first of its steps. A run asks its host for one HTTP exchange or one
 * small file at a time; files are read at each run, because they rotate. It does no I/O, knows no
 * environment, keeps nothing for the next run: call/keys.h does that.
 */
#ifndef LX_PROVIDER_CREDENTIAL_H
#define LX_PROVIDER_CREDENTIAL_H

#include "llm/fault.h"
#include "provider/provider.h"

/* What a kind wants to be told: by the deployment's parameters, else by variables. */
struct lx_credential_setting {
    const char *name;      /* among litellm_params; "" for what only variables say */
    const char *env;       /* variables, the first that is set: "A|B"; or NULL */
    const char *otherwise; /* or NULL */
    bool leads;            /* given among the parameters it wins over keys of the environment */
};

struct lx_credential_run;
struct lx_credential_kind {
    const char *id;
    const char *what;                             /* for texts: "a service account of Google" */
    const struct lx_credential_setting *settings; /* ends with one without a name */
    void (*start)(struct lx_credential_run *r);
    const void *how; /* what several kinds with one start() differ in; or NULL */
    bool takes_key;  /* the deployment's API key is its setting "api_key", and never sent */
};

/* Their ids, for texts. */
#define LX_CREDENTIAL_NAMES \
    "anthropic, aws, azure, databricks, gdch, gigachat, google, ibm, oauth2, oci, sap, snowflake"
/* NULL-terminated; and by id, or NULL. */
extern const struct lx_credential_kind *const lx_credential_kinds[];
const struct lx_credential_kind *lx_credential_kind_find(struct lx_slice id);

enum { LX_CREDENTIAL_SETTINGS = 32 };

/* One credential, as the configuration has it. Immutable once it is made. */
struct lx_credential_source {
    const struct lx_credential_kind *kind;
    struct lx_slice values[LX_CREDENTIAL_SETTINGS]; /* as kind->settings; they point into bytes */
    struct lx_secret bytes;
    struct lx_slice base_url, region;  /* the deployment's */
    struct lx_slice home;              /* the user's folder, for well-known files; or empty */
    unsigned char id[32];              /* SHA-256 of all of it: equal ones share a key */
    struct lx_credential_source *next; /* for the owner's list */
};
/* Copies the values and makes the id. base_url, region and home are borrowed. 0 or LX_ENOMEM. */
int lx_credential_source_init(struct lx_credential_source *s, const struct lx_credential_kind *kind,
                              const struct lx_slice *values, struct lx_slice base_url,
                              struct lx_slice region, struct lx_slice home);
void lx_credential_source_clear(struct lx_credential_source *s); /* NULL-safe */

/* ---- Keys of several parts ---- */

/*
 * What a run ends with is one secret, "SCHEME\nPARTS": whoever holds a key need not know its kind.
 *
 *   aws      access key id, secret, session token, a line each
 *   bearer   the token, or nothing; then headers that go with it, "name: value", a line each
 *   oci      the id of the key, its passphrase, then the private key in PEM
 *
 * A key without line breaks is an API key as it was given.
 */
int lx_aws_key_init(struct lx_secret *key, struct lx_slice access_key_id,
                    struct lx_slice secret_access_key, struct lx_slice session_token);
/* headers: "name: value\n..."; or empty. */
int lx_bearer_key_init(struct lx_secret *key, struct lx_slice token, struct lx_slice headers);
int lx_oci_key_init(struct lx_secret *key, struct lx_slice key_id, struct lx_slice passphrase,
                    struct lx_slice pem);

struct lx_url;
/* The host as it is sent: its port only where it is not the scheme's own. In the arena. */
struct lx_slice lx_signer_host(const struct lx_url *url, struct lx_arena *a);

/* ---- A run ---- */

enum lx_credential_step {
    LX_CREDENTIAL_SEND,   /* send .out, then feed_head, body, and end or failure */
    LX_CREDENTIAL_READ,   /* read the file .path, then feed_file */
    LX_CREDENTIAL_DONE,   /* .key and .expires_s hold */
    LX_CREDENTIAL_FAILED, /* .fault holds; .nothing: nothing was configured at all */
};

enum {
    LX_CREDENTIAL_MAX_BYTES = 1 << 18, /* of a file, of a reply */
    LX_CREDENTIAL_MAX_STEPS = 32,      /* exchanges and files of one run */
    LX_CREDENTIAL_MAX_DOCS = 8,        /* JSON documents among them */
};

struct lx_credential_run {
    const struct lx_credential_source *source;
    int64_t now_s;   /* wall clock at the start */
    uint64_t random; /* for ids that need not be secret */
    struct lx_arena arena;

    /* What is asked for. */
    enum lx_credential_step step;
    struct lx_outgoing out;
    const char *path;
    int64_t connect_ms, total_ms;
    bool guess; /* nobody said that there is one; it is the last place to look */

    /* What came. */
    int code, status; /* 0, or why there is no answer */
    struct lx_buf body;
    char why[256]; /* the network's own words for a failure */

    /* What came of it. */
    struct lx_secret key;
    int64_t expires_s;       /* INT64_MAX: never */
    struct lx_slice project; /* of a cloud, where the credential names one; or empty */
    struct lx_fault fault;
    bool nothing;
    /* A kind's own. */
    void (*then)(struct lx_credential_run *r); /* the step that takes the answer */
    bool ready;                                /* the answer is there */
    void *own;
    int steps;
    struct lx_json_doc docs[LX_CREDENTIAL_MAX_DOCS];
    size_t doc_count;
};

/* The source is borrowed until clear. */
void lx_credential_run_init(struct lx_credential_run *r, const struct lx_credential_source *source,
                            int64_t now_s, uint64_t random);
/* Wipes what is secret. */
void lx_credential_run_clear(struct lx_credential_run *r);
/* What to do now; the same answer until something is fed. */
enum lx_credential_step lx_credential_run_next(struct lx_credential_run *r);
void lx_credential_run_feed_head(struct lx_credential_run *r, int status);
void lx_credential_run_feed_body(struct lx_credential_run *r, struct lx_slice piece);
void lx_credential_run_feed_end(struct lx_credential_run *r);
void lx_credential_run_feed_failure(struct lx_credential_run *r, int code,
                                    const struct lx_error *err);
/* code: 0, or why it could not be read (LX_ENOTFOUND: there is none). */
void lx_credential_run_feed_file(struct lx_credential_run *r, int code, struct lx_slice text);

#endif

/*
 * resume.h - a stream that broke goes on elsewhere: inside of call/ only.
 */
#ifndef LX_CALL_RESUME_H
#define LX_CALL_RESUME_H

#include "catalog/cost.h"
#include "dialect/dialect.h"

/* How another provider may take a broken stream over. */
enum lx_resume_how {
    LX_RESUME_NOT,  /* what it would say cannot be joined to what the client has */
    LX_RESUME_ANEW, /* the client has nothing of the answer: the same request again */
    LX_RESUME_ON,   /* the answer goes on where it stopped */
};

/* What that depends on. */
struct lx_resume_question {
    const struct lx_dialect *front;
    const struct lx_said *said;
    const struct lx_request *request;
    bool bound;            /* the reply is to be kept, or follows what is */
    bool content;          /* the client has got some of the answer */
    enum lx_finish finish; /* the provider has said why the answer ended */
};
enum lx_resume_how lx_resume_decide(const struct lx_resume_question *q);
const char *lx_resume_how_name(enum lx_resume_how how);

/* Of the attempts that broke off; and what the next one is to get. */
struct lx_resume_past {
    struct lx_usage usage;
    struct lx_cost cost;  /* holds where ... */
    bool is_priced;       /* ... all of them have a price */
    struct lx_slice body; /* the client's, and what was said */
    const char *mark;     /* how the target's body says that the answer is to go on; or NULL */
};

/* Of a call. */
struct lx_resume {
    bool holds; /* another could go on with its stream: the request is kept, faults are held back */
    bool active; /* another does, or is sought */
    bool idle;   /* active, and no reply is under way */
    enum lx_resume_how how;
    struct lx_resume_past *past; /* in the arena; NULL: nothing has broken */
};

struct lx_call;
struct lx_deployment;

/* A stream of the call's is about to begin: whether somebody could go on with it. */
void lx_resume_prepare(struct lx_call *c);
/* A stream whose client has got some of it has failed so. True: somebody else may go on; what is to
 * be emitted before that stands in `out`. */
bool lx_resume_break(struct lx_call *c, const struct lx_fault *f);
/* All that stands in the report has been accounted for. */
void lx_resume_keep_bill(struct lx_call *c);
/* Adds what the attempts before have used to the report's usage and cost. */
void lx_resume_add_bill(struct lx_call *c);
/* The body for an attempt at d, in the client's language, is what the call reads from now on. 0, or
 * a code with *f filled. */
int lx_resume_write(struct lx_call *c, const struct lx_deployment *d, struct lx_fault *f);
/* Marks the written request where the target wants a mark. 0 or a code, as above. */
int lx_resume_mark(struct lx_call *c, struct lx_fault *f);

#endif

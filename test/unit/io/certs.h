/*
 * certs.h - for tests: an authority and certificates, made on the spot, as PEM files.
 */
#ifndef TEST_IO_CERTS_H
#define TEST_IO_CERTS_H

/* Valid until certs_remove(). `good` is for good.example, localhost and 127.0.0.1. Each cert_file
 * holds certificate and key. */
struct certs {
    char dir[64];
    char ca[96], good[96], other_host[96], expired[96], stranger[96], client[96];
};

void certs_make(struct certs *c);
void certs_remove(struct certs *c);

#endif

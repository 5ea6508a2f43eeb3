/*
 * certs.c - makes an authority and certificates with libcrypto, for the TLS tests.
 */
#include "certs.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct identity {
    EVP_PKEY *key;
    X509 *cert;
};

static void add_extension(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    assert_non_null(e);
    X509_add_ext(cert, e, -1);
    X509_EXTENSION_free(e);
}

static struct identity make(const char *name, const char *alt_names, const struct identity *issuer,
                            long from_s, long until_s)
{
    static long serial = 1;
    struct identity i = {EVP_EC_gen("P-256"), X509_new()};
    assert_non_null(i.key);
    X509_set_version(i.cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(i.cert), serial++);
    X509_gmtime_adj(X509_getm_notBefore(i.cert), from_s);
    X509_gmtime_adj(X509_getm_notAfter(i.cert), until_s);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(i.cert), "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(i.cert, X509_get_subject_name(issuer ? issuer->cert : i.cert));
    X509_set_pubkey(i.cert, i.key);
    if (alt_names)
        add_extension(i.cert, NID_subject_alt_name, alt_names);
    else
        add_extension(i.cert, NID_basic_constraints, "critical,CA:TRUE");
    assert_true(X509_sign(i.cert, issuer ? issuer->key : i.key, EVP_sha256()) > 0);
    return i;
}

static void drop(struct identity i)
{
    EVP_PKEY_free(i.key);
    X509_free(i.cert);
}

static void save(const struct identity *i, const char *dir, const char *name, char *path)
{
    snprintf(path, 96, "%s/%s.pem", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    PEM_write_X509(f, i->cert);
    PEM_write_PrivateKey(f, i->key, NULL, NULL, 0, NULL, NULL);
    fclose(f);
}

static void make_leaf(struct certs *c, const char *name, const char *alt_names,
                      const struct identity *issuer, long until_s, char *path)
{
    struct identity leaf = make(name, alt_names, issuer, -86400 * 2, until_s);
    save(&leaf, c->dir, name, path);
    drop(leaf);
}

void certs_make(struct certs *c)
{
    const char *base = getenv("TMPDIR");
    snprintf(c->dir, sizeof c->dir, "%s/lx-certs-XXXXXX", base && *base ? base : "/tmp");
    assert_non_null(mkdtemp(c->dir));
    struct identity ca = make("test authority", NULL, NULL, -86400 * 3, 86400);
    struct identity strange = make("strange authority", NULL, NULL, -86400 * 3, 86400);
    save(&ca, c->dir, "ca", c->ca);
    make_leaf(c, "good", "DNS:good.example,DNS:localhost,IP:127.0.0.1", &ca, 86400, c->good);
    make_leaf(c, "other", "DNS:other.example", &ca, 86400, c->other_host);
    make_leaf(c, "expired", "DNS:good.example,IP:127.0.0.1", &ca, -86400, c->expired);
    make_leaf(c, "stranger", "DNS:good.example,IP:127.0.0.1", &strange, 86400, c->stranger);
    make_leaf(c, "client", "DNS:client.example", &ca, 86400, c->client);
    drop(ca);
    drop(strange);
}

void certs_remove(struct certs *c)
{
    unlink(c->ca);
    unlink(c->good);
    unlink(c->other_host);
    unlink(c->expired);
    unlink(c->stranger);
    unlink(c->client);
    rmdir(c->dir);
}

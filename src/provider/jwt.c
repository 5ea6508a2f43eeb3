/*
 * jwt.c - RS256 and ES256, over libcrypto.
 *
 * libcrypto keeps a queue of errors for each thread, and TLS looks into it: whatever fails here
 * leaves it empty.
 */
#include "provider/jwt.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>

#include "base/text.h"

enum { MAX_SIGNATURE = 2048, MAX_DER = 8192, P256_BYTES = 32 };

/* Instead of the terminal, where libcrypto would ask. */
static int give_passphrase(char *to, int room, int writing, void *arg)
{
    const struct lx_slice *s = arg;
    (void)writing;
    if (!s->n || s->n > (size_t)room)
        return -1;
    memcpy(to, s->p, s->n);
    return (int)s->n;
}

static bool is_of(EVP_PKEY *key, int type)
{
    return EVP_PKEY_get_base_id(key) == type &&
           (type != EVP_PKEY_EC || EVP_PKEY_get_bits(key) == 8 * P256_BYTES);
}

/* type: EVP_PKEY_RSA, or EVP_PKEY_EC for the curve P-256. NULL with *err. */
static EVP_PKEY *read_key(const struct lx_pem *pem, int type, struct lx_error *err)
{
    struct lx_slice passphrase = pem->passphrase;
    BIO *bio =
        pem->key.n && pem->key.n < INT32_MAX ? BIO_new_mem_buf(pem->key.p, (int)pem->key.n) : NULL;
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, &passphrase) : NULL;
    if (bio)
        BIO_free(bio);
    ERR_clear_error();
    if (!key) {
        lx_error_set(err, LX_EINVAL, "%s",
                     lx_slice_find(pem->key, LX_S("ENCRYPTED")) >= 0
                         ? "the private key is encrypted, and the passphrase does not open it"
                         : "the private key is no PEM that can be read");
    } else if (!is_of(key, type)) {
        EVP_PKEY_free(key);
        key = NULL;
        lx_error_set(err, LX_EINVAL, "the private key is no %s key",
                     type == EVP_PKEY_RSA ? "RSA" : "EC (P-256)");
    }
    return key;
}

static bool sign(EVP_PKEY *key, struct lx_slice text, unsigned char *out, size_t *n)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok =
        ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
        EVP_DigestSign(ctx, out, n, (const unsigned char *)(text.p ? text.p : ""), text.n) == 1;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return ok;
}

int lx_rs256_sign(const struct lx_pem *pem, struct lx_slice text, struct lx_buf *out,
                  struct lx_error *err)
{
    unsigned char bytes[MAX_SIGNATURE];
    size_t n = sizeof(bytes);
    EVP_PKEY *key = read_key(pem, EVP_PKEY_RSA, err);
    if (!key)
        return LX_EINVAL;
    bool ok = sign(key, text, bytes, &n);
    EVP_PKEY_free(key);
    if (!ok)
        return lx_error_set(err, LX_EINVAL, "the private key does not sign");
    lx_buf_add(out, lx_slice((const char *)bytes, n));
    return out->failed;
}

static void write_base64url(struct lx_buf *out, struct lx_slice bytes)
{
    size_t start = out->n;
    lx_base64_write(out, bytes);
    for (size_t i = start; i < out->n; i++)
        out->p[i] = (char)(out->p[i] == '+' ? '-' : out->p[i] == '/' ? '_' : out->p[i]);
    while (out->n > start && out->p[out->n - 1] == '=')
        out->n--;
}

/* A signature in DER as its two numbers, one behind the other (RFC 7518, 3.4). */
static bool add_numbers(struct lx_buf *out, const unsigned char *der, size_t n)
{
    unsigned char bytes[2 * P256_BYTES];
    ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &der, (long)n);
    bool ok = s && BN_bn2binpad(ECDSA_SIG_get0_r(s), bytes, P256_BYTES) == P256_BYTES &&
              BN_bn2binpad(ECDSA_SIG_get0_s(s), bytes + P256_BYTES, P256_BYTES) == P256_BYTES;
    ECDSA_SIG_free(s);
    ERR_clear_error();
    if (ok)
        lx_buf_add(out, lx_slice((const char *)bytes, sizeof(bytes)));
    return ok;
}

static int es256_sign(const struct lx_pem *pem, struct lx_slice text, struct lx_buf *out,
                      struct lx_error *err)
{
    unsigned char der[MAX_SIGNATURE];
    size_t n = sizeof(der);
    EVP_PKEY *key = read_key(pem, EVP_PKEY_EC, err);
    if (!key)
        return LX_EINVAL;
    bool ok = sign(key, text, der, &n) && add_numbers(out, der, n);
    EVP_PKEY_free(key);
    return ok ? out->failed : lx_error_set(err, LX_EINVAL, "the private key does not sign");
}

static int write_jwt(int (*signer)(const struct lx_pem *, struct lx_slice, struct lx_buf *,
                                   struct lx_error *),
                     const struct lx_pem *pem, struct lx_slice header, struct lx_slice claims,
                     struct lx_buf *out, struct lx_error *err)
{
    struct lx_buf signature;
    size_t start = out->n;
    write_base64url(out, header);
    lx_buf_add_byte(out, '.');
    write_base64url(out, claims);
    if (out->failed)
        return out->failed;
    lx_buf_init(&signature, MAX_SIGNATURE);
    int code = signer(pem, lx_slice(out->p + start, out->n - start), &signature, err);
    if (code == 0) {
        lx_buf_add_byte(out, '.');
        write_base64url(out, lx_buf_slice(&signature));
        code = out->failed;
    }
    lx_buf_clear(&signature);
    return code;
}

int lx_jwt_write(const struct lx_pem *pem, struct lx_slice header, struct lx_slice claims,
                 struct lx_buf *out, struct lx_error *err)
{
    return write_jwt(lx_rs256_sign, pem, header, claims, out, err);
}

int lx_jwt_write_es256(const struct lx_pem *pem, struct lx_slice header, struct lx_slice claims,
                       struct lx_buf *out, struct lx_error *err)
{
    return write_jwt(es256_sign, pem, header, claims, out, err);
}

int lx_public_key_sum(const struct lx_pem *pem, struct lx_buf *out, struct lx_error *err)
{
    unsigned char der[MAX_DER], sum[SHA256_DIGEST_LENGTH], *to = der;
    EVP_PKEY *key = read_key(pem, EVP_PKEY_RSA, err);
    if (!key)
        return LX_EINVAL;
    int n = i2d_PUBKEY(key, NULL);
    bool ok = n > 0 && n <= MAX_DER && i2d_PUBKEY(key, &to) == n && SHA256(der, (size_t)n, sum);
    EVP_PKEY_free(key);
    ERR_clear_error();
    if (!ok)
        return lx_error_set(err, LX_EINVAL, "the private key has no public half");
    lx_base64_write(out, lx_slice((const char *)sum, sizeof(sum)));
    return out->failed;
}

int lx_certificate_sum(struct lx_slice pem, struct lx_buf *out, struct lx_error *err)
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned int n = 0;
    BIO *bio = pem.n && pem.n < INT32_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
    X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    bool ok = certificate && X509_digest(certificate, EVP_sha1(), sum, &n) == 1;
    X509_free(certificate);
    if (bio)
        BIO_free(bio);
    ERR_clear_error();
    if (!ok)
        return lx_error_set(err, LX_EINVAL, "there is no certificate in PEM that can be read");
    write_base64url(out, lx_slice((const char *)sum, n));
    return out->failed;
}

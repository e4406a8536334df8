// libcrypto (digests, HMAC, scrypt, elliptic curves, random bytes), libssl, and wrappers for what OpenSSL defines as macros.
#pragma once
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

/// Ignores session tickets of TLS 1.2, so that a full handshake follows: a resumed TLS 1.2 session has no new key
/// exchange and therefore no forward secrecy.
static inline SSL_TICKET_RETURN lyceum_ticket(
    SSL *ssl, SSL_SESSION *session, const unsigned char *name, size_t length, SSL_TICKET_STATUS status, void *unused) {
    (void)session, (void)name, (void)length, (void)unused;
    switch (status) {
    case SSL_TICKET_SUCCESS: return SSL_version(ssl) >= TLS1_3_VERSION ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_IGNORE;
    case SSL_TICKET_SUCCESS_RENEW:
        return SSL_version(ssl) >= TLS1_3_VERSION ? SSL_TICKET_RETURN_USE_RENEW : SSL_TICKET_RETURN_IGNORE;
    default: return SSL_TICKET_RETURN_IGNORE_RENEW;
    }
}

/// Refuses encrypted keys. Without this callback OpenSSL would ask for the password on the terminal.
static inline int lyceum_no_password(char *buffer, int size, int writing, void *unused) {
    (void)buffer, (void)size, (void)writing, (void)unused;
    return -1;
}

/// The settings of a server context whose functions or values are macros.
static inline int lyceum_server_settings(SSL_CTX *context) {
    // A peer that closes without close_notify is treated as an ordinary end: HTTP delimits its own messages.
    SSL_CTX_set_options(
        context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF
                     | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(
        context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_session_ticket_cb(context, NULL, lyceum_ticket, NULL);
    SSL_CTX_set_default_passwd_cb(context, lyceum_no_password);
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
}

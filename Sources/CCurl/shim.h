// libcurl. Its options and results go through functions with variable arguments, which Swift does not import.
#pragma once
#define CURL_DISABLE_TYPECHECK
#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

typedef size_t (*lyceum_curl_bytes)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode lyceum_curl_number(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode lyceum_curl_size(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode lyceum_curl_text(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode lyceum_curl_context(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode lyceum_curl_list(CURL *handle, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode lyceum_curl_on_bytes(CURL *handle, CURLoption option, lyceum_curl_bytes function) {
    return curl_easy_setopt(handle, option, function);
}
static inline CURLcode lyceum_curl_on_socket(CURL *handle, curl_opensocket_callback function) {
    return curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, function);
}

/// The only protocols that this handle may speak. `mask` is for libcurl before 7.85.
static inline CURLcode lyceum_curl_protocols(CURL *handle, const char *names, long mask) {
#if LIBCURL_VERSION_NUM >= 0x075500
    (void)mask;
    return curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, names);
#else
    (void)names;
    return curl_easy_setopt(handle, CURLOPT_PROTOCOLS, mask);
#endif
}

/// After a timeout, libcurl does not wait for its thread that looks up the name: the thread ends by itself. libcurl
/// before 7.87 waits.
static inline void lyceum_curl_leave_look_ups(CURL *handle) {
#if LIBCURL_VERSION_NUM >= 0x075700
    curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
#else
    (void)handle;
#endif
}

/// The status of the last response, of HTTP or SMTP; 0 if there was none.
static inline long lyceum_curl_status(CURL *handle) {
    long status = 0;
    return curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK ? status : 0;
}

/// The seconds of Retry-After (RFC 9110 section 10.2.3); 0 if there was none.
static inline int64_t lyceum_curl_retry_after(CURL *handle) {
    curl_off_t seconds = 0;
    return curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK ? (int64_t)seconds : 0;
}

/// The address in network byte order: 4 or 16 bytes. Returns their number; 0 for other families.
static inline int lyceum_curl_address(const struct curl_sockaddr *peer, uint8_t bytes[16]) {
    if (peer->family == AF_INET) {
        struct sockaddr_in address;
        memcpy(&address, &peer->addr, sizeof address);
        memcpy(bytes, &address.sin_addr, 4);
        return 4;
    }
    if (peer->family == AF_INET6) {
        struct sockaddr_in6 address;
        // libcurl's buffer is as long as `addrlen` says.
        memcpy(&address, (const char *)peer + offsetof(struct curl_sockaddr, addr), sizeof address);
        memcpy(bytes, &address.sin6_addr, 16);
        return 16;
    }
    return 0;
}

static inline curl_socket_t lyceum_curl_socket(const struct curl_sockaddr *peer) {
    return socket(peer->family, peer->socktype | SOCK_CLOEXEC, peer->protocol);
}

/// An IPv4 address in any form that resolvers accept: with one to four parts, in decimal, octal or hexadecimal. Returns
/// 1 if it is one.
static inline int lyceum_ipv4_literal(const char *text, uint32_t *number) {
    struct in_addr address;
    if (inet_aton(text, &address) == 0) return 0;
    *number = ntohl(address.s_addr);
    return 1;
}

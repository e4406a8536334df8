// epoll, eventfd, and the parts of Glibc that Swift does not import: unions, macros and functions behind _GNU_SOURCE.
// _GNU_SOURCE must not be defined here: two modules would then see two versions of the same header.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

extern int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);
extern long syscall(long number, ...);

static inline int lyceum_errno(void) { return errno; }

/// The only member of the union in `struct epoll_event` that we use.
static inline uint64_t lyceum_epoll_data(const struct epoll_event *event) { return event->data.u64; }
static inline void lyceum_epoll_set(struct epoll_event *event, uint32_t events, uint64_t data) {
    event->events = events;
    event->data.u64 = data;
}

static inline int lyceum_accept(int listener, struct sockaddr_storage *address, socklen_t *length) {
    return accept4(listener, (struct sockaddr *)address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/// The calling thread's name, at most 15 bytes.
static inline void lyceum_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

/// nice(2) of the calling thread alone: on Linux a priority belongs to a thread.
static inline int lyceum_nice_thread(int level) {
    return setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), level);
}

/// Raises the soft limit of open descriptors to the hard limit. Returns the limit now in force, 0 if it is unknown.
static inline uint64_t lyceum_raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    struct rlimit raised = {limit.rlim_max, limit.rlim_max};
    return setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur : limit.rlim_cur;
}

/// Opens a file without a name. Returns -1 and sets errno on failure. If the file system does not support O_TMPFILE,
/// the file has a name until it is unlinked below.
static inline int lyceum_temporary_file(const char *directory) {
    // O_TMPFILE itself is defined only with _GNU_SOURCE.
    int descriptor = open(directory, __O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor >= 0 || (errno != EOPNOTSUPP && errno != EISDIR)) return descriptor;
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/lyceum.XXXXXX", directory) >= (int)sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    descriptor = mkstemp(path);
    if (descriptor < 0) return -1;
    unlink(path);
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    return descriptor;
}

// epoll, eventfd, and the parts of Glibc that Swift does not import: unions, macros and functions behind _GNU_SOURCE.
// _GNU_SOURCE must not be defined here: two modules would then see two versions of the same header.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <spawn.h>
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

/// Starts a program with these three descriptors and no others, in a process group of its own, with no signal blocked
/// or ignored. Returns an error number, 0 on success.
static inline int lyceum_spawn(pid_t *child, const char *program, char *const arguments[], char *const environment[],
                               int input, int output, int errors) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    // The descriptors are above 2, because the server's own three are open.
    posix_spawn_file_actions_adddup2(&actions, input, 0);
    posix_spawn_file_actions_adddup2(&actions, output, 1);
    posix_spawn_file_actions_adddup2(&actions, errors, 2);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    int error = posix_spawn(child, program, &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

/// A descriptor that is readable when the process has ended (Linux 5.3). It is closed on exec.
static inline int lyceum_process_descriptor(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }

/// A pipe whose ends are closed on exec.
static inline int lyceum_pipe(int ends[2]) {
    if (pipe(ends) != 0) return -1;
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    return 0;
}

// Gives two paths each other's file or directory, in one step. The 2 is RENAME_EXCHANGE.
static inline int lyceum_exchange(const char *left, const char *right) {
    return (int)syscall(SYS_renameat2, AT_FDCWD, left, AT_FDCWD, right, 2u);
}

// Returns when everything that the file system of the descriptor has is stored.
static inline int lyceum_sync_file_system(int descriptor) { return (int)syscall(SYS_syncfs, descriptor); }
